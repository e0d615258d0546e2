_base_ = './linear_ntu60.py'
load_from = 'work_dirs/pretrain_ntu60_sttr/epoch_451.pth'
model = dict(backbone=dict(type='STTR'))

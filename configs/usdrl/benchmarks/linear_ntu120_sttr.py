_base_ = './linear_ntu120.py'
load_from = 'work_dirs/pretrain_ntu120_sttr/epoch_451.pth'
model = dict(backbone=dict(type='STTR'))

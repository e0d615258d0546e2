_base_ = './linear_ntu60_xview.py'
load_from = 'work_dirs/pretrain_ntu60_xview_sttr/epoch_451.pth'
model = dict(backbone=dict(type='STTR'))

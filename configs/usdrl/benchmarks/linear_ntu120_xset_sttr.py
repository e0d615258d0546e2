_base_ = './linear_ntu120_xset.py'
load_from = 'work_dirs/pretrain_ntu120_xset_sttr/epoch_451.pth'
model = dict(backbone=dict(type='STTR'))

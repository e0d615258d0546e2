_base_ = './linear_pkummd2.py'
load_from = 'work_dirs/pretrain_pkummd2_sttr/epoch_1201.pth'
model = dict(backbone=dict(type='STTR'))

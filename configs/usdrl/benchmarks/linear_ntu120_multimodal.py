_base_ = './linear_ntu120.py'
load_from = 'work_dirs/pretrain_ntu120_multimodal/epoch_451.pth'
model = dict(backbone=dict(modalities=('joint', 'bone', 'motion')))

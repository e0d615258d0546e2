_base_ = './linear_ntu120_xset.py'
load_from = 'work_dirs/pretrain_ntu120_xset_multimodal/epoch_451.pth'
model = dict(backbone=dict(modalities=('joint', 'bone', 'motion')))

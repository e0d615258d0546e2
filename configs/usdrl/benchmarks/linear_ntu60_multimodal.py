_base_ = './linear_ntu60.py'
load_from = 'work_dirs/pretrain_ntu60_multimodal/epoch_451.pth'
model = dict(backbone=dict(modalities=('joint', 'bone', 'motion')))

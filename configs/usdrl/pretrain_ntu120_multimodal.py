_base_ = './pretrain_ntu120.py'
# The views are then joint, bone, motion and, to which the others are drawn, fused.
model = dict(backbone=dict(modalities=('joint', 'bone', 'motion')))

_base_ = './pretrain_ntu60_xview.py'
# The views are then joint, bone, motion and, to which the others are drawn, fused.
model = dict(backbone=dict(modalities=('joint', 'bone', 'motion')))

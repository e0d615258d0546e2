_base_ = './pretrain_ntu120_xset.py'
model = dict(backbone=dict(type='STTR'))

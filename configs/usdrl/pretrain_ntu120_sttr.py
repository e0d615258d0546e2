_base_ = './pretrain_ntu120.py'
model = dict(backbone=dict(type='STTR'))

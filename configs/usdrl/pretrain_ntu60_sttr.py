_base_ = './pretrain_ntu60.py'
model = dict(backbone=dict(type='STTR'))

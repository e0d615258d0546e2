_base_ = './pretrain_pkummd2.py'
model = dict(backbone=dict(type='STTR'))

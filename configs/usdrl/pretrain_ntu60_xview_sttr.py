_base_ = './pretrain_ntu60_xview.py'
model = dict(backbone=dict(type='STTR'))

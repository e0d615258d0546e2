_base_ = ['./pretrain_synthetic.py', '../_base_/datasets/synthetic_2d.py']
model = dict(backbone=dict(layout='coco', in_channels=2), data_preprocessor=dict(layout='coco'))
train_dataloader = dict(dataset=dict(pipeline=_base_.ragged, ann_file='data/synthetic/synthetic_2d.pkl'))

_base_ = ['./linear_synthetic.py', '../../_base_/datasets/synthetic_2d.py']
ann_file = 'data/synthetic/synthetic_2d.pkl'
model = dict(backbone=dict(layout='coco', in_channels=2))
train_dataloader = dict(dataset=dict(pipeline=_base_.resized, ann_file=ann_file))
val_dataloader = dict(dataset=dict(pipeline=_base_.resized, ann_file=ann_file))
test_dataloader = val_dataloader

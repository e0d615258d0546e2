_base_ = ['../_base_/tasks/pretrain.py', '../_base_/datasets/ntu120_2d.py']
model = dict(backbone=dict(layout='coco'), data_preprocessor=dict(layout='coco'))
train_dataloader = dict(dataset=dict(pipeline=_base_.ragged, **_base_.train_clips))
default_hooks = dict(health=dict(split=_base_.test_clips.split), checkpoint=dict(interval=10))

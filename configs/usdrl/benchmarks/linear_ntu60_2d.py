_base_ = ['../../_base_/tasks/linear.py', '../../_base_/datasets/ntu60_2d.py']
load_from = 'work_dirs/pretrain_ntu60_2d/epoch_451.pth'
model = dict(backbone=dict(layout='coco'))
train_dataloader = dict(dataset=dict(pipeline=_base_.resized, **_base_.train_clips))
val_dataloader = dict(dataset=dict(pipeline=_base_.resized, **_base_.test_clips))
test_dataloader = val_dataloader

_base_ = ['../../_base_/tasks/finetune.py', '../../_base_/datasets/uav_human_v1.py']
load_from = 'work_dirs/pretrain_uav_human_v1/epoch_451.pth'
model = dict(backbone=dict(layout='coco'), cls_head=dict(num_classes=_base_.num_classes))
train_dataloader = dict(dataset=dict(pipeline=_base_.resized, **_base_.train_clips))
val_dataloader = dict(dataset=dict(pipeline=_base_.resized, **_base_.test_clips))
test_dataloader = val_dataloader

_base_ = ['../../_base_/tasks/finetune.py', '../../_base_/datasets/pkummd2.py']
load_from = 'work_dirs/pretrain_ntu60/epoch_451.pth'
model = dict(cls_head=dict(num_classes=_base_.num_classes))
train_dataloader = dict(dataset=_base_.train_clips)
val_dataloader = dict(dataset=_base_.test_clips)
test_dataloader = val_dataloader

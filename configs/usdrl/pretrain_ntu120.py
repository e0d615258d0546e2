_base_ = ['../_base_/tasks/pretrain.py', '../_base_/datasets/ntu120.py']
train_dataloader = dict(dataset=_base_.train_clips)
default_hooks = dict(health=dict(split=_base_.test_clips.split), checkpoint=dict(interval=10))

_base_ = ['../_base_/tasks/pretrain.py', '../_base_/datasets/pkummd2.py']
train_dataloader = dict(batch_size=512, dataset=_base_.train_clips)
default_hooks = dict(health=dict(split=_base_.test_clips.split), checkpoint=dict(interval=10))
train_cfg = dict(max_epochs=1201)
param_scheduler = [dict(type='MultiStepLR', milestones=[801], gamma=0.1)]
auto_scale_lr = dict(base_batch_size=512)

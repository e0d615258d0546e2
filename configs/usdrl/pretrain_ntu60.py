_base_ = '../_base_/tasks/pretrain.py'
train_dataloader = dict(dataset=dict(ann_file='data/skeleton/ntu60_3d.pkl', split='xsub_train'))
default_hooks = dict(checkpoint=dict(interval=10))

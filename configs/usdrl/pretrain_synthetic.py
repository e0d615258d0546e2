_base_ = '../_base_/tasks/pretrain_small.py'
train_dataloader = dict(
    batch_size=64,
    num_workers=0,
    persistent_workers=False,
    dataset=dict(ann_file='data/synthetic/synthetic.pkl', split='xsub_train'),
)
train_cfg = dict(max_epochs=20)
default_hooks = dict(checkpoint=dict(interval=5))

_base_ = '../_base_/tasks/pretrain_small.py'
model = dict(
    data_preprocessor=dict(
        augmentations=[
            dict(type='JointCorruption', prob=0.5, share=0.3, zero_prob=0.5),
            dict(type='Shear', prob=0.5, amplitude=0.4),
            dict(type='Rotate', angle=(0.0, 0.5, 0.0)),
        ],
    ),
)
train_dataloader = dict(
    batch_size=32,
    num_workers=0,
    persistent_workers=False,
    dataset=dict(ann_file='data/synthetic/synthetic.pkl', split='xsub_train'),
)
optim_wrapper = dict(optimizer=dict(lr=5e-4))
train_cfg = dict(max_epochs=80)
param_scheduler = [dict(type='MultiStepLR', milestones=[64], gamma=0.1)]
default_hooks = dict(health=dict(interval=10), checkpoint=dict(interval=10))

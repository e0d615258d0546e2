_base_ = '../_base_/tasks/pretrain.py'
# Milder views than on NTU: a few hundred clips do not make up for views that share little.
model = dict(
    backbone=dict(embed_dims=128),
    head=dict(in_channels=128),
    data_preprocessor=dict(
        crop=dict(ratio=(0.5, 1.0), min_frames=8),
        augmentations=[
            dict(type='JointCorruption', prob=0.5, share=0.3, zero_prob=0.5),
            dict(type='Shear', prob=0.5, amplitude=0.4),
            dict(type='Rotate', angle=(0.0, 0.5, 0.0)),
        ],
    ),
)
train_dataloader = dict(
    batch_size=64,
    num_workers=0,
    persistent_workers=False,
    dataset=dict(ann_file='data/synthetic/synthetic.pkl', split='xsub_train'),
)
train_cfg = dict(max_epochs=40)
param_scheduler = [dict(type='MultiStepLR', milestones=[32], gamma=0.1)]
default_hooks = dict(checkpoint=dict(interval=5), logger=dict(interval=5))

_base_ = ['../_base_/tasks/pretrain.py', '../_base_/datasets/custom.py']
# Small data: views that share more, larger steps on smaller batches, one size for all bodies.
model = dict(
    backbone=dict(
        embed_dims=128,
        layout={{_base_.layout}},
        num_person={{_base_.num_person}},
        in_channels={{_base_.dimensions}},
    ),
    head=dict(in_channels=128),
    data_preprocessor=dict(
        layout={{_base_.layout}},
        crop=dict(ratio=(0.5, 1.0), min_frames=8),
        augmentations=[
            dict(type='JointCorruption', prob=0.5, share=0.3, zero_prob=0.5),
            dict(type='Shear', prob=0.5, amplitude=0.4),
            dict(type='Rotate', angle=(0.0, 0.5, 0.0)),
            dict(type='Scale', amplitude=0.1),
            dict(type='Jitter', std=0.04),
        ],
    ),
)
train_dataloader = dict(
    batch_size=32,
    num_workers=2,
    dataset=dict(pipeline={{_base_.ragged}}, ann_file={{_base_.ann_file}}, split={{_base_.split}}),
)
optim_wrapper = dict(optimizer=dict(lr=1e-3))
train_cfg = dict(max_epochs=100)
param_scheduler = [dict(type='CosineAnnealingLR', by_epoch=True, T_max=100, convert_to_iter_based=True)]
default_hooks = dict(health=dict(split={{_base_.held_out}}), checkpoint=dict(interval=10), logger=dict(interval=5))

# The runner makes of AmpOptimWrapper what runs everywhere: bfloat16, else float16 on a GPU, else float32.
optim_wrapper = dict(
    type='AmpOptimWrapper',
    optimizer=dict(type='AdamW', lr=3e-4, weight_decay=0.05),
    paramwise_cfg=dict(custom_keys=dict(backbone=dict(lr_mult=0.1))),
)
train_cfg = dict(type='ResumableTrainLoop', max_epochs=100, val_interval=10)
param_scheduler = [
    dict(type='LinearLR', start_factor=0.01, end=5, convert_to_iter_based=True),
    dict(type='CosineAnnealingLR', begin=5, convert_to_iter_based=True),
]
auto_scale_lr = dict(enable=False, base_batch_size=512)

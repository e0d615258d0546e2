# The runner makes of AmpOptimWrapper what runs everywhere: bfloat16, else float16 on a GPU, else float32.
optim_wrapper = dict(
    type='AmpOptimWrapper',
    optimizer=dict(type='SGD', lr=0.005, momentum=0.9, weight_decay=0.0),
    paramwise_cfg=dict(custom_keys=dict(backbone=dict(lr_mult=1.0))),
)
train_cfg = dict(type='ResumableTrainLoop', max_epochs=150, val_interval=10)
auto_scale_lr = dict(enable=False, base_batch_size=512)

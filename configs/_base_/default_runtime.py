custom_imports = dict(imports=['usdrl_mmaction'])
default_scope = 'mmaction'
runner_type = 'UsdrlRunner'
default_hooks = dict(
    runtime_info=dict(type='RuntimeInfoHook'),
    epoch_seed=dict(type='EpochSeedHook'),
    timer=dict(type='IterTimerHook'),
    logger=dict(type='LoggerHook', interval=20, ignore_last=False),
    param_scheduler=dict(type='ParamSchedulerHook'),
    checkpoint=dict(type='SafeCheckpointHook', interval=1, max_keep_ckpts=3),
    description=dict(type='DescriptionHook'),
    interrupt=dict(type='InterruptHook'),
    non_finite=dict(type='NonFiniteHook', patience=20),
    labels=dict(type='LabelHook'),
    transfer=dict(type='TransferHook'),
    sampler_seed=dict(type='DistSamplerSeedHook'),
    sync_buffers=dict(type='SyncBuffersHook'),
)
env_cfg = dict(mp_cfg=dict(mp_start_method='fork', opencv_num_threads=0), dist_cfg=dict(backend='nccl'))
log_processor = dict(type='LogProcessor', window_size=20, by_epoch=True)
visualizer = dict(type='ActionVisualizer', vis_backends=[dict(type='LocalVisBackend')])
log_level = 'INFO'
load_from = None
resume = False

optim_wrapper = dict(
    type='MixedPrecisionOptimWrapper', optimizer=dict(type='Adam', lr=5e-4, weight_decay=1e-5, fused=True)
)
train_cfg = dict(type='ResumableTrainLoop', max_epochs=451)
param_scheduler = [dict(type='MultiStepLR', milestones=[351], gamma=0.1)]
auto_scale_lr = dict(enable=False, base_batch_size=356)

# The runner makes of AmpOptimWrapper what runs everywhere: bfloat16, else float16 on a GPU, else float32.
optim_wrapper = dict(type='AmpOptimWrapper', optimizer=dict(type='Adam', lr=5e-4, weight_decay=1e-5, fused=True))
train_cfg = dict(type='ResumableTrainLoop', max_epochs=451)
param_scheduler = [dict(type='MultiStepLR', milestones=[351], gamma=0.1)]
auto_scale_lr = dict(enable=False, base_batch_size=356)

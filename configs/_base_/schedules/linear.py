# The papers' protocol. It converges on features of the papers' scale; tasks/ridge.py does so on any.
optim_wrapper = dict(type='OptimWrapper', optimizer=dict(type='SGD', lr=0.006, momentum=0.9, weight_decay=0.0))
train_cfg = dict(type='ResumableTrainLoop', max_epochs=150, val_interval=10)
param_scheduler = [dict(type='MultiStepLR', milestones=[120, 140], gamma=0.1)]
auto_scale_lr = dict(enable=False, base_batch_size=512)

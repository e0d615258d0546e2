_base_ = [
    '../_base_/default_runtime.py',
    '../_base_/models/mpct_body.py',
    '../_base_/datasets/corpus.py',
    '../_base_/schedules/pretrain_small.py',
]
optim_wrapper = dict(optimizer=dict(lr=2e-3))
train_cfg = dict(max_epochs=6)
default_hooks = dict(
    health=dict(type='EmbeddingHealthHook', split='val', interval=1),
    checkpoint=dict(interval=1),
    logger=dict(interval=20),
    whitening=dict(type='WhiteningHook'),
)

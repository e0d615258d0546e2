_base_ = [
    '../default_runtime.py',
    '../models/mpct_small.py',
    '../datasets/pretrain_3d.py',
    '../schedules/pretrain_small.py',
]
default_hooks = dict(health=dict(type='EmbeddingHealthHook', split='xsub_val', interval=5), logger=dict(interval=5))

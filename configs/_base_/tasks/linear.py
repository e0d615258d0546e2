_base_ = [
    '../default_runtime.py',
    '../models/frozen_dste.py',
    '../datasets/recognition_3d.py',
    '../schedules/linear.py',
]
custom_hooks = [dict(type='FeatureCacheHook')]
default_hooks = dict(checkpoint=dict(interval=50))

_base_ = [
    '../default_runtime.py',
    '../models/frozen_dste.py',
    '../datasets/recognition_3d.py',
    '../schedules/ridge.py',
]
model = dict(cls_head=dict(pooling=('max', 'mean', 'std', 'parts')))

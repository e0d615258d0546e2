_base_ = [
    '../default_runtime.py',
    '../models/finetuned_dste.py',
    '../datasets/recognition_3d.py',
    '../schedules/finetune.py',
]
default_hooks = dict(checkpoint=dict(interval=10))

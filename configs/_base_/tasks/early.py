_base_ = [
    '../default_runtime.py',
    '../models/early_dste.py',
    '../datasets/recognition_3d.py',
    '../schedules/finetune.py',
]
val_evaluator = dict(_delete_=True, type='EarlyPredictionMetric')
test_evaluator = val_evaluator
default_hooks = dict(checkpoint=dict(interval=10))

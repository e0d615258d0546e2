_base_ = [
    '../default_runtime.py',
    '../models/frame_localizer.py',
    '../datasets/untrimmed_3d.py',
    '../schedules/detection.py',
]
val_evaluator = dict(type='DetectionMetric', num_classes=51, mode='pku', thetas=(0.1, 0.3, 0.5, 0.7))
test_evaluator = val_evaluator
default_hooks = dict(checkpoint=dict(interval=10))

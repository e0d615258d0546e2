_base_ = [
    '../default_runtime.py',
    '../models/frame_localizer.py',
    '../datasets/untrimmed_3d.py',
    '../schedules/finetune.py',
]
model = dict(head=dict(smoothing=0.15))
val_evaluator = dict(type='SegmentationMetric')
test_evaluator = val_evaluator
default_hooks = dict(checkpoint=dict(interval=10))

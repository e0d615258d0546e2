_base_ = 'detect_custom.py'
val_evaluator = dict(_delete_=True, type='SegmentationMetric', change_cost=8)
test_evaluator = val_evaluator

_base_ = 'detect_pkummd1.py'
model = dict(head=dict(boundaries=True))
val_evaluator = dict(proposals=dict(change_cost=4))
test_evaluator = val_evaluator

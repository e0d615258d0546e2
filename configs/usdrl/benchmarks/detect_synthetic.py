_base_ = '../../_base_/tasks/detection_small.py'
ann_file = 'data/synthetic/synthetic_untrimmed.pkl'
model = dict(backbone=dict(embed_dims=128), head=dict(num_classes=18, in_channels=128))
train_dataloader = dict(batch_size=16, num_workers=0, dataset=dict(ann_file=ann_file, split='xsub_train'))
val_dataloader = dict(batch_size=64, num_workers=0, dataset=dict(ann_file=ann_file, split='xsub_val'))
test_dataloader = val_dataloader
val_evaluator = dict(num_classes=18)
test_evaluator = val_evaluator
train_cfg = dict(max_epochs=18, val_interval=18)

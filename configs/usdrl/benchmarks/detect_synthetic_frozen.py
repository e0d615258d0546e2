_base_ = '../../_base_/tasks/ridge_frames.py'
# A classifier of frames on the frozen encoder, fitted in a minute to windows that cover the videos.
ann_file = 'data/synthetic/synthetic_untrimmed.pkl'
model = dict(backbone=dict(embed_dims=128), head=dict(num_classes=18, in_channels=128))
covering = dict(ann_file=ann_file, test_mode=True, stride=10)
train_dataloader = dict(batch_size=64, num_workers=0, dataset=dict(split='xsub_train', **covering))
val_dataloader = dict(batch_size=64, num_workers=0, dataset=dict(split='xsub_val', **covering))
test_dataloader = val_dataloader
val_evaluator = dict(type='DetectionMetric', num_classes=18, mode='both', proposals=dict(change_cost=8))
test_evaluator = val_evaluator

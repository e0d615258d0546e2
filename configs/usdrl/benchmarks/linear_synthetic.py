_base_ = '../../_base_/tasks/ridge.py'
ann_file = 'data/synthetic/synthetic.pkl'
model = dict(backbone=dict(embed_dims=128), cls_head=dict(in_channels=128, num_classes=18))
train_dataloader = dict(batch_size=64, num_workers=0, dataset=dict(ann_file=ann_file, split='xsub_train'))
val_dataloader = dict(batch_size=64, num_workers=0, dataset=dict(ann_file=ann_file, split='xsub_val'))
test_dataloader = val_dataloader

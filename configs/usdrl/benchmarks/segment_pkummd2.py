_base_ = '../../_base_/tasks/segmentation.py'
load_from = 'work_dirs/pretrain_ntu60/epoch_451.pth'
ann_file = 'data/skeleton/pkummd2_untrimmed.pkl'
train_dataloader = dict(dataset=dict(ann_file=ann_file, split='xsub_train'))
val_dataloader = dict(dataset=dict(ann_file=ann_file, split='xsub_val'))
test_dataloader = val_dataloader

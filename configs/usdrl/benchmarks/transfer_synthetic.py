_base_ = './finetune_synthetic.py'
# Other people than those of pretraining, and a quarter of the clips.
ann_file = 'data/synthetic/synthetic_other.pkl'
train_dataloader = dict(dataset=dict(ann_file=ann_file))
val_dataloader = dict(dataset=dict(ann_file=ann_file))
test_dataloader = val_dataloader

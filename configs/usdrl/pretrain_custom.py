_base_ = ['../_base_/tasks/pretrain_small.py', '../_base_/datasets/custom.py']
model = dict(
    backbone=dict(layout={{_base_.layout}}, num_person={{_base_.num_person}}, in_channels={{_base_.dimensions}}),
    data_preprocessor=dict(layout={{_base_.layout}}),
)
train_dataloader = dict(
    batch_size=32,
    num_workers=2,
    dataset=dict(pipeline={{_base_.ragged}}, ann_file={{_base_.ann_file}}, split={{_base_.split}}),
)
default_hooks = dict(health=dict(split={{_base_.held_out}}), checkpoint=dict(interval=10))

_base_ = ['../_base_/tasks/pretrain_small.py', '../_base_/datasets/custom.py']
load_from = 'usdrl://body'  # the encoder in the package; None: from nothing
model = dict(backbone=_base_.encoder, data_preprocessor=dict(layout='$encoder_layout'))
train_dataloader = dict(batch_size=32, num_workers=2, dataset=dict(pipeline=_base_.ragged, **_base_.train_clips))
default_hooks = dict(health=dict(split='$held_out'), checkpoint=dict(interval=10), whitening=dict(type='WhiteningHook'))

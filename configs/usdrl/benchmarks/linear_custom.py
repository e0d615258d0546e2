_base_ = ['../../_base_/tasks/ridge.py', '../../_base_/datasets/custom.py']
load_from = 'usdrl://body'  # the encoder in the package; None: from nothing
model = dict(
    backbone=_base_.encoder,
    cls_head=dict(in_channels=128, num_classes='$num_classes'),
)
train_dataloader = dict(batch_size=64, dataset=dict(pipeline=_base_.resized, **_base_.train_clips))
val_dataloader = dict(batch_size=64, dataset=dict(pipeline=_base_.resized, **_base_.test_clips))
test_dataloader = val_dataloader

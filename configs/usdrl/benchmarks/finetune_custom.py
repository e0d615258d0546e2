_base_ = ['../../_base_/tasks/finetune.py', '../../_base_/datasets/custom.py']
load_from = 'usdrl://body'  # the encoder in the package; None: from nothing
# With load_from=None this is supervised training of DSTE from nothing.
model = dict(
    backbone=_base_.encoder,
    cls_head=dict(in_channels=128, num_classes='$num_classes'),
)
train_dataloader = dict(batch_size=32, num_workers=0, dataset=dict(pipeline=_base_.resized, **_base_.train_clips))
val_dataloader = dict(batch_size=64, num_workers=0, dataset=dict(pipeline=_base_.resized, **_base_.test_clips))
test_dataloader = val_dataloader
optim_wrapper = dict(optimizer=dict(lr=3e-3), paramwise_cfg=dict(custom_keys=dict(backbone=dict(lr_mult=0.3))))
train_cfg = dict(max_epochs=40)

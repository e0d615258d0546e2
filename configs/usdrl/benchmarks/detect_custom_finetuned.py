_base_ = ['../../_base_/tasks/detection_small.py', '../../_base_/datasets/custom_videos.py']
load_from = 'usdrl://body'  # the encoder in the package; None: from nothing
model = dict(
    backbone=_base_.encoder,
    head=dict(in_channels=128, num_classes='$num_classes', boundaries=True),
    window='$window',
)
train_dataloader = dict(batch_size=32, num_workers=0, dataset=_base_.train_windows)
val_dataloader = dict(batch_size=64, num_workers=0, dataset=_base_.test_windows)
test_dataloader = val_dataloader
val_evaluator = dict(
    num_classes='$num_classes', mode='both', thetas=(0.5, 0.3, 0.1, 0.7), proposals=dict(change_cost=8)
)
test_evaluator = val_evaluator
train_cfg = dict(max_epochs=40, val_interval=40)

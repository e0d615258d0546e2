_base_ = ['../../_base_/tasks/linear.py', '../../_base_/datasets/ntu60_xview.py']
load_from = 'work_dirs/pretrain_ntu60_xview/epoch_451.pth'
train_dataloader = dict(dataset=_base_.train_clips)
val_dataloader = dict(dataset=_base_.test_clips)
test_dataloader = val_dataloader
optim_wrapper = dict(optimizer=dict(lr=0.03))

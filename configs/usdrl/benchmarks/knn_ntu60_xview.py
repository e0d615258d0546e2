_base_ = ['../../_base_/tasks/knn.py', '../../_base_/datasets/ntu60_xview.py']
load_from = 'work_dirs/pretrain_ntu60_xview/epoch_451.pth'
test_dataloader = dict(dataset=_base_.test_clips)
test_cfg = dict(gallery=dict(dataset=_base_.train_clips))

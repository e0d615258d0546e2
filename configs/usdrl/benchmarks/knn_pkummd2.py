_base_ = ['../../_base_/tasks/knn.py', '../../_base_/datasets/pkummd2.py']
load_from = 'work_dirs/pretrain_pkummd2/epoch_1201.pth'
test_dataloader = dict(dataset=_base_.test_clips)
test_cfg = dict(gallery=dict(dataset=_base_.train_clips))

_base_ = './uav_human_v1.py'
train_clips = dict(split='v2_train')
test_clips = dict(split='v2_val')

_base_ = './ntu120.py'
train_clips = dict(split='xset_train')
test_clips = dict(split='xset_val')

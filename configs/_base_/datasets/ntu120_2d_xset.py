_base_ = './ntu120_2d.py'
train_clips = dict(split='xset_train')
test_clips = dict(split='xset_val')

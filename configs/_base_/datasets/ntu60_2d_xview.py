_base_ = './ntu60_2d.py'
train_clips = dict(split='xview_train')
test_clips = dict(split='xview_val')

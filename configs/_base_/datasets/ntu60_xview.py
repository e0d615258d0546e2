_base_ = './ntu60.py'
train_clips = dict(split='xview_train')
test_clips = dict(split='xview_val')

_base_ = './pose_2d.py'
# NTU RGB+D 120 by subjects, poses found in the colour images
ann_file = 'data/skeleton/ntu120_2d.pkl'
train_clips = dict(ann_file=ann_file, split='xsub_train')
test_clips = dict(ann_file=ann_file, split='xsub_val')
num_classes = 120

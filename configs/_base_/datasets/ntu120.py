# NTU RGB+D 120 by subjects
ann_file = 'data/skeleton/ntu120_3d.pkl'
train_clips = dict(ann_file=ann_file, split='xsub_train')
test_clips = dict(ann_file=ann_file, split='xsub_val')
num_classes = 120

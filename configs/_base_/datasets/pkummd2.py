# The actions of PKU-MMD II, cut out, by subjects
ann_file = 'data/skeleton/pkummd2.pkl'
train_clips = dict(ann_file=ann_file, split='xsub_train')
test_clips = dict(ann_file=ann_file, split='xsub_val')
num_classes = 51

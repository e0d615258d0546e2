# Synthetic people by subjects
ann_file = 'data/synthetic/synthetic.pkl'
train_clips = dict(ann_file=ann_file, split='xsub_train')
test_clips = dict(ann_file=ann_file, split='xsub_val')
num_classes = 18

_base_ = './pose_uav.py'
# UAV-Human, version 1
ann_file = 'data/skeleton/uav_human.pkl'
train_clips = dict(ann_file=ann_file, split='v1_train')
test_clips = dict(ann_file=ann_file, split='v1_val')
num_classes = 155

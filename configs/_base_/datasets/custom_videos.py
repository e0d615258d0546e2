_base_ = 'custom.py'
# Windows of whole videos, as long as the segments, resized to the encoder's 64 frames.
window = None  # frames of a window; None: the median duration of the segments
facts = ('frame_dir', 'video', 'start', 'num_frames', 'segments')
windows = [
    *_base_.resized[:4],
    dict(type='PackActionInputs', algorithm_keys=('frame_labels',), meta_keys=facts),
]
untrimmed = dict(_delete_=True, type='UntrimmedPoseDataset', window='$window', pipeline=windows)
train_windows = dict(**untrimmed, **_base_.train_clips)  # at random around segments
covering_windows = dict(test_mode=True, stride='$stride', **untrimmed, **_base_.train_clips)
test_windows = dict(test_mode=True, stride='$stride', **untrimmed, **_base_.test_clips)

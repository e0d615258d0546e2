# Windows of 64 frames over whole videos, with a label a frame; a window is normalised like a clip.
meta_keys = ('frame_dir', 'video', 'start', 'num_frames', 'segments')
pipeline = [
    dict(type='PoseDecode'),
    dict(type='NormalizeSkeleton'),
    dict(type='FormatGCNInput', num_person=2),
    dict(type='PackActionInputs', algorithm_keys=('frame_labels',), meta_keys=meta_keys),
]
train_dataloader = dict(
    batch_size=512,
    num_workers=8,
    sampler=dict(type='DefaultSampler', shuffle=True),
    dataset=dict(type='UntrimmedPoseDataset', pipeline=pipeline, background=0.25),
)
val_dataloader = dict(
    batch_size=512,
    num_workers=8,
    sampler=dict(type='DefaultSampler', shuffle=False),
    dataset=dict(type='UntrimmedPoseDataset', pipeline=pipeline, stride=32, test_mode=True),
)
test_dataloader = val_dataloader
val_cfg = dict(type='ValLoop')
test_cfg = dict(type='TestLoop')

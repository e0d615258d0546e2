# 17 joints of COCO in pixels; their scores are the third channel.
ragged = [
    dict(type='PoseDecode'),
    dict(type='NormalizeSkeleton2D'),
    dict(type='FormatGCNInput', num_person=2),
    dict(type='PackActionInputs', meta_keys=('frame_dir',)),
]
resized = [*ragged[:2], dict(type='ResizeFrames', num_frames=64), *ragged[2:]]

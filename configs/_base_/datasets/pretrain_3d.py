# Clips of any length: they are decoded and normalised here, and become views by the batch.
train_pipeline = [
    dict(type='PoseDecode'),
    dict(type='NormalizeSkeleton'),
    dict(type='FormatGCNInput', num_person=2),
    dict(type='PackActionInputs', meta_keys=('frame_dir',)),
]
train_dataloader = dict(
    batch_size=356,
    num_workers=8,
    persistent_workers=True,
    drop_last=True,
    sampler=dict(type='DefaultSampler', shuffle=True),
    dataset=dict(type='SkeletonDataset', pipeline=train_pipeline),
)

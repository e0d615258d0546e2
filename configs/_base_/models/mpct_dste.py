model = dict(
    type='MPCT',
    backbone=dict(type='DSTE', embed_dims=1024),
    head=dict(type='DecorrelationHead', in_channels=1024, domains=dict(instance=1.0, temporal=0.5, spatial=0.5)),
    data_preprocessor=dict(
        type='MultiViewPreprocessor',
        crop=dict(type='CropResize', num_frames=64, ratio=(0.1, 1.0), min_frames=64),
        augmentations=[
            dict(type='JointCorruption', prob=0.5, share=0.6, zero_prob=0.5),
            dict(type='Shear', prob=0.5, amplitude=1.0),
        ],
    ),
)

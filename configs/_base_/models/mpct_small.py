# For hundreds of clips rather than tens of thousands: a narrow encoder, and views that share more of a clip.
model = dict(
    type='MPCT',
    backbone=dict(type='DSTE', embed_dims=128),
    head=dict(type='DecorrelationHead', in_channels=128, domains=dict(instance=1.0, temporal=0.5, spatial=0.5)),
    data_preprocessor=dict(
        type='MultiViewPreprocessor',
        crop=dict(type='CropResize', num_frames=64, ratio=(0.5, 1.0), min_frames=8),
        augmentations=[
            dict(type='JointCorruption', prob=0.5, share=0.2, zero_prob=0.5),
            dict(type='Shear', prob=0.5, amplitude=0.4),
            dict(type='Rotate', prob=1.0, angle=(0.0, 0.5, 0.0)),
            dict(type='Scale', prob=0.5, amplitude=0.2),
            dict(type='Jitter', prob=0.5, std=0.02),
        ],
    ),
)

# Views of a clip of the body: what may differ between two recordings of one movement.
model = dict(
    type='MPCT',
    backbone=dict(type='DSTE', layout='body', num_person=2, embed_dims=128, num_layers=1, whiten=True),
    head=dict(
        type='DecorrelationHead', in_channels=128, consistency_weight=1.0, variance_weight=4.0, cross_weight=5e-3
    ),
    data_preprocessor=dict(
        type='MultiViewPreprocessor',
        layout='body',
        crop=dict(type='CropResize', num_frames=64, ratio=(0.6, 1.0), min_frames=8),
        augmentations=[
            dict(type='SensorJoints', prob=0.4),
            dict(type='Proportions', amplitude=0.1),
            dict(type='Camera', flat=0.3, mixed=0.1, turn=0.25, tilt=0.12),
            dict(type='SensorNoise', white=0.04, slow=0.05),
            dict(type='Occlusion', prob=0.1),
            dict(type='SwapSides', prob=0.1),
            dict(type='FrameRate', prob=0.3, fewest=10),
            dict(type='SwapPeople', prob=0.5),
            dict(type='BodyFrame'),
        ],
    ),
)

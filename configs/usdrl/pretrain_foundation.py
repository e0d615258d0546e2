# The encoder in the package: usdrl corpus writes its motion. What may differ between recordings of one movement:
_base_ = '../_base_/tasks/pretrain_small.py'
model = dict(
    backbone=dict(layout='body', num_person=2, embed_dims=128),
    data_preprocessor=dict(
        layout='body',
        augmentations=[
            dict(type='SensorJoints', prob=0.5),
            dict(type='Proportions', amplitude=0.12),
            dict(type='Camera', flat=0.4, turn=0.5, tilt=0.2),
            dict(type='SensorNoise', white=0.04, slow=0.06),
            dict(type='Occlusion', prob=0.15),
            dict(type='SwapSides', prob=0.15),
            dict(type='FrameRate', prob=0.4, fewest=10),
            dict(type='SwapPeople', prob=0.5),
            dict(type='BodyFrame'),
        ],
    ),
)
clips = [
    dict(type='PoseDecode'),
    dict(type='ToBody', layout='body', frame=False),
    dict(type='FormatGCNInput', num_person=2),
    dict(type='PackActionInputs', meta_keys=('frame_dir',)),
]
train_dataloader = dict(
    batch_size=64, num_workers=1, dataset=dict(ann_file='data/motion/corpus.pkl', split='train', pipeline=clips)
)
train_cfg = dict(max_epochs=12)
default_hooks = dict(health=dict(split='val', interval=1), checkpoint=dict(interval=1))

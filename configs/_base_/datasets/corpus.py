# Recorded and generated motion, as usdrl corpus writes it.
_base_ = './pretrain_3d.py'
train_pipeline = [
    dict(type='PoseDecode'),
    dict(type='ToBody', layout='body', frame=False),
    dict(type='FormatGCNInput', num_person=2),
    dict(type='PackActionInputs', meta_keys=('frame_dir',)),
]
train_dataloader = dict(
    batch_size=64,
    num_workers=1,
    dataset=dict(ann_file='data/motion/corpus.pkl', split='train', pipeline=train_pipeline),
)

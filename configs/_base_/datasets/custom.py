# Your own data: --cfg-options ann_file=my.pkl. The runner puts each setting where its name stands after a $.
ann_file = 'my.pkl'
split = 'train'
held_out = 'val'
# Clips of any body layout, in 3D or 2D, become those of the foundation encoder. False: they stay as they are.
body = True
turn = False  # with body=False, True where cameras look from several sides: shoulders then lie along x
# None: as the annotation file says
layout = None  # a name or a JSON file
dimensions = None
num_person = None
num_classes = None
encoder_size = dict(embed_dims=128, num_layers=1, whiten=True)  # of the foundation encoder
encoder = dict(layout='$encoder_layout', num_person='$encoder_persons', in_channels='$encoder_channels', **encoder_size)
train_clips = dict(ann_file='$ann_file', split='$split', metainfo='$metainfo')
test_clips = dict(ann_file='$ann_file', split='$held_out', metainfo='$metainfo')
ragged = [
    dict(type='PoseDecode'),
    '$prepare',
    dict(type='FormatGCNInput', num_person='$encoder_persons'),
    dict(type='PackActionInputs', meta_keys=('frame_dir',)),
]
resized = [*ragged[:2], dict(type='ResizeFrames', num_frames=64), *ragged[2:]]

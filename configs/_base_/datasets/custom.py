# Your own data: --cfg-options ann_file=my.pkl. The runner puts each setting where its name stands after a $.
ann_file = 'my.pkl'
split = 'train'
held_out = 'val'
turn = False  # True where cameras look from several sides: shoulders then lie along x
# None: as the annotation file says
layout = None  # a name or a JSON file
dimensions = None
num_person = None
num_classes = None
encoder = dict(layout='$layout', num_person='$num_person', in_channels='$dimensions')
train_clips = dict(ann_file='$ann_file', split='$split', metainfo='$metainfo')
test_clips = dict(ann_file='$ann_file', split='$held_out', metainfo='$metainfo')
ragged = [
    dict(type='PoseDecode'),
    '$normalize',
    dict(type='FormatGCNInput', num_person='$num_person'),
    dict(type='PackActionInputs', meta_keys=('frame_dir',)),
]
resized = [*ragged[:2], dict(type='ResizeFrames', num_frames=64), *ragged[2:]]

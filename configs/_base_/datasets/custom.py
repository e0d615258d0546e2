# One's own data: --cfg-options ann_file=my.pkl layout=coco dimensions=2 num_person=1
ann_file = '{{$USDRL_ANN_FILE:my.pkl}}'
layout = '{{$USDRL_LAYOUT:kinect_v1}}'  # a name or a JSON file
dimensions = int('{{$USDRL_DIMENSIONS:3}}')  # 2 for pixels
num_person = int('{{$USDRL_NUM_PERSON:1}}')
turn = '{{$USDRL_TURN:no}}'  # yes where cameras look from several sides: shoulders then lie along x
split = '{{$USDRL_SPLIT:train}}'
held_out = '{{$USDRL_HELD_OUT:val}}'
normalize = {
    2: dict(type='NormalizeSkeleton2D', layout=layout, score=False),
    3: dict(type='NormalizeSkeleton', layout=layout, turn={'no': False, 'yes': True}[turn], scale=True),
}[dimensions]
ragged = [
    dict(type='PoseDecode'),
    normalize,
    dict(type='FormatGCNInput', num_person=num_person),
    dict(type='PackActionInputs', meta_keys=('frame_dir',)),
]
resized = [*ragged[:2], dict(type='ResizeFrames', num_frames=64), *ragged[2:]]

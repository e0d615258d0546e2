_base_ = './pose_2d.py'
# 17 joints of COCO with three coordinates. Drones fly near and far: people are brought to one size.
ragged = [_base_.ragged[0], dict(type='NormalizeSkeleton', layout='coco', scale=True), *_base_.ragged[2:]]
resized = [*ragged[:2], *_base_.resized[2:]]

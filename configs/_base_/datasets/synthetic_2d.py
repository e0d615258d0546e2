_base_ = './pose_2d.py'
# Made-up people in pictures; turns and scales of views are for coordinates, so that scores are left out.
ragged = [_base_.ragged[0], dict(type='NormalizeSkeleton2D', score=False), *_base_.ragged[2:]]
resized = [*ragged[:2], *_base_.resized[2:]]

_base_ = './pose_2d.py'
# Synthetic people in pixels. Scores are left out: views turn and scale all channels alike.
ragged = [_base_.ragged[0], dict(type='NormalizeSkeleton2D', score=False), *_base_.ragged[2:]]
resized = [*ragged[:2], *_base_.resized[2:]]

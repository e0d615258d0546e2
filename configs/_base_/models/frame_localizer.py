model = dict(
    type='FrameLocalizer',
    backbone=dict(type='DSTE', embed_dims=1024),
    head=dict(type='FrameHead', num_classes=51, in_channels=1024),
    frozen_stages=-1,
)

model = dict(
    type='RecognizerGCN',
    backbone=dict(type='DSTE', embed_dims=1024),
    cls_head=dict(type='StreamClsHead', num_classes=60, in_channels=1024),
)

_base_ = ['../../_base_/tasks/knn.py', '../../_base_/datasets/custom.py']
num_classes = int('{{$USDRL_NUM_CLASSES:10}}')
model = dict(
    backbone=dict(
        embed_dims=128,
        layout={{_base_.layout}},
        num_person={{_base_.num_person}},
        in_channels={{_base_.dimensions}},
    ),
    cls_head=dict(in_channels=128, num_classes=num_classes),
)
test_dataloader = dict(
    batch_size=64, dataset=dict(pipeline={{_base_.resized}}, ann_file={{_base_.ann_file}}, split={{_base_.held_out}})
)
test_cfg = dict(
    gallery=dict(
        batch_size=64, dataset=dict(pipeline={{_base_.resized}}, ann_file={{_base_.ann_file}}, split={{_base_.split}})
    )
)

"""From a video to a data set, through the real MMDetection and MMPose: small models of random weights."""

import cv2
import numpy as np
import pytest
import torch

from usdrl_mmaction.datasets import SkeletonDataset, read_annotations

HEIGHT, WIDTH, FRAMES = 48, 64, 40
BACKBONE = "dict(type='ResNet', depth=18, base_channels=8, init_cfg=None)"
DETECTOR = f"""
_base_ = 'mmdet::_base_/models/faster-rcnn_r50_fpn.py'
default_scope = 'mmdet'
model = dict(
    backbone={BACKBONE},
    neck=dict(in_channels=[8, 16, 32, 64], out_channels=16),
    rpn_head=dict(in_channels=16, feat_channels=16),
    roi_head=dict(
        bbox_roi_extractor=dict(out_channels=16),
        bbox_head=dict(in_channels=16, fc_out_channels=32, num_classes=1)),
    test_cfg=dict(rpn=dict(max_per_img=50), rcnn=dict(score_thr=0.0, max_per_img=10)))
test_dataloader = dict(dataset=dict(type='CocoDataset', ann_file='', pipeline=[
    dict(type='LoadImageFromFile'),
    dict(type='Resize', scale=(96, 96), keep_ratio=True),
    dict(type='PackDetInputs', meta_keys=('img_id', 'img_path', 'ori_shape', 'img_shape', 'scale_factor'))]))
"""
POSE = f"""
default_scope = 'mmpose'
codec = dict(type='MSRAHeatmap', input_size=(48, 64), heatmap_size=(12, 16), sigma=2)
model = dict(
    type='TopdownPoseEstimator',
    data_preprocessor=dict(type='PoseDataPreprocessor', mean=[123.7, 116.3, 103.5], std=[58.4, 57.1, 57.4]),
    backbone={BACKBONE},
    head=dict(
        type='HeatmapHead', in_channels=64, out_channels=17, deconv_out_channels=(16, 16, 16),
        loss=dict(type='KeypointMSELoss', use_target_weight=True), decoder=codec),
    test_cfg=dict(flip_test=False))
test_dataloader = dict(dataset=dict(type='CocoDataset', data_mode='topdown', pipeline=[
    dict(type='LoadImage'),
    dict(type='GetBBoxCenterScale'),
    dict(type='TopdownAffine', input_size=codec['input_size']),
    dict(type='PackPoseInputs')]))
"""
PIPELINE = [
    dict(type='mmaction.PoseDecode'),
    dict(type='mmaction.FormatGCNInput', num_person=2),
    dict(type='mmaction.PackActionInputs'),
]


@pytest.fixture(scope='module')
def flags(tmp_path_factory) -> list:
    """The configs of both models and their weights, which nobody trained."""
    from mmdet.apis import init_detector
    from mmpose.apis import init_model

    folder, found = tmp_path_factory.mktemp('models'), []
    for flag, text, init in (('detector', DETECTOR, init_detector), ('pose', POSE, init_model)):
        config, checkpoint = folder / f'{flag}.py', folder / f'{flag}.pth'
        config.write_text(text)
        torch.manual_seed(0)
        model = init(str(config), None, device='cpu')
        torch.save(dict(state_dict=model.state_dict(), meta=dict(dataset_meta=model.dataset_meta)), checkpoint)
        found += [f'--{flag}', config, f'--{flag}-checkpoint', checkpoint]
    return [*found, '--device', 'cpu']


@pytest.fixture
def video(tmp_path):
    """A bright square that goes from left to right."""
    path = tmp_path / 'walk.avi'
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*'MJPG'), 25, (WIDTH, HEIGHT))
    for t in range(FRAMES):
        frame = np.full((HEIGHT, WIDTH, 3), 40, np.uint8)
        frame[10:40, t : t + 16] = 240
        writer.write(frame)
    writer.release()
    return path


def test_people_in_a_video_become_a_data_set(flags, video, tmp_path, run_command):
    out = tmp_path / 'skeletons.pkl'
    run_command('extract', video, '--out', out, '--score-thr', 0.0, *flags)
    content = read_annotations(str(out))
    (item,) = content['annotations']
    assert (item['frame_dir'], item['label'], item['total_frames']) == ('walk', -1, FRAMES)
    assert item['img_shape'] == (HEIGHT, WIDTH) and content['split'] == {'all': ['walk']}
    assert content['meta']['layout'] == 'coco' and content['meta']['fps'] == 25
    assert item['keypoint'].shape == (2, FRAMES, 17, 2) and item['keypoint_score'].shape == (2, FRAMES, 17)
    assert np.isfinite(item['keypoint']).all() and len(np.unique(item['keypoint'][0], axis=0)) > 1
    assert item['keypoint_score'].any(axis=(0, 2)).all()  # somebody in every frame
    (sample,) = SkeletonDataset(str(out), PIPELINE, split='all')
    assert sample['inputs'].shape == (1, 2, FRAMES, 17, 3)  # the score is the third channel


def test_a_video_where_no_detection_is_sure_is_skipped(flags, video, tmp_path, run_command, capfd):
    with pytest.raises(SystemExit, match='nothing is left to write'):
        run_command('extract', video, '--out', tmp_path / 'out.pkl', '--score-thr', 1.0, *flags)
    assert 'walk.avi: nobody is seen in it' in capfd.readouterr().err
    assert not (tmp_path / 'out.pkl').exists()

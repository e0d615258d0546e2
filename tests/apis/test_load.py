"""What names and paths hold, and that a model of one layout answers for any other body layout."""

import numpy as np
import pytest
import torch
from mmaction.registry import MODELS
from mmengine.config import Config
from mmengine.registry import init_default_scope
from mmengine.runner import Runner

import usdrl_mmaction
from usdrl_mmaction.apis import BodyEncoder, SkeletonInferencer, StreamingDetector, load_model
from usdrl_mmaction.datasets.synthetic import make_trimmed
from usdrl_mmaction.errors import CheckpointError, LayoutError, RecordingError, UsageError
from usdrl_mmaction.skeletons import LAYOUTS, joint_mapping

LAYOUT_NAMES = ('kinect_v1', 'h36m')


def in_layout(clip, layout):
    return joint_mapping(LAYOUTS['nturgb+d'].names, LAYOUTS[layout].names, estimate=True)(clip)


@pytest.fixture(scope='module')
def actions():
    """Two clips of each synthetic action, and their names."""
    data = make_trimmed(36, seed=12)
    return [item['keypoint'] for item in data['annotations']], [
        data['meta']['classes'][item['label']] for item in data['annotations']
    ]


def test_the_zoo_is_listed():
    known = usdrl_mmaction.models()
    assert {'body', 'dste_synthetic'} <= set(known) and all(known.values())
    assert usdrl_mmaction.models.DSTE  # and is the package that it was


def test_names_give_what_they_hold(tmp_path):
    assert isinstance(usdrl_mmaction.load('body'), BodyEncoder)
    assert isinstance(usdrl_mmaction.load('dste_synthetic'), SkeletonInferencer)
    (tmp_path / 'empty').mkdir()
    with pytest.raises(CheckpointError, match=r'empty holds no model: neither a checkpoint .* nor the config.json'):
        usdrl_mmaction.load(tmp_path / 'empty')


def test_a_native_model_answers_for_any_body_layout(actions):
    """Of joints that other layouts lack, some are estimated: most answers stay."""
    clips, labels = actions
    model = usdrl_mmaction.load('dste_synthetic')
    own = model.predict(clips, 'nturgb+d')
    assert (own == labels).mean() > 0.75
    assert (model.predict(clips) == own).all()  # without a layout: the number of joints is the model's
    for layout in LAYOUT_NAMES:
        found = model.predict([in_layout(clip, layout) for clip in clips], layout)
        assert (found == own).mean() > 0.7, (layout, (found == own).mean())
    guessed = model.predict([in_layout(clip, 'kinect_v1') for clip in clips])
    np.testing.assert_array_equal(guessed, model.predict([in_layout(clip, 'kinect_v1') for clip in clips], 'kinect_v1'))
    with pytest.raises(RecordingError, match='has 2 coordinates per joint, but the model was trained on 3'):
        model.predict([clips[0][..., :2]], 'nturgb+d')
    with pytest.raises(RecordingError, match='4 joints, but the layout has 25'):
        model.predict([np.ones((9, 4, 3))])


def test_a_recording_of_33_joints_in_pixels_gets_an_answer_or_one_line():
    clip = np.random.default_rng(0).random((100, 33, 2)) * 500
    assert usdrl_mmaction.load('body').embed([clip]).shape == (1, 256)
    with pytest.raises(RecordingError, match='2 coordinates per joint'):
        SkeletonInferencer('dste_synthetic')(clip)


def test_arrays_with_two_readings_are_refused_with_both():
    model = SkeletonInferencer('dste_synthetic')
    with pytest.raises(UsageError, match=r'\(3, 40, 25, 3\) can be 3 clips of one person or one clip of 3 people'):
        model(np.ones((3, 40, 25, 3)))
    assert len(model([np.ones((2, 40, 25, 3))])) == 1 and len(model(list(np.ones((2, 40, 25, 3))))) == 2
    encoder = usdrl_mmaction.load('body')
    assert encoder.embed(np.ones((3, 2, 40, 25, 3)), 'nturgb+d').shape == (3, 256)


@pytest.fixture
def mapped(tiny, ann_file):
    """The config of a classifier of kinect_v1, trained on clips of 25 joints through MapLayout."""
    cfg = tiny('linear_synthetic')
    cfg.model.backbone.layout = 'kinect_v1'
    steps = [
        dict(type='MapLayout', src='nturgb+d', dst='kinect_v1'),
        dict(type='NormalizeSkeleton', layout='kinect_v1'),
    ]
    for part in ('train', 'val', 'test'):
        pipeline = cfg[f'{part}_dataloader'].dataset.pipeline
        cfg[f'{part}_dataloader'].dataset.pipeline = [pipeline[0], *steps, *pipeline[2:]]
    return cfg


def test_a_model_trained_through_a_mapping_is_asked_in_both_layouts(mapped, actions, tmp_path):
    Runner.from_cfg(mapped).train()
    model = usdrl_mmaction.load(tmp_path / 'work')
    clips = actions[0][:6]
    expected = model.predict_proba(clips)  # as in its training
    assert expected.shape == (6, 18)
    found = model.predict_proba([in_layout(clip, 'kinect_v1') for clip in clips])
    np.testing.assert_allclose(found, expected, atol=1e-5)
    assert model.predict_proba([in_layout(clip, 'smpl') for clip in clips]).shape == (6, 18)


@pytest.fixture(params=['nturgb+d', 'body'])
def localizer(request, tmp_path):
    """A checkpoint of a localizer of its own layout, or of any body, that describes itself."""
    init_default_scope('mmaction')
    layout = request.param
    step = dict(type='ToBody', layout='nturgb+d') if layout == 'body' else dict(type='NormalizeSkeleton')
    described = dict(
        format=1, model='FrameLocalizer', layout='nturgb+d', window=16, stride=8, classes=['sit', 'stand'],
        encoder=dict(type='DSTE', layout=layout, embed_dims=16, num_layers=1, num_frames=16),
        head=dict(type='FrameHead', num_classes=2, in_channels=16),
        preparation=[
            dict(type='PoseDecode'), step, dict(type='FormatGCNInput', num_person=2), dict(type='PackActionInputs'),
        ],
    )  # fmt: skip
    cfg = Config(dict(type='FrameLocalizer', backbone=described['encoder'], head=described['head']))
    torch.manual_seed(0)
    model = MODELS.build(cfg)
    torch.nn.init.normal_(model.head.temporal_fc.weight)
    path = tmp_path / 'localizer.pth'
    torch.save(dict(meta=dict(description=described), state_dict=model.state_dict()), path)
    return path


def test_a_stream_takes_any_body_layout(localizer, actions):
    clip = actions[0][0]

    def scores(frames, layout=None):
        detector = StreamingDetector(localizer, device='cpu', layout=layout)
        found = [detector(frames[:, :20]), detector(frames[:, 20:]), detector.finish()]
        return np.concatenate([part.scores for part in found]), detector.classes

    expected, classes = scores(clip)
    assert expected.shape == (clip.shape[1], 3) and classes == ['sit', 'stand']
    smpl = in_layout(clip, 'smpl')
    found, _ = scores(smpl, 'smpl')
    assert found.shape == expected.shape
    with pytest.raises(RecordingError, match='expected persons'):
        scores(smpl)
    (result,) = SkeletonInferencer(localizer, device='cpu')(dict(keypoint=smpl, layout='smpl'))
    assert result['frames'] == clip.shape[1] and 'segments' in result
    if load_model(localizer).backbone.skeleton == LAYOUTS['body']:
        np.testing.assert_allclose(found, expected, atol=0.2)  # but for what the layouts' spines differ in


def test_a_layout_that_is_no_body_is_named(localizer):
    with pytest.raises((LayoutError, ValueError), match=r'no body|No joint corresponds'):
        StreamingDetector(localizer, device='cpu', layout=dict(parents=[None, 0], names=['a', 'b']))

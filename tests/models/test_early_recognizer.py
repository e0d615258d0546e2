"""Early prediction depends on the frames that were seen, and on no later one."""

import pytest
import torch
import torch.nn.functional as F
from mmaction.registry import MODELS
from mmaction.structures import ActionDataSample
from mmengine.optim import build_optim_wrapper

from usdrl_mmaction.errors import ConfigError
from usdrl_mmaction.evaluation import EarlyPredictionMetric

FRAMES, RATIOS, CLASSES = 12, 6, 5


def recognizer(num_ratios=RATIOS, causal=True, **backbone):
    torch.manual_seed(0)
    model = MODELS.build(
        dict(
            type='EarlyRecognizer',
            backbone=dict(type='DSTE', embed_dims=16, num_frames=FRAMES, causal=causal, **backbone),
            cls_head=dict(type='StreamClsHead', num_classes=CLASSES, in_channels=16),
            num_ratios=num_ratios,
            data_preprocessor=dict(type='mmaction.ActionDataPreprocessor'),
        )
    )
    torch.nn.init.normal_(model.cls_head.fc.weight)
    return model.eval()


def batch(size=3):
    torch.manual_seed(1)
    samples = [ActionDataSample().set_gt_label(n % CLASSES) for n in range(size)]
    return dict(inputs=list(torch.randn(size, 1, 2, FRAMES, 25, 3)), data_samples=samples)


@pytest.mark.parametrize('modalities', [('joint',), ('motion',), ('joint', 'bone', 'motion')])
def test_later_frames_change_nothing_bit_for_bit(modalities):
    model = recognizer(modalities=modalities)
    clips = torch.randn(2, 1, 2, FRAMES, 25, 3)
    before = model(clips)
    assert before.shape == (2, RATIOS, CLASSES)
    for number, seen in enumerate(model.seen):
        changed = clips.clone()
        changed[:, :, :, seen:] = torch.randn_like(changed[:, :, :, seen:])
        after = model(changed)
        assert after[:, : number + 1].equal(before[:, : number + 1])
        if seen < FRAMES:
            assert not after[:, number + 1].equal(before[:, number + 1])


@torch.no_grad()
def test_what_the_metric_gets_sees_no_later_frame():
    model, data = recognizer(), batch()
    metrics = []
    for noise in (0, 1):
        clips = [clip.clone() for clip in data['inputs']]
        for clip in clips:
            clip[:, :, model.seen[2] :] += noise * torch.randn_like(clip[:, :, model.seen[2] :])
        metric = EarlyPredictionMetric()
        metric.process(None, [sample.to_dict() for sample in model.test_step({**data, 'inputs': clips})])
        metrics.append([scores for scores, _ in metric.results])
    for before, after in zip(*metrics, strict=True):
        assert (before[:3] == after[:3]).all() and (before[3:] != after[3:]).any()


def test_the_last_point_is_the_whole_clip():
    model = recognizer()
    clips = torch.randn(2, 1, 2, FRAMES, 25, 3)
    pooled = model.backbone(clips.flatten(0, 1)).pooled()
    pooled[:, 16:] = 0
    torch.testing.assert_close(model(clips)[:, -1], model.cls_head(pooled))


def test_training_takes_a_random_point_of_those_that_testing_scores(monkeypatch):
    model, data = recognizer(), batch(4)
    clips = torch.stack(data['inputs'])
    points = torch.tensor([0, 5, 2, 3])
    monkeypatch.setattr(torch, 'randint', lambda high, size: points if (high, size) == (RATIOS, (4,)) else None)
    loss = model(clips, data['data_samples'], mode='loss')['loss_cls']
    labels = torch.tensor([n % CLASSES for n in range(4)])
    torch.testing.assert_close(loss, F.cross_entropy(model(clips)[range(4), points], labels))


def test_one_model_is_trained_at_all_points():
    model = recognizer()
    optimizer = build_optim_wrapper(model, dict(optimizer=dict(type='Adam', lr=0.01)))
    log = [model.train().train_step(batch(), optimizer)['loss'].item() for _ in range(40)]
    assert log[-1] < 0.5 * log[0]


def test_weights_of_an_encoder_of_whole_clips_load():
    model = recognizer()
    other = MODELS.build(dict(type='DSTE', embed_dims=16, num_frames=FRAMES))
    model.backbone.load_state_dict(other.state_dict())  # strictly
    for name, value in other.state_dict().items():
        assert model.backbone.state_dict()[name].equal(value)


def test_an_encoder_that_sees_later_frames_is_refused():
    with pytest.raises(ConfigError, match='num_ratios=13 is from 1 to the 12 frames'):
        recognizer(num_ratios=13)
    with pytest.raises(ConfigError, match='causal=True'):
        recognizer(causal=False)

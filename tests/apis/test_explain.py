"""The joints and frames that decide are those that move: reasons of synthetic actions whose truth is known."""

import numpy as np
import pytest
import torch

import usdrl_mmaction
from usdrl_mmaction.apis import ActionClassifier, SkeletonInferencer
from usdrl_mmaction.apis.explain import at_frames, by_gradients, by_occlusion, cut_span, log_odds
from usdrl_mmaction.datasets.synthetic import make_trimmed
from usdrl_mmaction.errors import UsageError

ARM = ('shoulder', 'elbow', 'wrist', 'hand')
ACTIONS = ('wave left hand', 'wave right hand', 'kick with left leg', 'sit down')


@pytest.fixture(scope='module')
def actions():
    """The clips of some actions and their names; the first six of each are for training."""
    data = make_trimmed(18 * 8, seed=5)
    names = data['meta']['classes']
    items = data['annotations']
    return {name: [item['keypoint'] for item in items if names[item['label']] == name] for name in ACTIONS}


@pytest.fixture(scope='module')
def model(actions):
    clips = [clip for found in actions.values() for clip in found[:6]]
    return ActionClassifier(layout='nturgb+d').fit(clips, np.repeat(ACTIONS, 6))


def share(found, side, parts) -> float:
    names = found.skeleton.names
    return sum(found.joints[:, names.index(f'{side}_{part}')].sum() for part in parts)


@pytest.mark.parametrize('method', ['occlusion', 'gradients'])
@pytest.mark.parametrize('side', ['left', 'right'])
def test_a_wave_points_at_its_arm(model, actions, method, side):
    for clip in actions[f'wave {side} hand'][6:]:
        found = model.explain(clip, method=method)
        assert found.name == f'wave {side} hand' and share(found, side, ARM) >= 0.6
        assert found.joints.sum() == pytest.approx(1) and found.frames.sum() == pytest.approx(1)
        assert found.joints.min() >= 0 and found.frames.shape == (clip.shape[1],)
        assert next(iter(found.best(1))).startswith(side)


def test_a_kick_points_at_its_leg(model, actions):
    found = model.explain(actions['kick with left leg'][6], method='gradients')
    assert share(found, 'left', ('hip', 'knee', 'ankle', 'foot')) > share(found, 'left', ARM)


def test_the_frames_that_decide_are_those_with_the_movement(model, actions):
    clip = actions['wave left hand'][6]
    wait = 2 * clip.shape[1]
    late = np.concatenate([np.repeat(clip[:, :1], wait, axis=1), clip], axis=1)
    found = model.explain(late, label='wave left hand', method='gradients')
    assert found.frames[wait:].sum() >= 0.6 and found.span()[1] > wait


def test_a_saved_model_and_a_recording_have_the_same_reasons(model, actions, tmp_path):
    clip = actions['wave left hand'][7]
    expected = model.explain(clip)
    model.save(tmp_path / 'mine')
    found = SkeletonInferencer(tmp_path / 'mine', device='cpu').explain(dict(keypoint=clip, layout='nturgb+d'))
    np.testing.assert_allclose(found.joints, expected.joints, atol=1e-3)
    assert (found.name, found.label) == (expected.name, expected.label)


def test_gradients_add_up_to_the_difference_that_movement_makes():
    torch.manual_seed(0)
    clip, weight = torch.randn(1, 12, 4, 3), torch.randn(12 * 12, 3)
    scores = lambda clips: torch.tanh(clips.flatten(1) @ weight / 30)  # noqa: E731
    still = clip.mean(1, keepdim=True).expand_as(clip)
    odds = [log_odds(scores(each[None]).softmax(1).numpy())[0, 1] for each in (clip, still)]
    assert by_gradients(scores, clip, 1).sum() == pytest.approx(odds[0] - odds[1], abs=1e-3)


def test_of_several_labels_each_has_reasons_of_its_own(actions):
    left, right = actions['wave left hand'][:6], actions['wave right hand'][:6]
    model = ActionClassifier(layout='nturgb+d').fit([*left, *right], np.repeat([[1, 0], [0, 1]], 6, axis=0))
    clip = actions['wave left hand'][6]
    for method in ('occlusion', 'gradients'):
        assert share(model.explain(clip, label=0, method=method), 'left', ARM) >= 0.5


def test_a_joint_that_alone_decides_has_all_of_it():
    def probability(clips):  # how far joint 2 of the first person goes
        way = clips[:, 0, :, 2].diff(dim=1).abs().sum((1, 2))
        return torch.stack([way, torch.ones_like(way)], 1).log().softmax(1).numpy()

    clip = torch.zeros(2, 16, 4, 3)
    clip[0, :, 2, 0] = torch.linspace(0, 5, 16) ** 2
    joints, _ = by_occlusion(probability, clip, 0)
    assert joints[0, 2] > 1 and np.abs(np.delete(joints.flatten(), 2)).max() < 1e-6


def test_a_span_is_bridged():
    clip = torch.arange(10.0).view(1, 10, 1, 1) ** 2
    cut = cut_span(clip, 5, 4)[0, :, 0, 0]
    assert cut[3:8].diff().diff().abs().max() < 1e-4 and cut[:4].tolist() == [0, 1, 4, 9] and cut[8] == 64
    np.testing.assert_allclose(at_frames(np.array([0.25, 0.75]), 4).sum(), 1)


def test_classes_that_are_not_there(model, actions):
    clip = actions['sit down'][6]
    assert model.explain(clip, label='wave left hand').name == 'wave left hand'
    with pytest.raises(UsageError, match=r"no class 'fly'\. There are: kick with left leg"):
        model.explain(clip, label='fly')
    with pytest.raises(UsageError, match="no method 'magic'"):
        model.explain(clip, method='magic')
    with pytest.raises(UsageError, match='names no actions'):
        SkeletonInferencer('body').explain(clip)


def test_a_model_that_was_trained_as_a_whole_has_reasons(actions):
    found = usdrl_mmaction.load('dste_synthetic').explain(actions['wave left hand'][6], method='gradients')
    assert found.name == 'wave left hand' and share(found, 'left', (*ARM, 'hand_tip', 'thumb')) >= 0.6

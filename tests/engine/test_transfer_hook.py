"""From one encoder to another: what fits is loaded whole, what does not is refused with the reason."""

import pytest
import torch
from mmengine.runner import Runner

from usdrl_mmaction.errors import CheckpointError, MissingFileError


@pytest.fixture
def pretrained(tiny, tmp_path):
    """A function that saves an encoder of other settings and returns the file."""

    def save(name='pretrain_synthetic', **changes):
        model = Runner.from_cfg(tiny(name, changes)).model
        path = tmp_path / 'pretrained.pth'
        torch.save({'state_dict': model.state_dict()}, path)
        return str(path)

    return save


def start(tiny, path, name='linear_ntu60', **changes):
    runner = Runner.from_cfg(tiny(name, {'load_from': path, **changes}))
    runner.load_or_resume()
    return runner


def test_a_classifier_of_other_classes_is_left_out(tiny, pretrained):
    path = pretrained('linear_ntu60', **{'model.cls_head.num_classes': 18})
    given = torch.load(path)['state_dict']
    state = start(tiny, path).model.state_dict()
    assert state['cls_head.fc.weight'].shape[0] == 60
    encoder = [name for name in state if name.startswith('backbone.')]
    assert encoder and all(state[name].equal(given[name]) for name in encoder)


@pytest.mark.parametrize(
    'changes, reason',
    [
        ({'model.backbone.num_person': 1}, r'spatial_position of the shape \(1, 25, 16\).* set num_person and layout'),
        (
            {'model.backbone.layout': 'coco', 'model.data_preprocessor.layout': 'coco'},
            r'spatial_position of the shape \(1, 34, 16\), the model \(1, 50, 16\).*MapLayout',
        ),
        ({'model.backbone.in_channels': 2}, r'embeddings\.0\.\w+\.0\.weight .*coordinates of a clip differ'),
        ({'model.backbone.modalities': ('joint', 'bone', 'motion')}, r'has backbone\.\S+, which the model lacks'),
        ({'model.backbone.num_layers': 1}, r'lacks backbone\.(spatial|temporal)\.1\.\S+ of the model'),
        ({'model.backbone.type': 'STTR'}, r'lacks backbone\.\S+ of the model'),
    ],
)
def test_another_encoder_is_refused_with_the_reason(tiny, pretrained, changes, reason):
    path = pretrained(**changes)
    with pytest.raises(CheckpointError, match=reason):
        start(tiny, path)


def test_a_checkpoint_without_an_encoder_is_refused(tiny, tmp_path):
    path = tmp_path / 'other.pth'
    torch.save({'state_dict': {'module.fc.weight': torch.zeros(2, 2)}}, path)
    with pytest.raises(CheckpointError, match=r"other\.pth holds no encoder: nothing in it is named 'backbone\.…'"):
        start(tiny, str(path))


def test_a_missing_pretraining_is_named_by_its_config(tiny):
    with pytest.raises(MissingFileError, match='Run usdrl train pretrain_synthetic, or set load_from to a file'):
        start(tiny, 'work_dirs/pretrain_synthetic/epoch_7.pth')

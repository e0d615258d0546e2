"""A model comes with the weights that its checkpoint has, and with none that it has not."""

import json

import pytest
import torch
from mmengine.config import Config

from usdrl_mmaction.apis import load_model
from usdrl_mmaction.checkpoints.zoo import packaged_model
from usdrl_mmaction.errors import CheckpointError, DownloadError, MissingFileError, UsageError

CLASSES = ['sit', 'stand']


def same_weights(model, checkpoint):
    saved = torch.load(checkpoint, weights_only=True)['state_dict']
    return all(torch.equal(value, saved[name]) for name, value in model.state_dict().items())


def test_a_config_and_its_checkpoint(linear, trained):
    checkpoint = trained(linear, dataset_meta={'classes': CLASSES})
    model = load_model(linear, checkpoint)
    assert same_weights(model, checkpoint) and model.with_cls_head and not model.training
    assert model.dataset_meta == {'classes': CLASSES}
    assert model.cfg.model == linear.model


def test_weights_of_a_parallel_run(linear, trained, tmp_path):
    checkpoint = trained(linear)
    weights = torch.load(checkpoint, weights_only=True)['state_dict']
    torch.save({'state_dict': {f'module.{name}': value for name, value in weights.items()}}, tmp_path / 'ddp.pth')
    assert same_weights(load_model(linear, tmp_path / 'ddp.pth'), checkpoint)


def test_a_classifier_without_weights_is_left_out(linear, trained, tmp_path):
    weights = torch.load(trained(linear), weights_only=True)['state_dict']
    encoder = {name: value for name, value in weights.items() if name.startswith('backbone.')}
    torch.save({'state_dict': encoder}, tmp_path / 'encoder.pth')
    model = load_model(linear, tmp_path / 'encoder.pth')
    assert not model.with_cls_head and same_weights(model, tmp_path / 'encoder.pth')
    assert 'cls_head' in linear.model  # the config that was given is as it was


def test_the_encoder_of_a_pretraining_config(linear, trained):
    backbone = linear.model.backbone
    cfg = Config(
        dict(model=dict(type='MPCT', backbone=backbone, head=dict(type='DecorrelationHead'), data_preprocessor={}))
    )
    checkpoint = trained(linear)
    model = load_model(cfg, checkpoint)
    assert same_weights(model, checkpoint) and not model.with_cls_head


@pytest.fixture
def published(linear, trained):
    return trained(linear, encoder=linear.model.backbone.to_dict(), dataset_meta={'classes': CLASSES})


def test_a_published_checkpoint_needs_no_config(published):
    model = load_model(published)
    assert same_weights(model, published)
    assert model.cls_head.num_classes == 18 and model.dataset_meta == {'classes': CLASSES}


def test_a_published_checkpoint_of_a_parallel_run(published):
    content = torch.load(published, weights_only=True)
    content['state_dict'] = {f'module.{name}': value for name, value in content['state_dict'].items()}
    torch.save(content, published.with_name('ddp.pth'))
    assert same_weights(load_model(published.with_name('ddp.pth')), published)


@pytest.fixture
def zoo(published, monkeypatch):
    """An index of one model, in the same folder."""
    index = published.with_name('index.json')
    known = dict(about='', file=published.name, url=None, size=None, sha256=None, convert=False)
    index.write_text(json.dumps({'tiny': known}))
    monkeypatch.setattr('usdrl_mmaction.checkpoints.zoo.INDEX', index)
    return index


@pytest.mark.parametrize('name', ['tiny', 'usdrl://tiny'])
def test_a_model_of_the_zoo(zoo, published, name):
    assert same_weights(load_model(name), published)


def test_the_package_s_own_model(zoo):
    assert packaged_model() == 'tiny'
    zoo.write_text(zoo.read_text().replace('"url": null', '"url": "https://example.org/tiny.pth"'))
    with pytest.raises(DownloadError, match=r'comes without a model: name one of the zoo \(tiny\)'):
        packaged_model()


def test_what_does_not_fit_is_refused(linear, trained, tmp_path):
    checkpoint = trained(linear)
    linear.model.cls_head.num_classes = 7
    with pytest.raises(CheckpointError, match=r'has cls_head.fc.weight of the shape \(18, 160\), the model \(7, 160\)'):
        load_model(linear, checkpoint)
    linear.model.backbone.num_layers = 2
    with pytest.raises(CheckpointError, match=r'epoch_1.pth has no weights for \d+ of the \d+ tensors .* backbone\.'):
        load_model(linear, checkpoint)


@pytest.mark.parametrize(
    'model, checkpoint, error, message',
    [
        (
            'nothing.pth',
            None,
            MissingFileError,
            'There is no checkpoint nothing.pth .*zoo has no model of that name; it has',
        ),
        (
            'epoch_1.pth',
            None,
            CheckpointError,
            r"does not say what its encoder .*\(no 'meta.description'\)",
        ),
        ('epoch_1.pth', 'epoch_1.pth', UsageError, 'A config goes with a checkpoint'),
        ('config.py', None, UsageError, 'A config goes with a checkpoint'),
        ('config.py', 'epoch_1.pth', MissingFileError, 'There is no config config.py'),
        ('broken.pth', None, CheckpointError, 'broken.pth is damaged or cut short'),
        ('usdrl://nothing', None, DownloadError, "has no model 'nothing'"),
    ],
)
def test_what_is_not_a_model(linear, trained, tmp_path, monkeypatch, model, checkpoint, error, message):
    trained(linear)
    (tmp_path / 'broken.pth').write_bytes(b'PK and then nothing')
    monkeypatch.chdir(tmp_path)
    with pytest.raises(error, match=message):
        load_model(model, checkpoint)

"""Export from a config and a checkpoint; numpy and ONNX Runtime give the model's probabilities."""

import runpy
from pathlib import Path

import numpy as np
import pytest
import torch
from mmaction.registry import MODELS
from mmengine.config import Config
from mmengine.dataset import Compose, pseudo_collate
from mmengine.registry import init_default_scope

from usdrl_mmaction.apis import ActionClassifier, SkeletonInferencer
from usdrl_mmaction.datasets.synthetic import make_trimmed
from usdrl_mmaction.skeletons import LAYOUTS, joint_mapping

ROOT = Path(__file__).resolve().parent.parent.parent
LINEAR = ROOT / 'configs/usdrl/benchmarks/linear_synthetic.py'
SIZES = ['--cfg-options', 'model.backbone.embed_dims=16', 'model.cls_head.in_channels=16']


@pytest.fixture
def trained(tmp_path):
    """A recognizer of the config's kind, and its checkpoint."""
    init_default_scope('mmaction')
    cfg = Config.fromfile(LINEAR)
    cfg.model.backbone.embed_dims = cfg.model.cls_head.in_channels = 16
    model = MODELS.build(cfg.model).eval()
    torch.nn.init.normal_(model.cls_head.fc.weight)
    path = tmp_path / 'epoch_1.pth'
    meta = {'dataset_meta': {'classes': [f'action {i}' for i in range(18)]}}
    torch.save({'meta': meta, 'state_dict': model.state_dict()}, path)
    return model, path


def test_the_program_beside_the_file(trained, tmp_path, run_command, capsys):
    pytest.importorskip('onnxruntime')
    model, checkpoint = trained
    run_command('export', LINEAR, checkpoint, tmp_path / 'actions.onnx', *SIZES)
    output = capsys.readouterr().out
    assert 'clip       (batch, 2, 64, 25, 3)\ncls_score  (batch, 18)\nmax error ' in output
    assert f'wrote      {tmp_path / "actions.py"}: the preparation of clips in numpy' in output

    keypoint = np.random.default_rng(0).normal(size=(1, 90, 25, 3)).astype(np.float32)
    keypoint[:, :3, 4] = 0  # a shoulder that is not seen at first
    np.savez(tmp_path / 'recording.npz', keypoint=keypoint)
    program = runpy.run_path(str(tmp_path / 'actions.py'))
    pipeline = Compose(Config.fromfile(LINEAR).test_dataloader.dataset.pipeline)
    clip = pipeline(dict(keypoint=keypoint, total_frames=90, label=-1))
    np.testing.assert_allclose(program['prepare'](keypoint), clip['inputs'], atol=1e-5)
    expected = model.test_step(pseudo_collate([clip]))[0].pred_score.detach()
    found = program['main'](tmp_path / 'recording.npz')['probability']
    np.testing.assert_allclose(found, expected, atol=1e-4)
    assert capsys.readouterr().out.startswith(f'action {expected.argmax()} ')


def test_the_program_of_a_saved_classifier_takes_its_layout(run_command, tmp_path, capsys):
    pytest.importorskip('onnxruntime')
    data = make_trimmed(18 * 4, seed=3)
    names, mapping = data['meta']['classes'], joint_mapping(LAYOUTS['nturgb+d'].names, LAYOUTS['kinect_v1'].names)
    items = [item for item in data['annotations'] if names[item['label']] in ('jump', 'clap', 'shake hands')]
    clips = [mapping(item['keypoint']) for item in items]
    ActionClassifier(layout='kinect_v1').fit(clips, [names[item['label']] for item in items]).save(tmp_path / 'mine')
    run_command('export', tmp_path / 'mine', tmp_path / 'mine.onnx')
    capsys.readouterr()
    program = runpy.run_path(str(tmp_path / 'mine.py'))
    ask = SkeletonInferencer(tmp_path / 'mine', device='cpu', top_k=3)
    for clip in clips[:3]:
        np.savez(tmp_path / 'recording.npz', keypoint=clip)
        found = program['main'](tmp_path / 'recording.npz')['probability']
        expected = {entry['label']: entry['score'] for entry in ask([clip])[0]['actions']}
        np.testing.assert_allclose(found, [expected[label] for label in range(3)], atol=1e-4)


def test_the_encoder_of_a_pretraining_config(trained, tmp_path, run_command, capsys):
    model, checkpoint = trained
    config, out = ROOT / 'configs/usdrl/pretrain_synthetic.py', tmp_path / 'encoder.pt'
    options = ['--cfg-options', 'model.backbone.embed_dims=16']
    run_command('export', config, checkpoint, out, '--format', 'torchscript', *options)
    assert 'temporal   (batch, 64, 16)\nspatial    (batch, 50, 16)' in capsys.readouterr().out
    clip = torch.randn(3, 2, 64, 25, 3)
    expected = model.backbone(clip)
    for found, stream in zip(torch.jit.load(out)(clip), expected, strict=True):
        torch.testing.assert_close(found, stream.detach())


def test_a_localizer(tmp_path, run_command, capsys):
    init_default_scope('mmaction')
    config = ROOT / 'configs/usdrl/benchmarks/detect_synthetic.py'
    cfg = Config.fromfile(config)
    cfg.model.backbone.embed_dims = cfg.model.head.in_channels = 16
    model = MODELS.build(cfg.model).eval()
    torch.save({'state_dict': model.state_dict()}, tmp_path / 'epoch_2.pth')
    sizes = ['--cfg-options', 'model.backbone.embed_dims=16', 'model.head.in_channels=16']
    run_command('export', config, tmp_path / 'epoch_2.pth', tmp_path / 'out.pt', '--format', 'torchscript', *sizes)
    assert 'frame_score (batch, 64, 19)' in capsys.readouterr().out
    clip = torch.randn(2, 2, 64, 25, 3)
    (found,) = torch.jit.load(tmp_path / 'out.pt')(clip)
    torch.testing.assert_close(found, model(clip[:, None]).detach())


def test_a_classifier_that_was_never_trained_is_not_exported(trained, tmp_path, run_command):
    weights = {name: value for name, value in trained[0].state_dict().items() if name.startswith('backbone.')}
    torch.save({'state_dict': weights}, tmp_path / 'pretrained.pth')
    arguments = LINEAR, tmp_path / 'pretrained.pth', tmp_path / 'out.pt', '--format', 'torchscript'
    with pytest.raises(SystemExit, match=r'error: .*pretrained\.pth has no weights of a classifier: .* --encoder'):
        run_command('export', *arguments, *SIZES)
    run_command('export', *arguments, '--encoder', *SIZES)
    assert (tmp_path / 'out.pt').exists()


@pytest.mark.parametrize(
    'options, message',
    [
        (['--tolerance', '-1', *SIZES], r"'cls_score' .* differs from the model's .* nothing was written"),
        ([], r'epoch_1\.pth has backbone\.\S+ of the shape .*, the model .* Set the sizes'),
        ([*SIZES, 'model.backbone.num_layer=1'], r"DSTE has no argument 'num_layer'"),
    ],
)
def test_errors_are_reported_in_one_line_and_leave_no_file(trained, tmp_path, run_command, options, message):
    with pytest.raises(SystemExit, match=f'error: .*({message})') as error:
        run_command('export', LINEAR, trained[1], tmp_path / 'out.pt', '--format', 'torchscript', *options)
    assert '\n' not in error.value.code
    assert [path.name for path in tmp_path.iterdir()] == ['epoch_1.pth']


def test_a_checkpoint_that_does_not_exist(tmp_path, run_command):
    with pytest.raises(SystemExit, match=r'error: There is no checkpoint nothing\.pth .*no model of that name'):
        run_command('export', LINEAR, 'nothing.pth', tmp_path / 'out.onnx')

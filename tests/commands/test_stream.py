"""A recording or JSON lines give a line for each frame and each segment, or a live table."""

import io
import json
import pickle
import re
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import torch
from mmaction.registry import MODELS
from mmengine.config import Config
from mmengine.registry import init_default_scope
from raw_files import moving
from rich.console import Console

from usdrl_mmaction.apis import ActionClassifier, Detections, SkeletonInferencer
from usdrl_mmaction.commands.stream import as_json, play
from usdrl_mmaction.datasets.synthetic import make_trimmed

ROOT = Path(__file__).resolve().parent.parent.parent
DETECT = ROOT / 'configs/usdrl/benchmarks/detect_synthetic.py'
OPTIONS = {
    'model.backbone.embed_dims': 16,
    'model.backbone.num_layers': 1,
    'model.backbone.num_frames': 16,
    'model.head.in_channels': 16,
    'test_dataloader.dataset.window': 16,
    'test_dataloader.dataset.stride': 6,
}


@pytest.fixture
def model(tmp_path):
    """The flags of a config and a checkpoint, with a threshold that makes segments."""
    init_default_scope('mmaction')
    cfg = Config.fromfile(DETECT)
    cfg.merge_from_dict(OPTIONS)
    torch.manual_seed(0)
    built = MODELS.build(cfg.model)
    torch.nn.init.normal_(built.head.temporal_fc.weight)
    meta = {'dataset_meta': {'classes': [f'action {i}' for i in range(1, 19)]}}
    torch.save({'meta': meta, 'state_dict': built.state_dict()}, tmp_path / 'epoch_1.pth')
    options = [f'{key}={value}' for key, value in OPTIONS.items()]
    flags = ['--model', DETECT, '--checkpoint', tmp_path / 'epoch_1.pth', '--threshold', 0.1]
    return [*flags, '--device', 'cpu', '--cfg-options', *options]


@pytest.fixture
def keypoint():
    return (moving(1, frames=40) + np.random.default_rng(0).normal(0, 0.2, (1, 40, 25, 3)).cumsum(1)).astype('f4')


def printed(capsys):
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    return [line for line in lines if 'frame' in line], [line['segment'] for line in lines if 'segment' in line]


def test_a_recording_gives_the_scores_of_the_inferencer(tmp_path, keypoint, model, run_command, capsys):
    np.savez(tmp_path / 'walk.npz', keypoint=keypoint)
    run_command('stream', tmp_path / 'walk.npz', '--speed', 'inf', *model)
    frames, segments = printed(capsys)
    cfg = Config.fromfile(DETECT)
    cfg.merge_from_dict(OPTIONS)
    inferencer = SkeletonInferencer(cfg, tmp_path / 'epoch_1.pth', device='cpu', threshold=0.1)
    expected = inferencer(keypoint)[0]['segments']
    by_start = sorted(segments, key=lambda segment: (segment['start'], segment['label']))
    assert len(expected) > 1
    assert [(s['name'], s['start'], s['end']) for s in by_start] == [
        (s['name'], s['start'], s['end']) for s in expected
    ]
    assert [frame['frame'] for frame in frames] == list(range(40))
    names = ['background', *(f'action {i}' for i in range(1, 19))]
    assert all(frame['name'] == names[frame['label']] and 1 / 19 < frame['score'] <= 1 for frame in frames)


def test_a_segment_is_printed_after_its_last_frame():
    segment = {'label': 1, 'start': 0, 'end': 2, 'score': 0.9}
    scores = np.float32([[0.1, 0.9], [0.1, 0.9], [0.8, 0.2]])
    lines = list(as_json(Detections(0, scores, [segment]), ['wave']))
    assert [line.get('frame') for line in lines] == [0, 1, None, 2] and lines[2] == {'segment': segment}
    assert lines[3] == {'frame': 2, 'label': 0, 'name': 'background', 'score': 0.8}


def test_lines_from_standard_input(keypoint, model, run_command, capsys, monkeypatch, tmp_path):
    lines = [json.dumps(people.tolist()) for people in keypoint.swapaxes(0, 1)]
    monkeypatch.setattr(sys, 'stdin', io.StringIO('\n'.join(lines)))
    run_command('stream', '-', *model)
    piped = printed(capsys)
    np.savez(tmp_path / 'walk.npz', keypoint=keypoint)
    run_command('stream', tmp_path / 'walk.npz', '--speed', 'inf', *model)
    assert piped == printed(capsys)


def test_frames_come_at_their_rate_and_together_when_late():
    start, came = time.monotonic(), []
    for frames in play(np.arange(60).reshape(1, 60, 1, 1), fps=100, speed=2):
        if not came:
            time.sleep(0.1)  # a model that is slow once
        came.append((time.monotonic() - start, frames))
    every = np.concatenate([frames for _, frames in came], axis=1).ravel()
    assert every.tolist() == list(range(60))
    assert came[1][1].shape[1] > 5 and came[-1][1].shape[1] < 60
    assert all(moment >= frames.max() / 200 for moment, frames in came)


def test_late_frames_come_a_second_at_a_time():
    sizes = [frames.shape[1] for frames in play(np.zeros((1, 70, 1, 1)), fps=30, speed=np.inf)]
    assert sizes == [30, 30, 10]


def test_a_live_table_in_a_terminal(keypoint, model, run_command, capsys, monkeypatch, tmp_path):
    np.savez(tmp_path / 'walk.npz', keypoint=keypoint)
    monkeypatch.setenv('FORCE_COLOR', '1')
    monkeypatch.setenv('COLUMNS', '100')
    monkeypatch.setattr(Console, 'is_terminal', property(lambda self: True))
    run_command('stream', tmp_path / 'walk.npz', '--speed', 'inf', *model)
    output = re.sub(r'\x1b\[[0-9;?]*[a-zA-Z]', '', capsys.readouterr().out)
    assert '1.3 s, delay 0.5 s' in output and '█' in output and 'Segments' in output
    assert re.search(r'│ 0\.\d s +│ [01]\.\d s +│ action \d+ +│ +\d+% +│', output)


@pytest.mark.parametrize(
    'arguments, message',
    [
        (['nothing.npz'], 'There is no recording nothing.npz'),
        (['many.pkl'], 'many.pkl has 2 recordings: choose one with --video, e.g. of a, b'),
        (['many.pkl', '--video', 'c'], 'many.pkl has 2 recordings: choose one'),
        (['-'], 'line 2 is not a JSON list of people'),
    ],
)
def test_errors_are_reported_in_one_line(tmp_path, keypoint, model, run_command, monkeypatch, arguments, message):
    monkeypatch.chdir(tmp_path)
    np.savez('walk.npz', keypoint=keypoint)
    items = [dict(frame_dir=name, label=0, total_frames=40, keypoint=keypoint) for name in 'ab']
    Path('many.pkl').write_bytes(pickle.dumps(dict(split=dict(test=['a', 'b']), annotations=items)))
    monkeypatch.setattr(sys, 'stdin', io.StringIO('[]\n[[1, 2], {"a": 3}]\n'))
    with pytest.raises(SystemExit, match=f'error: .*({message})') as error:
        run_command('stream', *arguments, *model)
    assert '\n' not in error.value.code


def test_a_recognizer_is_refused(tmp_path, run_command):
    init_default_scope('mmaction')
    config = ROOT / 'configs/usdrl/benchmarks/linear_synthetic.py'
    cfg = Config.fromfile(config)
    cfg.model.backbone.embed_dims = cfg.model.cls_head.in_channels = 16
    torch.save({'state_dict': MODELS.build(cfg.model).state_dict()}, tmp_path / 'epoch_1.pth')
    sizes = ['--cfg-options', 'model.backbone.embed_dims=16', 'model.cls_head.in_channels=16']
    with pytest.raises(SystemExit, match='error: FrozenRecognizer scores no frames'):
        run_command('stream', '-', '--model', config, '--checkpoint', tmp_path / 'epoch_1.pth', *sizes)


def test_a_saved_classifier_names_the_last_frames(tmp_path, run_command, capsys):
    """Of a video of waving and then sitting down; noise is background."""
    data = make_trimmed(18 * 6, seed=4)
    names = data['meta']['classes']
    clips = {
        action: [item['keypoint'][:1] for item in data['annotations'] if names[item['label']] == action]
        for action in ('wave left hand', 'sit down')
    }
    train = [clip for found in clips.values() for clip in found[:5]]
    model = ActionClassifier(layout='nturgb+d', unknown=True).fit(train, np.repeat(list(clips), 5))
    model.save(tmp_path / 'mine')
    video = np.concatenate([found[5][:, :40] for found in clips.values()], axis=1)
    np.save(tmp_path / 'video.npy', video)
    run_command('stream', tmp_path / 'video.npy', '--model', tmp_path / 'mine', '--speed', 'inf')
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    frames = [line for line in lines if 'frame' in line]
    assert [line['frame'] for line in frames] == list(range(video.shape[1]))
    assert {line['name'] for line in frames} <= {'background', *clips}
    noise = np.random.default_rng(0).random((1, 70, 25, 3)).astype(np.float32)
    np.save(tmp_path / 'noise.npy', noise)
    run_command('stream', tmp_path / 'noise.npy', '--model', tmp_path / 'mine', '--speed', 'inf')
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert {line['name'] for line in lines if 'frame' in line} == {'background'}

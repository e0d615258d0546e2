"""One command from an annotation file to a saved model, of clips and of videos."""

import json
import pickle

import numpy as np
import pytest

from usdrl_mmaction.datasets.synthetic import make_trimmed, make_untrimmed

ACTIONS = ('wave left hand', 'sit down', 'jump')


@pytest.fixture(scope='module')
def files(tmp_path_factory):
    folder = tmp_path_factory.mktemp('fit')
    data = make_trimmed(18 * 10, seed=4)
    names = data['meta']['classes']
    items = [
        item | dict(label=ACTIONS.index(names[item['label']]))
        for item in data['annotations']
        if names[item['label']] in ACTIONS
    ]
    split = dict(train=[item['frame_dir'] for item in items[:18]], val=[item['frame_dir'] for item in items[18:]])
    meta = dict(layout='nturgb+d', classes=list(ACTIONS))
    (folder / 'clips.pkl').write_bytes(pickle.dumps(dict(split=split, annotations=items, meta=meta)))
    videos = make_untrimmed(4, seed=4)
    halves = [item['frame_dir'] for item in videos['annotations']]
    videos['split'] = dict(train=halves[:3], val=halves[3:])
    (folder / 'videos.pkl').write_bytes(pickle.dumps(videos))
    clip = dict(frame_dir='a', label=0, total_frames=9, keypoint=np.ones((1, 9, 25, 3), np.float32))
    video = clip | dict(frame_dir='b', label=-1, segments=np.array([[1, 2, 5]]))
    mixed = dict(split=dict(train=['a', 'b']), meta=dict(layout='nturgb+d'), annotations=[clip, video])
    (folder / 'mixed.pkl').write_bytes(pickle.dumps(mixed))
    return folder


def test_clips(run_command, files, tmp_path, capsys):
    run_command('fit', files / 'clips.pkl', '--model', tmp_path / 'm')
    printed = capsys.readouterr().out
    assert f'{tmp_path / "m"}: fitted to 18, tested on 12: accuracy' in printed
    assert float(printed.split('accuracy ')[1].split('%')[0]) > 80
    run_command('infer', files / 'clips.pkl', '--model', tmp_path / 'm', '--out', tmp_path / 'out')
    results = json.loads((tmp_path / 'out/results.json').read_text())
    assert len(results) == 30 and {result['actions'][0]['name'] for result in results} == set(ACTIONS)


def test_videos(run_command, files, tmp_path, capsys):
    run_command('fit', files / 'videos.pkl', '--model', tmp_path / 'm')
    assert 'fitted to 3, tested on 1: mAP@0.3' in capsys.readouterr().out
    run_command('infer', files / 'videos.pkl', '--model', tmp_path / 'm', '--out', tmp_path / 'out')
    results = json.loads((tmp_path / 'out/results.json').read_text())
    assert len(results) == 4 and all(result['segments'] for result in results)


def test_what_is_refused(run_command, files, tmp_path):
    for arguments, message in (
        ([files / 'mixed.pkl', '--model', tmp_path / 'm'], 'has videos with segments and clips without'),
        ([files / 'clips.pkl', '--model', files], f'{files} exists: choose another folder'),
        ([files / 'clips.pkl', '--model', tmp_path / 'm', '--split', 'x'], "has no split 'x'"),
    ):
        with pytest.raises(SystemExit) as end:
            run_command('fit', *arguments)
        assert message in str(end.value.code)

"""UAV-Human: from .skeleton-like text files to one annotation file of both versions."""

import numpy as np
import pytest
from raw_files import moving, replace_line, write_skeleton

from usdrl_mmaction.datasets import read_annotations


def name_of(subject, label, index=0):
    return f'P{subject:03d}S00G10B10H10UC022000LC021000A{label:03d}R0_{index:08d}'


A, B, C = name_of(3, 0), name_of(7, 154), name_of(118, 20)
CLIPS = {A: moving(1, joints=17), B: moving(2, joints=17, seed=1), C: moving(1, joints=17, seed=2)}


@pytest.fixture
def raw(tmp_path):
    """Version 1 trains on A and B, version 2 on A and C."""
    for folder, names in {'v1/train': (A, B), 'v1/test': (C,), 'v2/train': (A, C), 'v2/test': (B,)}.items():
        (tmp_path / folder).mkdir(parents=True)
        for name in names:
            write_skeleton(tmp_path / folder / f'{name}.txt', CLIPS[name])
    return tmp_path


@pytest.fixture
def convert(raw, run_command):
    def run(*arguments):
        run_command('convert-uav-human', *arguments, '--out', raw / 'out/uav.pkl', '--workers', 1)
        return read_annotations(str(raw / 'out/uav.pkl'))

    return run


def test_both_versions(raw, convert, capsys):
    content = convert('--v1', raw / 'v1', '--v2', raw / 'v2')
    assert content['split'] == {'v1_train': [A, B], 'v1_val': [C], 'v2_train': [A, C], 'v2_val': [B]}
    items = {item['frame_dir']: item for item in content['annotations']}
    assert {name: (item['label'], item['subject']) for name, item in items.items()} == {
        A: (0, 3),
        B: (154, 7),
        C: (20, 118),
    }
    for name, keypoint in CLIPS.items():
        np.testing.assert_array_equal(items[name]['keypoint'], keypoint)
    assert content['meta']['layout'] == 'coco' and len(content['meta']['classes']) == 155
    assert 'uav.pkl: 3 clips, 18 frames, 3 classes, 3 subjects; nothing skipped' in capsys.readouterr().out


def test_broken_clips_are_skipped_counted_and_named(raw, convert, capsys):
    wrong = {
        name_of(1, 155): 'label 155 is not among 0 to 154',
        'P001A001': 'the name is not P…S…G…',
        name_of(1, 1): '12 joints are named as in the layout, but not nose',
        name_of(1, 2): 'nobody is seen in it',
        name_of(1, 3): ", line 6: 'nan' is not a finite number",
        name_of(1, 4): ', line 30: the file ends here',
        name_of(1, 5): ' is empty',
    }
    for name in wrong:
        keypoint = moving(joints=25 if name == name_of(1, 1) else 17) * (name != name_of(1, 2))
        write_skeleton(raw / f'v1/train/{name}.txt', keypoint)
    replace_line(raw / f'v1/train/{name_of(1, 3)}.txt', 6, '0.1 0.2 nan 0')
    cut = raw / f'v1/train/{name_of(1, 4)}.txt'
    cut.write_text('\n'.join(cut.read_text().splitlines()[:30]))
    (raw / f'v1/train/{name_of(1, 5)}.txt').write_text('')
    content = convert('--v1', raw / 'v1')
    assert content['split'] == {'v1_train': [A, B], 'v1_val': [C]}
    done = capsys.readouterr()
    for name, reason in wrong.items():
        line = next(line for line in done.err.splitlines() if f'{name}.txt' in line)
        assert reason in line
    assert '3 clips, 18 frames, 3 classes, 3 subjects; 7 skipped' in done.out


def test_nothing_is_written_when_the_folders_are_wrong(raw, convert):
    with pytest.raises(SystemExit, match='error: give --v1 FOLDER, --v2 FOLDER or both'):
        convert()
    with pytest.raises(SystemExit, match=r'error: .*v1/train/train has no .txt files. Give the folder that contains'):
        convert('--v1', raw / 'v1/train')
    write_skeleton(raw / f'v1/test/{A}.txt', moving(joints=17))
    with pytest.raises(SystemExit, match=f'v1: 1 clip is in both train and test, e.g. {A}'):
        convert('--v1', raw / 'v1')
    assert not (raw / 'out').exists()

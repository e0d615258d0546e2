"""The content of a file is shown after its problems; with problems the command fails."""

import json
import pickle

import matplotlib.image
import numpy as np
import pytest
import torch

from usdrl_mmaction.datasets.store import write_store
from usdrl_mmaction.reports.film_strip import draw_film_strip, viewports
from usdrl_mmaction.skeletons import LAYOUTS


@pytest.fixture
def inspect(content, tmp_path, run_command, capsys):
    """Runs the command on the content: its exit code and what it wrote."""

    def run(*flags, path=None):
        if path is None:
            path = tmp_path / 'mine.pkl'
            path.write_bytes(pickle.dumps(content))
        with pytest.raises(SystemExit) as stop:
            run_command('inspect', path, *flags)
        return stop.value.code, capsys.readouterr().out

    return run


def test_it_shows_the_content(inspect):
    code, out = inspect()
    assert code == 0 and 'no problems found' in out
    rows = [[cell.strip() for cell in line.split('│')[1:-1]] for line in out.splitlines()]
    table = dict(row for row in rows if len(row) == 2)
    assert table['clips'] == '7' and table['frames'] == '56: 8 to 8 a clip, median 8'
    assert table['joints × coordinates'] == '17 × 2 (7 clips)' and table['segments'] == '2'
    assert ['xsub_val', '3', '24', '2', '0'] in rows


def test_problems_come_first_and_make_it_fail(inspect, content):
    content['annotations'][2]['keypoint'][0, 0] = np.nan
    content['annotations'][3]['frame_dir'] = '[red]c3'
    code, out = inspect()
    assert code == 1 and out.lstrip().startswith('✗ 1 clip holds NaN')
    assert '[red]c3' in out


def test_a_store_is_read_too(inspect, content, tmp_path):
    write_store(content, tmp_path / 'mine.store')
    code, out = inspect(path=tmp_path / 'mine.store')
    assert code == 0 and '17 × 2 (7 clips)' in out


def test_joints_that_do_not_fit_the_layout(inspect, tmp_path):
    code, out = inspect('--layout', 'nturgb+d')
    assert code == 1 and "The clips have 17 joints; the layout 'nturgb+d' has 25." in out
    (tmp_path / 'pair.json').write_text(json.dumps(dict(parents=[None, 0])))
    assert "pair.json' has 2." in inspect('--layout', tmp_path / 'pair.json')[1].replace('\n', '')
    assert "Unknown layout 'cocoa'" in inspect('--layout', 'cocoa')[0]


def test_joints_that_do_not_fit_the_checkpoint(inspect, tmp_path):
    path = tmp_path / 'encoder.pth'
    for tokens, expected in [(34, 0), (50, 1)]:
        torch.save(dict(state_dict={'backbone.spatial_position': torch.zeros(1, tokens, 8)}), path)
        code, out = inspect('--checkpoint', path)
        assert code == expected
    assert 'The clips have 17 joints;' in out and 'takes 50' in out
    path.write_bytes(b'nothing')
    assert 'encoder.pth is damaged or cut short' in inspect('--checkpoint', path)[0]


def test_a_file_that_cannot_be_read_is_named(inspect, tmp_path):
    assert 'There is no annotation file' in inspect(path=tmp_path / 'none.pkl')[0]


def test_it_draws_the_given_number_of_clips(inspect, tmp_path):
    inspect('--draw', 2, '--out-dir', tmp_path / 'strips')
    assert sorted(path.name for path in (tmp_path / 'strips').iterdir()) == ['00000_c0.png', '00006_video.png']


def test_a_strip_shows_bones_where_there_are_joints(tmp_path):
    keypoint = np.zeros((1, 4, 25, 3), np.float32)
    draw_film_strip(keypoint, LAYOUTS['nturgb+d'], '', tmp_path / 'empty.png')
    keypoint[0, 2] = np.random.default_rng(0).normal(size=(25, 3))
    draw_film_strip(keypoint, LAYOUTS['nturgb+d'], '', tmp_path / 'third.png')
    empty, third = (matplotlib.image.imread(tmp_path / name) for name in ('empty.png', 'third.png'))
    assert empty.shape == third.shape
    width = third.shape[1] // 4
    changed = [(empty != third)[:, column * width + 40 : (column + 1) * width - 20].any() for column in range(4)]
    assert changed == [False, False, True, False]


def test_viewports_show_all_joints():
    keypoint = np.random.default_rng(0).normal(size=(2, 6, 17, 3))
    keypoint[0, 2:] = 0
    keypoint[:, 5] = 0
    centres, half = viewports(keypoint)
    inside = np.abs(keypoint - centres[None, :, None]) <= half
    assert inside[keypoint.any(-1)].all() and not centres[5].any()


def test_a_checkpoint_of_the_zoo_and_a_model_of_any_body(content, tmp_path, run_command, capsys):
    path = tmp_path / 'clips.pkl'
    path.write_bytes(pickle.dumps(content))
    for checkpoint, problem in (('usdrl://body', ''), ('usdrl://dste_synthetic', 'takes 50 joints')):
        with pytest.raises(SystemExit):
            run_command('inspect', path, '--checkpoint', checkpoint)
        printed = capsys.readouterr().out
        assert ('takes' in printed) == bool(problem) and problem in printed

"""Reasons on the command line: a table and a film strip."""

import numpy as np
import pytest
from matplotlib.image import imread

from usdrl_mmaction.datasets.synthetic import make_trimmed


def test_a_table_and_a_film_strip(run_command, tmp_path, capsys, monkeypatch):
    monkeypatch.setenv('COLUMNS', '120')
    data = make_trimmed(18, seed=2)
    item = next(item for item in data['annotations'] if item['label'] == 0)
    np.save(tmp_path / 'wave.npy', item['keypoint'])
    run_command('explain', tmp_path / 'wave.npy', '--model', 'dste_synthetic', '--label', 0, '--out', tmp_path / 'out')
    printed = capsys.readouterr().out
    assert 'wave left hand' in printed and 'occlusion' in printed and 'gradients' in printed and 'left_' in printed
    picture = imread(tmp_path / 'out/wave.png')
    red = (picture[..., 0] > 0.8) & (picture[..., 1] < 0.7) & (picture[..., 2] < 0.75)
    assert red.sum() > 200  # the discs and the curve
    with pytest.raises(SystemExit, match="There is no class 'fly'"):
        run_command('explain', tmp_path / 'wave.npy', '--model', 'dste_synthetic', '--label', 'fly')

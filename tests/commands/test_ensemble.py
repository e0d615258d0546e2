"""Scores of several models of the same clips, fused."""

import pickle

import numpy as np
import pytest
import torch


@pytest.fixture
def dump(tmp_path):
    """Writes what ``usdrl test --dump`` does; the score of a clip's class and those of two others."""

    def write(name, scores, labels=(0, 1, 2, 0), names='abcd'):
        samples = [
            dict(frame_dir=clip, gt_label=torch.tensor([label]), pred_score=torch.tensor(score, dtype=torch.float32))
            for clip, label, score in zip(names, labels, scores, strict=True)
        ]
        path = tmp_path / f'{name}.pkl'
        path.write_bytes(pickle.dumps(samples))
        return path

    return write


JOINT = [[0.9, 0.1, 0.0], [0.6, 0.4, 0.0], [0.3, 0.1, 0.6], [0.4, 0.6, 0.0]]  # right: a, c
BONE = [[0.4, 0.6, 0.0], [0.1, 0.9, 0.0], [0.5, 0.4, 0.1], [0.7, 0.3, 0.0]]  # right: b, d


def test_accuracies_of_each_and_of_all_in_any_order(dump, run_command, capsys):
    order = [2, 0, 3, 1]
    bone = dump('bone', [BONE[i] for i in order], [(0, 1, 2, 0)[i] for i in order], ['abcd'[i] for i in order])
    run_command('ensemble', dump('joint', JOINT), bone)
    output = capsys.readouterr().out
    assert output.count('50.00%') == 2 and 'Top-1 of 4 clips' in output
    fused = (np.array(JOINT) + np.array(BONE)).argmax(1) == (0, 1, 2, 0)
    assert f'{fused.mean():.2%}' in output.splitlines()[-2] and fused.mean() == 0.75


def test_weights(dump, run_command, capsys):
    run_command('ensemble', dump('joint', JOINT), dump('bone', BONE), '--weights', 0, 1)
    assert '50.00%' in capsys.readouterr().out.splitlines()[-2]
    with pytest.raises(SystemExit, match='--weights gives 3 weights for 2 files'):
        run_command('ensemble', dump('joint', JOINT), dump('bone', BONE), '--weights', 0, 1, 1)


@pytest.mark.parametrize(
    'other, message',
    [
        (dict(scores=BONE, names='abce'), "1 are in the first only and 1 in the second only, e.g. 'd'"),
        (dict(scores=BONE, labels=(0, 1, 2, 1)), "disagree on the label of 1 clip, e.g. 'd'"),
        (dict(scores=[[*row, 0.0] for row in BONE]), 'has 3 classes, .*bone.pkl has 4'),
    ],
)
def test_files_of_other_clips_are_refused(dump, run_command, other, message):
    with pytest.raises(SystemExit, match=message):
        run_command('ensemble', dump('joint', JOINT), dump('bone', **other))


def test_a_file_that_has_no_predictions(dump, run_command, tmp_path):
    (tmp_path / 'no.pkl').write_bytes(b'no')
    with pytest.raises(SystemExit, match='not a whole pickle'):
        run_command('ensemble', dump('joint', JOINT), tmp_path / 'no.pkl')

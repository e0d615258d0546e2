"""`usdrl baselines` on an annotation file."""

import json

import pytest


@pytest.fixture
def without_aeon(monkeypatch):
    monkeypatch.setattr('usdrl_mmaction.engine.baselines.find_spec', lambda name: None)


def test_accuracies_are_printed_and_written(run_command, ann_file, tmp_path, capsys, without_aeon):
    options = f'ann_file={ann_file}', 'layout=nturgb+d', 'split=xsub_train', 'held_out=xsub_train'
    run_command('baselines', 'linear_custom', '--out', tmp_path / 'baselines.json', '--cfg-options', *options)
    printed = capsys.readouterr().out
    assert '16 training clips, 16 test clips' in printed and 'plain, 1-NN' in printed
    assert "pip install 'usdrl-mmaction[baselines]'" in printed
    accuracies = json.loads((tmp_path / 'baselines.json').read_text())
    assert accuracies['plain, 1-NN'] == [1.0]  # each training clip is its own neighbour


def test_a_config_without_training_clips_is_refused_in_one_line(run_command):
    with pytest.raises(SystemExit) as end:
        run_command('baselines', 'knn_synthetic')
    assert (
        end.value.code == 'error: knn_synthetic has no training clips: choose a config that trains, e.g. linear_custom.'
    )

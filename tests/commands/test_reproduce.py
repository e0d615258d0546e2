"""All steps of a benchmark, from data to a number."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import ROOT

from usdrl_mmaction.datasets.annotations import save_annotations
from usdrl_mmaction.datasets.synthetic import make_trimmed


@pytest.fixture
def dry(run_command, monkeypatch, capsys, tmp_path):
    """What is printed for some arguments, in a folder of its own."""

    def run(*arguments):
        monkeypatch.chdir(tmp_path)
        run_command('reproduce', *arguments, '--dry-run', '--out', 'out')
        return [line.strip() for line in capsys.readouterr().out.splitlines() if re.match(r' *\w+: ', line)]

    return run


def test_the_steps_of_a_benchmark(dry):
    pretrain, adapt, test = dry('linear_ntu60', '--seed', '3')
    assert pretrain == ('pretrain: usdrl train pretrain_ntu60 --work-dir out/pretrain_ntu60_seed3 --seed 3 --resume')
    assert adapt == (
        'adapt: usdrl train linear_ntu60 --work-dir out/linear_ntu60_seed3 --seed 3 --resume '
        '--cfg-options load_from=out/pretrain_ntu60_seed3/epoch_451.pth'
    )
    assert test == (
        'test: usdrl test linear_ntu60 out/linear_ntu60_seed3/epoch_150.pth --work-dir out/linear_ntu60_seed3'
    )


def test_retrieval_tests_the_pretrained_encoder(dry):
    pretrain, test = dry('knn_pkummd2')
    assert 'usdrl train pretrain_pkummd2 ' in pretrain and 'out/pretrain_pkummd2_seed0/epoch_1201.pth' in test


def test_a_checkpoint_in_place_of_pretraining(dry):
    adapt, test = dry('detect_pkummd1', '--load-from', 'usdrl://dste_ntu60_xsub_joint')
    folder = 'out/detect_pkummd1_from_dste_ntu60_xsub_joint_seed0'
    assert adapt.endswith(
        f'--work-dir {folder} --seed 0 --resume --cfg-options load_from=usdrl://dste_ntu60_xsub_joint'
    )
    assert f'{folder}/epoch_150.pth' in test


def test_several_processes_train_and_options_have_separate_folders(dry):
    option = 'model.backbone.modalities=[bone]'
    pretrain, adapt, test = dry('linear_ntu60', '--processes', '8', '--cfg-options', option)
    folder = 'out/pretrain_ntu60_model.backbone.modalities=bone_seed0'
    assert pretrain.startswith(f'pretrain: bash {ROOT}/tools/dist_train.sh pretrain_ntu60 8 ')
    assert f'--work-dir {folder} ' in pretrain and f'load_from={folder}/epoch_451.pth' in adapt
    assert all(f"'{option}'" in step for step in (pretrain, adapt, test))


def test_what_has_been_trained_is_not_trained_again(dry, tmp_path):
    folder = tmp_path / 'out/pretrain_ntu60_seed0'
    folder.mkdir(parents=True)
    (folder / 'epoch_10.pth').write_bytes(b'')
    assert len(dry('linear_ntu60')) == 3
    (folder / 'epoch_451.pth').write_bytes(b'')
    assert [step.split(':')[0] for step in dry('linear_ntu60')] == ['adapt', 'test']


def test_all_synthetic_has_every_task_and_makes_the_data_first(dry):
    steps = dry('all_synthetic')
    tested = {re.search(r'usdrl test (\w+) out', step).group(1) for step in steps if step.startswith('test')}
    tasks = {name.split('_')[0] for name in tested}
    assert tasks == {'linear', 'knn', 'semi', 'finetune', 'early', 'detect', 'segment', 'transfer'}
    assert 'linear_synthetic_2d' in tested and steps[0] == 'data: usdrl synthetic'


@pytest.mark.parametrize('name', ['linear_ntu6', 'pretrain_ntu60', 'dste_synthetic', 'linear_custom'])
def test_an_unknown_benchmark_is_reported(name, dry):
    with pytest.raises(SystemExit) as end:
        dry(name)
    assert f"'{name}' is not a benchmark." in end.value.code and 'configs/usdrl/README.md' in end.value.code


def run(*arguments, cwd):
    command = [sys.executable, '-m', 'usdrl_mmaction_cli', 'reproduce', *arguments]
    environment = {**os.environ, 'OMP_NUM_THREADS': '1'}
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=120, env=environment)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    return done.stdout


def test_a_number_and_the_command_that_gave_it(tmp_path):
    """By the encoder in the package, so that nothing is pretrained; the second time takes the place of the first."""
    (tmp_path / 'data/synthetic').mkdir(parents=True)
    save_annotations(make_trimmed(54, seed=1), tmp_path / 'data/synthetic/synthetic.pkl')
    command = 'knn_synthetic', 'linear_synthetic', '--load-from', 'usdrl://dste_synthetic', '--out', 'out'
    run(*command, cwd=tmp_path)
    output = run(*command[1:], cwd=tmp_path)
    assert 'linear_synthetic: test' in output and 'linear_synthetic: adapt' not in output
    results = [json.loads(line) for line in (tmp_path / 'out/results.jsonl').read_text().splitlines()]
    assert [result['benchmark'] for result in results] == ['knn_synthetic', 'linear_synthetic']
    for result in results:
        (accuracy,) = {line['acc/top1'] for line in logged(tmp_path / result['folder'])}
        assert result['measures'] == {'acc/top1': round(100 * accuracy, 1)} and accuracy > 2 / 18
        assert result['seed'] == 0 and 'torch' in result['versions']
    table = (tmp_path / 'out/results.md').read_text()
    assert table in output and table.count('| acc/top1 |') == 2
    assert '`usdrl reproduce linear_synthetic --load-from usdrl://dste_synthetic --out out`' in table


def logged(folder: Path) -> list[dict]:
    """What MMEngine logged of every test."""
    files = [path for path in folder.glob('*/*.json') if path.stem == path.parent.name]
    return [json.loads(line) for path in files for line in path.read_text().splitlines()]

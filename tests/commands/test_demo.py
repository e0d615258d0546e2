"""The demo runs commands that exist, on configs that exist, and compares what they measured."""

import json
from pathlib import Path
from types import SimpleNamespace

import pytest

from usdrl_mmaction.commands import demo
from usdrl_mmaction.commands.arguments import parse
from usdrl_mmaction.commands.common import find_config


@pytest.mark.parametrize('seeds', [[3], [0, 1]])
def test_its_steps_and_its_table(tmp_path, run_command, monkeypatch, capsys, seeds):
    steps = []

    def run(folder, name):
        value = (0.75 if 'pretrained' in folder.name else 0.5) + 0.1 * ('seed1' in str(folder))
        metrics = {measure: value for _, measure in demo.MEASURES}
        return SimpleNamespace(metrics=metrics, checkpoint=Path(folder, 'epoch_1.pth'))

    def step(title, command):
        steps.append(command)
        if command[1] == 'baselines':
            Path(command[-1]).write_text(json.dumps({'plain, ridge': [0.6], 'MiniRocket': [0.7, 0.8], 'other': [0.1]}))

    monkeypatch.setattr(demo, 'Run', run)
    monkeypatch.setattr(demo, 'run_step', step)
    run_command('demo', '--work-dir', tmp_path, '--seeds', *seeds)
    assert [command[1] for command in steps[:3]] == ['synthetic', 'baselines', 'train']
    assert steps[-1] == ['usdrl', 'report', str(tmp_path)]
    trained = [parse('train', command[2:]) for command in steps if command[1] == 'train']
    tested = [parse('test', command[2:]) for command in steps if command[1] == 'test']
    assert (len(trained), len(tested)) == (5 * len(seeds), 6 * len(seeds))
    assert {args.seed for args in trained} == set(seeds)
    assert all(find_config(args.config).is_file() for args in (*trained, *tested))
    folder = tmp_path if len(seeds) == 1 else tmp_path / f'seed{seeds[0]}'
    start = [args.cfg_options.get('load_from') for args in trained[:5]]
    assert start == [None, None, None, *[str(folder / 'pretrain/epoch_1.pth')] * 2]
    results = json.loads((tmp_path / 'results.json').read_text())
    one_seed = results['1-NN retrieval, accuracy']
    assert (one_seed['random'][0], one_seed['pretrained'][0]) == (0.5, 0.75)
    assert results['linear classifier, accuracy'] | one_seed == {
        'plain': [0.6], 'MiniRocket': [0.7, 0.8], **one_seed
    }  # fmt: skip
    printed = capsys.readouterr().out
    assert '+25.0' in printed and '75.0%' in printed and '7.1' in printed  # MiniRocket has seeds of its own

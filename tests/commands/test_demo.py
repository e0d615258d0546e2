"""The demo runs commands that exist, on configs that exist, and compares what they measured."""

import json
import re
from pathlib import Path
from types import SimpleNamespace

import pytest

from usdrl_mmaction.commands import demo
from usdrl_mmaction.commands.arguments import parse
from usdrl_mmaction.commands.common import find_config


@pytest.mark.parametrize('seeds', [[3], [0, 1]])
def test_its_steps_and_its_table(tmp_path, run_command, monkeypatch, capsys, seeds):
    steps, told = [], []

    def run(folder, name):
        value = (0.75 if 'pretrained' in folder.name else 0.5) + 0.1 * ('seed1' in str(folder))
        metrics = {measure: value for _, measure in demo.MEASURES}
        return SimpleNamespace(metrics=metrics, checkpoint=Path(folder, 'epoch_1.pth'))

    def step(title, command, left):
        steps.append(command)
        told.append(left)
        if command[1] == 'baselines':
            Path(command[-1]).write_text(json.dumps({'plain, ridge': [0.6], 'MiniRocket': [0.7, 0.8], 'other': [0.1]}))
        return 1.0

    monkeypatch.setattr(demo, 'Run', run)
    monkeypatch.setattr(demo, 'run_step', step)
    run_command('demo', '--work-dir', tmp_path, '--seeds', *seeds)
    assert [command[1] for command in steps[:4]] == ['synthetic', 'fit', 'synthetic', 'train']  # an answer comes first
    assert re.fullmatch(rf'1 of {len(steps)}, about \d+ min \d+ s left. ', told[0]) and ' min ' not in told[-1]
    assert steps[-1] == ['usdrl', 'report', str(tmp_path)]
    trained = [parse('train', command[2:]) for command in steps if command[1] == 'train']
    tested = [parse('test', command[2:]) for command in steps if command[1] == 'test']
    assert (len(trained), len(tested)) == (5 * len(seeds), 6 * len(seeds))
    assert {args.seed for args in trained} == set(seeds)
    assert all(find_config(args.config).is_file() for args in (*trained, *tested))
    folder = tmp_path if len(seeds) == 1 else tmp_path / f'seed{seeds[0]}'
    begun = {Path(args.work_dir).name: args.cfg_options.get('load_from') for args in trained if args.seed == seeds[0]}
    pretrained = str(folder / 'pretrain/epoch_1.pth')
    assert begun == dict(
        pretrain=None,
        linear_random=None,
        linear_pretrained=pretrained,
        detect_random=None,
        detect_pretrained=pretrained,
    )
    results = json.loads((tmp_path / 'results.json').read_text())
    one_seed = results['1-NN retrieval, accuracy']
    assert (one_seed['random'][0], one_seed['pretrained'][0]) == (0.5, 0.75)
    assert results['linear classifier, accuracy'] | one_seed == {
        'plain': [0.6], 'MiniRocket': [0.7, 0.8], **one_seed
    }  # fmt: skip
    printed = capsys.readouterr().out
    assert '+25.0' in printed and '75.0%' in printed and '7.1' in printed  # MiniRocket has seeds of its own

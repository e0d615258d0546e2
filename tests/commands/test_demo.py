"""The demo runs commands that exist, on configs that exist, and compares what they measured."""

import json
from pathlib import Path
from types import SimpleNamespace

from usdrl_mmaction.commands import demo, test, train
from usdrl_mmaction.commands.common import find_config


def test_its_steps_and_its_table(tmp_path, run_command, monkeypatch, capsys):
    steps = []

    def run(folder, name):
        value = 0.75 if 'pretrained' in folder.name else 0.5
        metrics = {measure: value for _, measure in demo.TITLES}
        return SimpleNamespace(metrics=metrics, checkpoint=Path(folder, 'epoch_1.pth'))

    monkeypatch.setattr(demo, 'Run', run)
    monkeypatch.setattr(demo, 'run_step', lambda title, command: steps.append(command))
    run_command('demo', '--work-dir', tmp_path, '--seed', 3)
    assert [step[:2] for step in steps[:2]] == [['usdrl', 'synthetic'], ['usdrl', 'train']]
    assert steps[-1] == ['usdrl', 'report', str(tmp_path)]
    trained = [train.parse_args(step[2:]) for step in steps if step[1] == 'train']
    tested = [test.parse_args(step[2:]) for step in steps if step[1] == 'test']
    assert (len(trained), len(tested)) == (5, 6) and {args.seed for args in trained} == {3}
    assert all(find_config(args.config).is_file() for args in (*trained, *tested))
    start = [args.cfg_options.get('load_from') for args in trained]
    assert start == [None, None, None, *[str(tmp_path / 'pretrain/epoch_1.pth')] * 2]
    results = json.loads((tmp_path / 'results.json').read_text())
    assert results['1-NN retrieval, accuracy'] == {'random': 0.5, 'pretrained': 0.75}
    assert '+25.0 points' in capsys.readouterr().out

"""The benchmark command: its table agrees with its JSON, and memory and kinds of operations are measured correctly."""

import importlib.util
import json
import statistics
import subprocess
import sys

import pytest
import torch
from conftest import ROOT

TOOL = ROOT / 'tools/dev/benchmark.py'


@pytest.fixture(scope='module')
def benchmark():
    paths = list(sys.path)
    spec = importlib.util.spec_from_file_location('benchmark', TOOL)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    yield module
    sys.path[:] = paths


def run_benchmark(*arguments):
    command = [sys.executable, TOOL, *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=120)


def test_a_row_is_the_median_of_repeated_runs(tmp_path):
    done = run_benchmark('detection', '--repeats', 3, '--out', tmp_path / 'a/b.json')
    assert done.returncode == 0, done.stderr
    result = json.loads((tmp_path / 'a/b.json').read_text())
    row = result['rows']['detection']
    for who in ('ours', 'textbook'):
        assert len(row['seconds'][who]) == 3
        assert row['median'][who] == statistics.median(row['seconds'][who]) > 0
    assert row['speedup'] == row['median']['textbook'] / row['median']['ours']
    assert f'{row["speedup"]:.2f}×' in done.stdout
    assert result['machine']['torch'] == torch.__version__


def test_an_unknown_row_is_answered_with_the_known_ones():
    done = run_benchmark('stepp')
    assert done.returncode == 2
    assert 'there is no row stepp; the rows are: views,' in done.stderr


def test_peak_memory_is_the_most_at_any_moment(benchmark):
    def run():
        first = torch.ones(1000, 1000)  # 4 MB
        second = first + 1  # 8 MB held
        del first
        return second + 1  # 8 MB again

    assert benchmark.peak_memory(run) == pytest.approx(8e6, rel=1e-4)  # and the scalars


def test_the_kind_of_an_operation(benchmark):
    kinds = {
        'aten::addmm': 'matrix products',
        'aten::copy_': 'copies and casts',
        'aten::native_layer_norm_backward': 'norms',
        'aten::_softmax': 'softmax',
        'aten::_fused_adam_': 'optimizer',
        'aten::gelu': benchmark.profile.OTHER,
    }
    assert {name: benchmark.profile.kind_of(name) for name in kinds} == kinds


def test_a_profile_separates_products_from_the_rest(benchmark):
    matrix = torch.randn(500, 500)
    spent = benchmark.profile.profile(lambda: [matrix @ matrix for _ in range(20)])
    assert spent['matrix products'] > spent.get('copies and casts', 0) >= 0

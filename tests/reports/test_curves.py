"""Numbers are drawn at their epochs, with related numbers in one panel."""

import base64

import pytest
from reports.run_folders import training, write_start

from usdrl_mmaction.reports.curves import all_series, early_prediction, embedding_diagnostics, training_curves
from usdrl_mmaction.reports.runs import Run


def run_of(work_dir, lines, tested=None) -> Run:
    write_start(work_dir, '20260101_000000', lines, tested)
    return Run(work_dir, 'w')


def test_lines_of_an_epoch_are_spread_over_it():
    unit, series = all_series([*training(2), {'acc/top1': 0.5, 'step': 2}])
    assert unit == 'epoch'
    assert series['loss'] == ([0.5, 1.0, 1.5, 2.0], [10 / 1, 10 / 2, 10 / 3, 10 / 4])
    assert series['acc/top1'] == ([2], [0.5])
    assert 'time' not in series and 'iter' not in series


def test_half_an_epoch_is_drawn_as_half():
    assert all_series(training(2)[:3])[1]['loss'][0] == [0.5, 1.0, 1.5]


def test_without_epochs_iterations_count():
    lines = [dict(loss=1.0, iter=step, step=step) for step in (100, 200)]
    assert all_series(lines) == ('iteration', {'loss': ([100, 200], [1.0, 1.0])})


def test_related_numbers_share_a_panel(work_dir):
    lines = [
        dict(line, loss_cls=line['loss'], instance_cross=2.0, temporal_cross=1.0, grad_norm=3.0) for line in training(2)
    ]
    validations = [{'acc/top1': 0.5, 'acc/top5': 0.9, 'detection/f1@0.5': 0.1, 'step': step} for step in (1, 2)]
    part = training_curves(run_of(work_dir, [*lines, *validations]))
    titles = [picture.title for picture in part.pictures]
    assert titles == ['loss', 'cross', 'grad_norm', 'acc, validation', 'detection/f1, validation', 'lr']


def test_equal_curves_are_one_with_both_names(work_dir):
    lines = [{'acc/top1': 0.1 * step, 'acc/mean1': 0.1 * step + 1e-12, 'step': step} for step in (1, 2)]
    (panel,) = training_curves(run_of(work_dir, lines)).pictures
    assert 'top1, mean1' in base64.b64decode(panel.source.split(',')[1]).decode()


def test_one_point_is_not_drawn_as_a_curve(work_dir):
    assert training_curves(run_of(work_dir, training(1)[:1])) is None


def test_diagnostics_have_separate_panels_with_their_last_number(work_dir):
    looks = [
        {'health/effective_rank': rank, 'health/spread': 0.25, 'step': step} for step, rank in ((1, 9.0), (2, 7.5))
    ]
    run = run_of(work_dir, [*training(2), *looks])
    assert [picture.title.split(': ')[-1] for picture in embedding_diagnostics(run).pictures] == ['7.5', '0.25']
    assert [picture.title for picture in training_curves(run).pictures] == ['loss', 'lr']


def test_there_are_no_diagnostics_where_none_were_logged(work_dir):
    assert embedding_diagnostics(run_of(work_dir, training(2))) is None


@pytest.mark.parametrize('tested', [{}, {'early/acc@0.5': 0.25, 'early/acc@1': 0.75, 'early/auc': 0.5}])
def test_early_prediction_needs_its_numbers(work_dir, tested):
    part = early_prediction(run_of(work_dir, [], tested))
    assert part is None if not tested else '0.5' in part.text

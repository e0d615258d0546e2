"""Runs are found where MMEngine writes them, and a resumed start continues the earlier one."""

import pytest
from reports.run_folders import training, write_start

from usdrl_mmaction.reports.runs import Run, find_runs, settings


def steps(run: Run) -> list[int]:
    return [line['iter'] for line in run.scalars if 'iter' in line]


def test_a_resumed_start_replaces_the_iterations_it_repeats(work_dir):
    write_start(work_dir, '20260101_000000', [*training(3), {'acc/top1': 0.1, 'step': 3}])
    write_start(work_dir, '20260102_000000', training(4, first=3, loss=20.0))
    (run,) = find_runs(work_dir)
    assert steps(run) == [1, 2, 3, 4, 5, 6, 7, 8]
    assert [line['loss'] for line in run.scalars] == [10 / 1, 10 / 2, 10 / 3, 10 / 4, 20 / 5, 20 / 6, 20 / 7, 20 / 8]


def test_a_start_from_the_beginning_replaces_the_earlier_one(work_dir):
    write_start(work_dir, '20260101_000000', training(3))
    write_start(work_dir, '20260102_000000', training(1, loss=5.0))
    assert [line['loss'] for line in Run(work_dir, 'w').scalars] == [5.0, 2.5]


def test_an_incomplete_last_line_is_left_out(work_dir):
    write_start(work_dir, '20260101_000000', training(1))
    with open(work_dir / '20260101_000000/vis_data/scalars.json', 'a') as file:
        file.write('{"loss": 1.2, "ep')
    assert steps(Run(work_dir, 'w')) == [1, 2]


def test_metrics_are_those_of_the_last_test_or_else_validation(work_dir):
    validations = [
        {'acc/top1': value, 'data_time': 0.1, 'time': 0.2, 'step': step} for step, value in ((1, 0.1), (2, 0.2))
    ]
    write_start(work_dir, '20260101_000000', [*training(2), *validations, {'health/spread': 0.5, 'step': 2}])
    assert Run(work_dir, 'w').metrics == {'acc/top1': 0.2}
    write_start(work_dir, '20260102_000000', tested={'acc/top1': 0.3, 'time': 0.2})
    assert Run(work_dir, 'w').metrics == {'acc/top1': 0.3}


def test_settings_of_training_are_kept_after_a_test_with_another_config(work_dir):
    write_start(work_dir, '20260101_000000', training(1), config='epochs = 3')
    write_start(work_dir, '20260102_000000', tested={'acc/top1': 0.3}, config='epochs = 24')
    run = Run(work_dir, 'w')
    assert (run.trained_config.epochs, run.config.epochs) == (3, 24)
    write_start(work_dir / 'fitted', '20260101_000000', [CLOSED_FORM], config='epochs = 3')
    write_start(work_dir / 'fitted', '20260102_000000', tested={'acc/top1': 0.3}, config='epochs = 24')
    assert Run(work_dir / 'fitted', 'w').trained_config.epochs == 3
    write_start(work_dir / 'tested', '20260102_000000', tested={'acc/top1': 0.3}, config='epochs = 24')
    assert Run(work_dir / 'tested', 'w').trained_config.epochs == 24


def test_several_runs_are_in_the_order_of_their_start(work_dir):
    write_start(work_dir / 'b', '20260101_000000')
    write_start(work_dir / 'a', '20260102_000000')
    (work_dir / 'c').mkdir()
    (work_dir / 'c/predictions.pkl').touch()
    (work_dir / 'empty').mkdir()
    assert [run.name for run in find_runs(work_dir)] == ['b', 'a', 'c']
    assert [run.name for run in find_runs(work_dir / 'a')] == ['a']


def test_the_last_checkpoint_is_found_in_a_moved_folder(work_dir):
    run = Run(work_dir, 'w')
    assert run.checkpoint is None
    (work_dir / 'last_checkpoint').write_text('/elsewhere/epoch_2.pth')
    assert run.checkpoint is None
    (work_dir / 'epoch_2.pth').touch()
    assert run.checkpoint == work_dir / 'epoch_2.pth'


CLOSED_FORM = {'fit/strength': 215.4, 'fit/left_out_accuracy': 0.744, 'step': 1}
FROZEN = "model = dict(type='FrozenRecognizer', backbone=dict(type='DSTE'))"


@pytest.mark.parametrize(
    'lines, shown',
    [
        (
            [CLOSED_FORM, {'acc/top1': 0.7, 'step': 1}],
            'ridge regression on standardised features, in closed form; strength 215 by leave-one-out, accuracy of the '
            'clips left out 74.4%',
        ),
        (training(10), 'by steps; the training loss fell from 7.5 to 0.513'),
        (training(10)[::-1], 'by steps, not converged: the training loss rose from 0.513 to 7.5'),
    ],
)
def test_settings_tell_whether_the_classifier_converged(work_dir, lines, shown):
    write_start(work_dir, '20260101_000000', lines, config=FROZEN)
    assert settings(Run(work_dir, 'run'))['classifier'] == shown


def test_a_fit_in_closed_form_has_no_optimizer(work_dir):
    optimizer = "\noptim_wrapper = dict(optimizer=dict(type='SGD', lr=0.1))"
    write_start(work_dir / 'fitted', '20260101_000000', [CLOSED_FORM], config=FROZEN + optimizer)
    write_start(work_dir / 'by steps', '20260101_000000', training(2), config=FROZEN + optimizer)
    assert 'optimizer' not in settings(Run(work_dir / 'fitted', 'run'))
    assert settings(Run(work_dir / 'by steps', 'run'))['optimizer'] == 'SGD, lr=0.1'


def test_a_model_that_is_not_frozen_has_no_such_line(work_dir):
    write_start(work_dir, '20260101_000000', training(2))
    assert 'classifier' not in settings(Run(work_dir, 'run'))

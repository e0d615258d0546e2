"""A wrong command is answered in one line: what is wrong and what to do."""

import errno
import pickle
from argparse import Namespace
from multiprocessing import Pipe
from multiprocessing.connection import Client

import pytest
from mmengine.config import Config

from usdrl_mmaction.commands import run
from usdrl_mmaction.commands.common import build_runner, load_config, one_line_errors
from usdrl_mmaction.errors import AnnotationError, CheckpointError, ConfigError, MissingFileError, SaveError, UsageError

CONFIG = 'pretrain_synthetic'


def arguments(config=CONFIG, **options):
    return Namespace(config=config, cfg_options=options, launcher='none', work_dir=None, local_rank=0, force=False)


@pytest.mark.parametrize(
    'key',
    [
        'train_cfg.max_epochs',
        'model.backbone.num_heads',  # not in the file, but something is built from this dict
        'model.data_preprocessor.augmentations.0.prob',
        'load_from',
        'randomness.seed',
    ],
)
def test_keys_that_exist_or_may_be_added(key):
    load_config(arguments(**{key: 1}))


@pytest.mark.parametrize(
    'key, message',
    [
        ('train_dataloder.batch_size', r"has no 'train_dataloder'\. Did you mean 'train_dataloader'\?"),
        (
            'env_cfg.mp_cfg.opencv_threads',
            r"env_cfg.mp_cfg has no 'opencv_threads'\. Did you mean 'opencv_num_threads'",
        ),
        ('nonsense', r"pretrain_synthetic.py has no 'nonsense'\. It has: .*model"),
        ('model.data_preprocessor.augmentations.7.prob', "is a list of 3, without '7'"),
        ('train_cfg.max_epochs.step', "is 80, which has no 'step'"),
    ],
)
def test_keys_that_do_not_exist(key, message):
    with pytest.raises(ConfigError, match=message):
        load_config(arguments(**{key: 1}))


def test_a_config_that_does_not_exist():
    with pytest.raises(MissingFileError, match=r'There is no config configs/nothing\.py'):
        load_config(arguments('configs/nothing.py'))


@pytest.mark.parametrize(
    'error, line',
    [
        (UsageError('no such thing.'), 'error: no such thing.'),
        (AnnotationError('no such file.'), 'error: no such file.'),
        (
            TypeError("class `DSTE` in x.py: DSTE.__init__() got an unexpected keyword argument 'depth'"),
            "error: DSTE has no argument 'depth': correct the config or --cfg-options.",
        ),
        (ConfigError('no such\nsetting.'), 'error: no such setting.'),
        (
            RuntimeError('mat1 and mat2 shapes cannot be multiplied (8x32 and 256x3)'),
            'error: a layer takes 256 features and gets 32: set in_channels of the head to 32.',
        ),
        (SaveError('no room.'), 'error: no room.'),
        (CheckpointError('cut short.'), 'error: cut short.'),
        (
            AnnotationError(
                'Caught AnnotationError in DataLoader worker process 0.\nOriginal Traceback (most recent call last):\n'
                '  File "a.py", line 1, in load\nusdrl_mmaction.errors.AnnotationError: no such clip.\n'
            ),
            'error: no such clip.',
        ),
        (
            OSError(errno.ENOSPC, 'No space left on device', 'work/scalars.json'),
            'error: work/scalars.json cannot be written: No space left on device. Make room, then run this again.',
        ),
        (KeyboardInterrupt(), 130),
        (
            KeyError('DST is not in the mmaction::model registry. Please check'),
            "error: no 'DST' is registered in mmaction::model: correct the 'type' in the config.",
        ),
    ],
)
def test_one_line(error, line):
    with pytest.raises(SystemExit) as exit_, one_line_errors():
        raise error
    assert exit_.value.code == line


def test_a_dead_data_loading_process_is_reported_with_what_to_do_wherever_torch_raises():
    def interrupted():
        try:
            raise RuntimeError('DataLoader worker (pid 7) is killed by signal: Killed. \nmore')
        except RuntimeError:
            raise SyntaxError('what was interrupted takes it for a fault of its own')  # noqa: B904

    with pytest.raises(SystemExit) as exit_, one_line_errors():
        interrupted()
    assert exit_.value.code.startswith('error: DataLoader worker (pid 7) is killed by signal: Killed. The system')
    assert 'lower num_workers or batch_size' in exit_.value.code and '--resume' in exit_.value.code


def test_a_process_that_died_while_it_handed_over_a_batch():
    here, there = Pipe()
    there.close()
    with pytest.raises(SystemExit, match=r'^error: A data loading process has ended\. The'), one_line_errors():
        here.recv_bytes()
    with pytest.raises(SystemExit, match='lower num_workers'), one_line_errors():
        Client('no such socket')
    with pytest.raises(EOFError), one_line_errors():
        pickle.loads(b'')


def test_a_full_disk_is_reported_even_with_an_earlier_error_as_context():
    """C code leaves one without a traceback."""
    full = OSError(errno.EFBIG, 'File too large', 'work/config.py')
    full.__context__ = OSError(errno.EFBIG, 'File too large')
    with pytest.raises(SystemExit, match=r'work/config.py cannot be written: File too large'), one_line_errors():
        raise full


def test_a_work_dir_that_cannot_be_written_to(tmp_path):
    (tmp_path / 'file').write_text('')
    for work_dir in (tmp_path / 'file', tmp_path / 'file/below', '/proc/work'):
        with pytest.raises(ConfigError, match=r'the work dir .* cannot be written to: .*Set --work-dir'):
            build_runner(Config(dict(work_dir=str(work_dir))))


OTHERS = [TypeError('3 is not a tensor'), KeyError('loss'), RuntimeError('out of memory'), OSError(5, 'I/O error')]


@pytest.mark.parametrize('error', OTHERS)
def test_other_errors_keep_their_traceback(error):
    with pytest.raises(type(error)), one_line_errors():
        raise error


def interrupted(*_, **__):
    raise KeyboardInterrupt


def test_ctrl_c_while_mmengine_lays_out_a_config_is_no_fault_of_the_config(monkeypatch):
    monkeypatch.setattr('mmengine.config.config.FormatCode', interrupted)
    with pytest.raises(SystemExit) as end, one_line_errors():
        _ = Config(dict(a=1)).pretty_text
    assert end.value.code == 130


def test_ctrl_c_during_the_imports_ends_without_a_word(monkeypatch, capsys):
    monkeypatch.setattr('usdrl_mmaction.commands.import_module', interrupted)
    with pytest.raises(SystemExit) as end:
        run('synthetic', [])
    assert end.value.code == 130 and capsys.readouterr() == ('', '')

"""What the commands share: configs, tables of numbers, and errors in one line."""

import argparse
import difflib
import errno
import os
import re
import signal
import sys
import traceback
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

import torch
from mmaction.registry import RUNNERS
from mmengine.config import Config
from mmengine.runner import Runner
from rich.table import Column, Table

from usdrl_mmaction.engine import UsdrlRunner
from usdrl_mmaction.engine.runner.overrides import override
from usdrl_mmaction.errors import UsdrlError
from usdrl_mmaction.files import missing

CONFIGS = Path(__file__).resolve().parents[1] / '.mim/configs/usdrl'


def number_table(title: str, label: str, *numbers: str) -> Table:
    """A table with a column of labels and columns of numbers."""
    return Table(label, *(Column(name, justify='right') for name in numbers), title=title)


def read_config(given: str | Path, options: dict) -> Config:
    """A config with the settings of ``--cfg-options``."""
    cfg = Config.fromfile(find_config(given))
    override(cfg, options)
    return cfg


def load_config(args: argparse.Namespace) -> Config:
    """The config of a run, with the flags that training and testing have in common."""
    os.environ.setdefault('LOCAL_RANK', str(args.local_rank))
    cfg = read_config(args.config, args.cfg_options)
    backends = cfg.get('visualizer', {}).get('vis_backends', [])
    if find_spec('tensorboard') and all(backend.type != 'TensorboardVisBackend' for backend in backends):
        backends.append(dict(type='TensorboardVisBackend'))
    cfg.launcher, cfg.force = args.launcher, args.force
    cfg.work_dir = args.work_dir or cfg.get('work_dir') or str(Path('work_dirs', Path(args.config).stem))
    if not torch.cuda.is_available():
        cfg.env_cfg.dist_cfg.backend = 'gloo'
    return cfg


def find_config(given: str | Path) -> Path:
    """The file of a config: its path, or the name of one of this package's, with or without '.py'."""
    path = Path(given)
    if path.is_file():
        return path
    ours = {file.stem: file for file in CONFIGS.rglob('*.py')}
    if path.stem in ours and path.name == str(given):
        return ours[path.stem]
    close = difflib.get_close_matches(path.stem, ours, 1)
    hint = f"Did you mean '{close[0]}'?" if close else 'configs/usdrl/README.md lists those of this package.'
    raise missing(path, 'config', hint)


def build_runner(cfg: Config) -> Runner:
    """The runner that the config names, or else ``UsdrlRunner``."""
    return RUNNERS.build(cfg) if 'runner_type' in cfg else UsdrlRunner.from_cfg(cfg)


# Errors of other packages: type, message, and what to print.
FOREIGN = (
    (TypeError, r"(\w+)\.__init__\(\) got an unexpected keyword argument '(\w+)'",
     "{0} has no argument '{1}': correct the config or --cfg-options."),
    (KeyError, r'(\w+) is not in the (\S+) registry',
     "no '{0}' is registered in {1}: correct the 'type' in the config."),
    (RuntimeError, r'mat1 and mat2 shapes cannot be multiplied \(\d+x(\d+) and (\d+)x\d+\)',
     'a layer takes {1} features and gets {0}: set in_channels of the head to {0}.'),
)  # fmt: skip
# torch puts the traceback of a data loading process before its message.
FROM_WORKER = re.compile(r'^Caught \w+ in DataLoader worker.*\n[\w.]+: ', re.DOTALL)
DEAD_READER = re.compile(r'DataLoader worker \(pid')
DISK_ERRORS = (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EFBIG)


@contextmanager
def one_line_errors():
    """Print errors that another command or config fixes in one line; all others keep their traceback."""
    try:
        yield
    except KeyboardInterrupt:
        sys.exit(130)
    except Exception as error:
        if isinstance(error, SyntaxError) and isinstance(error.__context__, KeyboardInterrupt):
            sys.exit(130)  # MMEngine blames the config that it lays out
        line = in_one_line(error)
        if line is None:
            raise
        sys.exit(f'error: {line}')


def in_one_line(error: Exception) -> str | None:
    if dead := dead_reader(error):
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)  # torch would raise again for the next one that ends
        return (
            f'{dead} The system kills a process that takes too much memory: lower num_workers or batch_size of the '
            'data loader. --resume continues from the last checkpoint.'
        )
    if isinstance(error, UsdrlError):
        return ' '.join(FROM_WORKER.sub('', str(error)).split())
    if isinstance(error, OSError) and error.errno in DISK_ERRORS:
        return f'{error.filename or "a file"} cannot be written: {error.strerror}. Make room, then run this again.'
    for kind, pattern, line in FOREIGN:
        if isinstance(error, kind) and (match := re.search(pattern, str(error))):
            return line.format(*match.groups())
    return None


def dead_reader(error: BaseException | None) -> str | None:
    """The message about a data loading process that died. torch raises it wherever this process happens to be, and
    what it interrupts there may raise something else."""
    while error is not None:
        if isinstance(error, RuntimeError) and DEAD_READER.match(str(error)):
            return str(error).splitlines()[0].strip()
        frames = [frame for frame, _ in traceback.walk_tb(error.__traceback__)]  # none, if C code went on after it
        between_processes = frames and frames[-1].f_globals['__name__'] == 'multiprocessing.connection'
        if isinstance(error, OSError | EOFError) and between_processes:
            return 'A data loading process has ended.'  # while it handed over a batch
        error = error.__context__
    return None

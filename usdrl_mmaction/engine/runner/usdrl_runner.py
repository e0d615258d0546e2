"""The runner of this package's configs, which MMAction2's own tools build as well."""

import os
import re
from contextlib import redirect_stdout
from io import StringIO
from logging import WARNING, StreamHandler
from pathlib import Path
from tempfile import TemporaryFile

from mmengine.config import Config
from mmengine.logging import MMLogger
from mmengine.registry import RUNNERS
from mmengine.runner import FlexibleRunner, Runner

from usdrl_mmaction.errors import ConfigError

from ..hooks.epoch_line_hook import EpochLineHook
from .allocator import keep_pages
from .one_run import end_with_launcher, one_run, take
from .overrides import check_overrides
from .settings import complete

# Warnings of MMEngine about itself
FOREIGN = re.compile(r'FileClient|HardDiskBackend|save_param_scheduler')


@RUNNERS.register_module()
class UsdrlRunner(Runner):
    """MMEngine's ``Runner``, or its ``FlexibleRunner`` for a config with a ``strategy``. Fills in the settings that a
    config leaves to the annotation file, refuses those that cannot take effect, and shares its work dir with no other
    run.

    With ``brief``, the console gets warnings and a line an epoch; the log file in the work dir has all.
    """

    brief = False  # of the process: MMEngine builds runners from configs alone

    def build_logger(self, *args, **kwargs) -> MMLogger:
        logger = super().build_logger(*args, **kwargs)
        if self.brief:
            for handler in logger.handlers:
                if type(handler) is StreamHandler:
                    handler.addFilter(
                        lambda record: record.levelno >= WARNING and not FOREIGN.search(record.getMessage())
                    )
        return logger

    def load_checkpoint(self, filename, *args, **kwargs):
        if not self.brief:
            return super().load_checkpoint(filename, *args, **kwargs)
        with redirect_stdout(StringIO()) as told:  # MMEngine prints what is left out
            content = super().load_checkpoint(filename, *args, **kwargs)
        drawn = re.search(r'missing keys in source state_dict: (.*)', told.getvalue())
        print(f'starts from {filename}' + (f'; at random: {drawn[1]}' if drawn else ''))
        return content

    def register_default_hooks(self, hooks=None):
        super().register_default_hooks(hooks)
        if self.brief:
            self.register_hook(EpochLineHook(), priority='LOWEST')

    @classmethod
    def from_cfg(cls, cfg: Config | dict) -> Runner | FlexibleRunner:
        cfg = cfg if isinstance(cfg, Config) else Config(cfg)
        try:  # MMEngine would fail later, in many lines
            Path(cfg.work_dir).mkdir(parents=True, exist_ok=True)
            TemporaryFile(dir=cfg.work_dir).close()
        except OSError as error:
            text = f'the work dir {cfg.work_dir} cannot be written to: {error.strerror}. Set --work-dir.'
            raise ConfigError(text) from error
        check_overrides(cfg)
        if cfg.get('launcher') == 'pytorch' and 'TORCHELASTIC_RUN_ID' in os.environ:
            end_with_launcher()
        take(cfg.work_dir, cfg.get('launcher', 'none'), cfg.pop('force', False))
        keep_pages()
        cfg = complete(cfg)
        return FlexibleRunner.from_cfg(cfg) if cfg.get('strategy') else super().from_cfg(cfg)

    def train(self):
        with one_run(self.work_dir, self._launcher):
            return super().train()

    def val(self):
        with one_run(self.work_dir, self._launcher):
            return super().val()

    def test(self):
        with one_run(self.work_dir, self._launcher):
            return super().test()

"""The runner of this package's configs, which MMAction2's own tools build as well."""

import os
from pathlib import Path
from tempfile import TemporaryFile

from mmengine.config import Config
from mmengine.registry import RUNNERS
from mmengine.runner import FlexibleRunner, Runner

from usdrl_mmaction.errors import ConfigError

from .allocator import keep_pages
from .one_run import end_with_launcher, one_run, take
from .overrides import check_overrides
from .settings import complete


@RUNNERS.register_module()
class UsdrlRunner(Runner):
    """MMEngine's ``Runner``, or its ``FlexibleRunner`` for a config with a ``strategy``. Fills in the settings that a
    config leaves to the annotation file, refuses those that cannot take effect, and shares its work dir with no other
    run."""

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

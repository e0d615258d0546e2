"""The runner of this package's configs, which MMAction2's own tools build as well."""

from pathlib import Path
from tempfile import TemporaryFile

from mmengine.config import Config
from mmengine.registry import RUNNERS
from mmengine.runner import FlexibleRunner, Runner

from usdrl_mmaction.errors import ConfigError

from .allocator import keep_pages
from .overrides import check_overrides
from .settings import complete


@RUNNERS.register_module()
class UsdrlRunner(Runner):
    """MMEngine's ``Runner``, or its ``FlexibleRunner`` for a config with a ``strategy``. Fills in the settings that a
    config leaves to the annotation file, and refuses those that cannot take effect."""

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
        keep_pages()
        cfg = complete(cfg)
        return FlexibleRunner.from_cfg(cfg) if cfg.get('strategy') else super().from_cfg(cfg)

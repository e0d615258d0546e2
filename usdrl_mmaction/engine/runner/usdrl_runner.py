"""The runner that configs name, so that MMAction2's own tools build it as well."""

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
        check_work_dir(Path(cfg.work_dir))
        check_overrides(cfg)
        keep_pages()
        cfg = complete(cfg)
        return FlexibleRunner.from_cfg(cfg) if cfg.get('strategy') else super().from_cfg(cfg)


def check_work_dir(folder: Path):
    """Logs and checkpoints can be written there; MMEngine would find out late, and in many lines."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        TemporaryFile(dir=folder).close()
    except OSError as error:
        raise ConfigError(f'the work dir {folder} cannot be written to: {error.strerror}. Set --work-dir.') from error

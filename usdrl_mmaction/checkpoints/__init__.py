"""Checkpoints: safe reading and saving, their descriptions, the authors' format, downloads and the zoo."""


def register():
    """Has MMEngine read every checkpoint by this package: files, and ``usdrl://NAME``."""
    from mmengine.runner.checkpoint import CheckpointLoader

    from .reading import load_from_local
    from .zoo import PREFIX, load_from_zoo

    CheckpointLoader.register_scheme(prefixes='', loader=load_from_local, force=True)
    CheckpointLoader.register_scheme(prefixes=PREFIX, loader=load_from_zoo, force=True)

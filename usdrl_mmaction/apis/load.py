"""Opens what can be asked in Python by its name or path."""

from pathlib import Path

from usdrl_mmaction.checkpoints.folder import CONFIG, read_about

from .classifier import ActionClassifier
from .detector import ActionDetector
from .encoder import BodyEncoder, open_encoder


def load(name: str | Path, device: str | None = None) -> BodyEncoder | ActionClassifier | ActionDetector:
    """An ``ActionClassifier`` or ``ActionDetector`` from the folder that it was saved to; otherwise the ``BodyEncoder``
    of a model of the zoo, such as 'body', or of a checkpoint that usdrl publish wrote.

    >>> usdrl_mmaction.load('body').embed(clips, layout='coco')
    """
    kind = read_about(name).get('kind') if Path(name, CONFIG).is_file() else None
    opener = {'classifier': ActionClassifier.open, 'detector': ActionDetector.open}.get(kind, open_encoder)
    return opener(name, device)

"""Opens what can be asked in Python by its name or path."""

from pathlib import Path

from usdrl_mmaction.checkpoints.folder import CONFIG, read_about

from .classifier import ActionClassifier
from .detector import ActionDetector
from .encoder import BodyEncoder, open_encoder


def load(name: str | Path, device: str | None = None) -> BodyEncoder | ActionClassifier | ActionDetector:
    """An ``ActionClassifier`` or ``ActionDetector`` from the folder that it was saved to; otherwise the ``BodyEncoder``
    of a model of the zoo, such as 'body', or of a checkpoint that usdrl publish wrote.

    Examples:
        >>> import usdrl_mmaction as usdrl
        >>> from usdrl_mmaction.datasets.synthetic import labelled_clips
        >>> clips, _ = labelled_clips(3)
        >>> usdrl.load('body').embed(clips, layout='nturgb+d').shape
        (3, 256)
    """
    kind = read_about(name).get('kind') if Path(name, CONFIG).is_file() else None
    opener = {'classifier': ActionClassifier.open, 'detector': ActionDetector.open}.get(kind, open_encoder)
    return opener(name, device)

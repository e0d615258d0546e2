"""Opens what can be asked in Python by its name or path."""

from pathlib import Path
from typing import TYPE_CHECKING

from usdrl_mmaction.body import BODY
from usdrl_mmaction.models import FrameLocalizer

from .encoder import BodyEncoder
from .inferencer import SkeletonInferencer
from .model import find_model, load_model
from .saved import saved

if TYPE_CHECKING:
    from .classifier import ActionClassifier
    from .detector import ActionDetector


def load(
    name: str | Path, device: str | None = None
) -> 'BodyEncoder | ActionClassifier | ActionDetector | SkeletonInferencer':
    """What a name or path holds: a model of the zoo, such as 'body', a work dir or checkpoint of usdrl train, a folder
    that was saved or published, or hf://OWNER/NAME.

    An ``ActionClassifier`` or ``ActionDetector`` comes back as such, an encoder of any body as ``BodyEncoder``, and any
    other model as ``SkeletonInferencer``. Nothing of it is run but this package's own code.

    Examples:
        >>> import usdrl_mmaction as usdrl
        >>> from usdrl_mmaction.datasets.synthetic import labelled_clips
        >>> clips, _ = labelled_clips(3)
        >>> usdrl.load('body').embed(clips, layout='nturgb+d').shape
        (3, 256)
    """
    source = find_model(name)
    _, opened = saved(source, device)
    if opened:
        return opened
    model = load_model(source)
    answers = isinstance(model, FrameLocalizer) or model.with_cls_head
    if answers or getattr(model.backbone, 'skeleton', None) != BODY:
        return SkeletonInferencer(model, device=device)
    return BodyEncoder(model, device)

"""What ``ActionClassifier.save`` and ``ActionDetector.save`` wrote. Scikit-learn is imported where it is needed."""

from usdrl_mmaction.checkpoints.folder import is_folder, read_about

CLASSIFIER, DETECTOR = 'classifier', 'detector'


def saved(folder: str, device: str | None = None) -> tuple[str | None, object]:
    """The kind of what was saved in a folder, and it, opened; or None and None."""
    kind = read_about(folder).get('kind') if is_folder(folder) else None
    if kind == CLASSIFIER:
        from .classifier import ActionClassifier as Saved
    elif kind == DETECTOR:
        from .detector import ActionDetector as Saved
    else:
        return None, None
    return kind, Saved.open(folder, device)

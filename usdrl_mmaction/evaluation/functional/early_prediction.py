"""Early prediction: the accuracy as a function of the share of a clip that was seen."""

import numpy as np

from usdrl_mmaction.errors import PredictionError


def early_prediction_curve(scores: np.ndarray, labels: np.ndarray) -> dict:
    """``ratios`` and ``accuracy`` (R,), and ``auc``, the area under the curve: for a constant accuracy, that accuracy.

    ``scores`` (N, R, classes) are the scores of each clip after k/R of it, k = 1 … R; ``labels`` (N,).

    Examples:
        >>> import numpy as np
        >>> from usdrl_mmaction.evaluation import early_prediction_curve
        >>> scores = np.array([[[0.6, 0.4], [0.2, 0.8]], [[0.7, 0.3], [0.9, 0.1]]])  # 2 clips, 2 ratios, 2 classes
        >>> curve = early_prediction_curve(scores, np.array([1, 0]))
        >>> curve['accuracy'].tolist(), curve['auc']
        ([0.5, 1.0], 0.75)
    """
    scores, labels = np.asarray(scores), np.asarray(labels)
    if scores.ndim != 3 or scores.shape[1] < 2 or not scores.size or labels.shape != scores.shape[:1]:
        raise PredictionError(
            'A curve needs scores of (clips, ratios, classes), at least one clip and two ratios, and a label a clip; '
            f'found scores {scores.shape} and labels {labels.shape}.'
        )
    accuracy = (scores.argmax(2) == labels[:, None]).mean(0)  # (R,)
    ratios = np.arange(1, len(accuracy) + 1) / len(accuracy)
    return {'ratios': ratios, 'accuracy': accuracy, 'auc': float((accuracy[1:] + accuracy[:-1]).mean() / 2)}

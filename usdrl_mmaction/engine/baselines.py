"""Recognition without an encoder: classifiers on the joints themselves, which an encoder has to beat."""

from importlib.util import find_spec

import numpy as np
from sklearn.decomposition import PCA
from sklearn.linear_model import LogisticRegression, LogisticRegressionCV
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline

from .ridge import fit_ridge

COMPONENTS = 150
KERNELS = {'MiniRocket': 5000, 'MultiRocket': 6250}
PLAIN = ('plain, 1-NN', 'plain, PCA + logistic regression', 'plain, ridge')


def baselines() -> list[str]:
    """The names of those that this environment has the packages for."""
    return [*PLAIN, *(KERNELS if find_spec('aeon') else ())]


def predict_baseline(name: str, train: np.ndarray, labels: np.ndarray, test: np.ndarray, seed: int = 0) -> np.ndarray:
    """The labels of the test clips.  # (N, M, T, V, C), (N,), (K, M, T, V, C) -> (K,)

    Args:
        name (str): *Plain* takes the joints of all frames as features. MiniRocket and MultiRocket classify time series
            by random convolutions and ridge regression; they need the package aeon.
        train (np.ndarray): Clips that are centred, scaled and resized to one length.
        labels (np.ndarray): Their labels.
        test (np.ndarray): Clips prepared in the same way.
        seed (int): Of the random convolutions.
    """
    if name in KERNELS:
        return rocket(name, seed).fit(as_series(train), labels).predict(as_series(test))
    scale = train.std()
    train, test = (clips.reshape(len(clips), -1).astype(np.float64) / scale for clips in (train, test))
    if name == 'plain, ridge':
        fitted = fit_ridge(train, labels, labels.max() + 1)
        return fitted.scores(test).argmax(1)
    model = KNeighborsClassifier(1) if name == 'plain, 1-NN' else pca_logistic(train, labels)
    return model.fit(train, labels).predict(test)


def pca_logistic(train: np.ndarray, labels: np.ndarray):
    """Its strength is chosen by cross-validation, where each class has two clips."""
    folds = min(5, np.unique(labels, return_counts=True)[1].min())
    logistic = LogisticRegression(max_iter=2000)
    if folds > 1:
        strengths = dict(Cs=np.logspace(-4, 2, 7), l1_ratios=(0,), use_legacy_attributes=False)
        logistic = LogisticRegressionCV(**strengths, cv=folds, scoring='accuracy', max_iter=2000)
    return make_pipeline(PCA(min(COMPONENTS, len(train) - 1), random_state=0), logistic)


def rocket(name: str, seed: int):
    from aeon.classification.convolution_based import MiniRocketClassifier, MultiRocketClassifier

    kind = {'MiniRocket': MiniRocketClassifier, 'MultiRocket': MultiRocketClassifier}[name]
    return kind(n_kernels=KERNELS[name], random_state=seed)


def as_series(clips: np.ndarray) -> np.ndarray:
    """A channel for each coordinate of each joint.  # (N, M, T, V, C) -> (N, M·V·C, T)"""
    return np.ascontiguousarray(clips.transpose(0, 1, 3, 4, 2).reshape(len(clips), -1, clips.shape[2]))

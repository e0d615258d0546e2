"""A classifier of actions on frozen features, with scikit-learn's conventions: seconds from clips to answers."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from scipy.special import softmax
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils.validation import check_is_fitted
from torch import Tensor

from usdrl_mmaction.body import jumps_about, recognise
from usdrl_mmaction.checkpoints.folder import read_folder, write_folder
from usdrl_mmaction.engine.convolutions import BIASES, RandomConvolutions, num_features
from usdrl_mmaction.engine.novelty import IMPOSSIBLE, Known, distances, unit
from usdrl_mmaction.engine.ridge import LinearClassifier, fit_ridge
from usdrl_mmaction.errors import CheckpointError, UsageError
from usdrl_mmaction.models.backbones.streams import pooled_width

from .encoder import BodyEncoder, Clips, as_clips, layout_of_asked, open_encoder

POOLING = ('max', 'mean', 'std', 'parts')
WEIGHTS = (0.6, 1.0)  # of the encoder's features and of the convolutions
UNKNOWN = 'unknown'
KEPT = 500  # clips of a saved model, at most, to which partial_fit can add


class ActionClassifier(ClassifierMixin, BaseEstimator):
    """Ridge regression on the features of a frozen encoder and on random convolutions of the joints' paths, its
    strength chosen by leave-one-out.

    >>> model = usdrl_mmaction.ActionClassifier(layout='coco').fit(clips, labels)
    >>> model.predict(clips)
    array(['wave', 'sit'], dtype='<U4')
    >>> model.save('mine')
    >>> usdrl_mmaction.load('mine').predict_proba(clips)

    Args:
        encoder (str | BodyEncoder): A model of the zoo, the path of a checkpoint, or an encoder.
        layout (str | dict | None): The layout of the clips, as ``BodyEncoder.embed`` takes it.
        convolutions (bool): False to use the encoder alone.
        unknown (bool): Whether ``predict`` answers 'unknown' (-1 where labels are numbers) for a clip that is unlike
            all that it was fitted on.
    """

    def __init__(self, encoder='body', layout=None, convolutions=True, unknown=False):
        self.encoder = encoder
        self.layout = layout
        self.convolutions = convolutions
        self.unknown = unknown

    def fit(self, X: Clips, y: Sequence) -> 'ActionClassifier':
        """Fits the classifier to clips and their labels, which are names or numbers."""
        clips, y = as_clips(X), np.asarray(y)
        if y.shape != (len(clips),):
            raise UsageError(f'{len(clips)} clips need as many labels, in one dimension; these are {y.shape}.')
        self.encoder_ = open_encoder(self.encoder)
        self.layout_ = recognise(clips[0]) if self.layout is None else self.layout
        return self._fit(self._prepared(clips), y)

    def partial_fit(self, X: Clips, y: Sequence) -> 'ActionClassifier':
        """Adds clips to those that it was fitted on: of known classes or of new ones."""
        if not hasattr(self, 'clips_'):
            return self.fit(X, y)
        if len(self.clips_) < len(self.labels_):
            raise UsageError(f'A saved model of more than {KEPT} clips does not keep them: fit it to all clips again.')
        clips = torch.cat([self.clips_, self._prepared(as_clips(X))])
        return self._fit(clips, np.concatenate([self.classes_[self.labels_], np.asarray(y)]))

    def predict_proba(self, X: Clips) -> np.ndarray:
        """The probability of each class, if the clip is of one of them.  # (N, classes)"""
        return self.answer(self._asked(X))[0]

    def predict(self, X: Clips) -> np.ndarray:
        """The label of each clip.  # (N,)"""
        probability, novelty = self.answer(self._asked(X))
        labels = self.classes_[probability.argmax(1)]
        if not self.unknown:
            return labels
        strange = novelty > self.known_.threshold
        if labels.dtype.kind in 'iufb':
            return np.where(strange, -1, labels)
        return np.where(strange, UNKNOWN, labels.astype(object)).astype(str)

    def novelty(self, X: Clips) -> np.ndarray:
        """How unlike the clips that it was fitted on each clip is; above ``known_.threshold`` it is unknown.  # (N,)"""
        return self.answer(self._asked(X))[1]

    def answer(self, clips: Tensor) -> tuple[np.ndarray, np.ndarray]:
        """Probabilities and novelty of clips as the encoder takes them.  # (N, M, T, V, C) -> (N, classes), (N,)"""
        features, maxima = self._features(clips)
        scores = self.linear_.scores(features)
        distance = self._distances(maxima)[np.arange(len(scores)), scores.argmax(1)]
        novelty = self.known_.novelty(distance, scores.max(1))
        return softmax(scores, axis=1), np.where(jumps_about(clips), IMPOSSIBLE, novelty)

    def save(self, folder: str | Path):
        """Writes a folder that ``usdrl_mmaction.load`` opens, with all that it takes to predict."""
        check_is_fitted(self)
        arrays = dict(weight=self.linear_.weight, bias=self.linear_.bias, maxima=self.maxima_, labels=self.labels_)
        if self.convolutions:
            arrays['biases'] = self.random_.biases
        if len(self.labels_) <= KEPT and len(self.clips_) == len(self.labels_):
            arrays['clips'] = self.clips_.half().numpy()
        about = dict(classes=self.classes_.tolist(), fitted_layout=self.layout_, known=self.known_)
        parameters = {name: value for name, value in self.get_params().items() if name != 'encoder'}
        write_folder(folder, self.encoder_.model, arrays, dict(kind='classifier', **about, parameters=parameters))

    @classmethod
    def open(cls, folder: str | Path, device: str | None = None) -> 'ActionClassifier':
        """A classifier that ``save`` wrote."""
        model, arrays, about = read_folder(folder)
        check(model.backbone, arrays, about, folder)
        opened = cls(encoder=str(folder), **about['parameters'])
        opened.encoder_, opened.layout_ = BodyEncoder(model, device), about['fitted_layout']
        opened.random_ = RandomConvolutions(arrays.get('biases'))
        opened.linear_ = LinearClassifier(arrays['weight'], arrays['bias'])
        opened.classes_, opened.labels_ = np.asarray(about['classes']), arrays['labels']
        opened.maxima_, opened.known_ = arrays['maxima'], Known(*about['known'])
        opened.clips_ = torch.from_numpy(arrays.get('clips', np.zeros(0))).float()
        return opened

    def _fit(self, clips: Tensor, y: np.ndarray) -> 'ActionClassifier':
        self.clips_ = clips.half().float()  # as they are saved
        self.classes_, self.labels_ = np.unique(y, return_inverse=True)
        self.random_ = RandomConvolutions().fit(self.clips_) if self.convolutions else None
        features, self.maxima_ = self._features(self.clips_)
        of_encoder = pooled_width(POOLING, self.encoder_.backbone.embed_dims)
        sizes = of_encoder, features.shape[1] - of_encoder
        groups = [(size, weight) for size, weight in zip(sizes, WEIGHTS, strict=True) if size]
        fitted = fit_ridge(features, self.labels_, len(self.classes_), groups=groups)
        self.linear_ = fitted.rounded()
        # Each clip's distance to the others of its class, and its score by a fit on the others.
        distance = self._distances(self.maxima_, left_out=True)[np.arange(len(y)), self.labels_]
        self.known_ = Known.of(distance, fitted.left_out[np.arange(len(y)), self.labels_], len(self.classes_))
        return self

    def _distances(self, maxima: np.ndarray, left_out: bool = False) -> np.ndarray:
        """The cosine distance to the nearest clip of each class.  # (N, 2D) -> (N, classes)"""
        return distances(maxima, self.maxima_, self.labels_, len(self.classes_), left_out)

    def _asked(self, X: Clips) -> Tensor:
        check_is_fitted(self)
        return self._prepared(as_clips(X))

    def _prepared(self, clips: list[np.ndarray]) -> Tensor:
        """Clips as the encoder takes them. Those without the number of joints that it was fitted to have their own
        layout."""
        return self.encoder_.prepare(clips, layout_of_asked(clips[0], self.layout, self.layout_))

    def _features(self, clips: Tensor) -> tuple[np.ndarray, np.ndarray]:
        """All features of each clip, and the encoder's maxima, of length 1.  # (N, F), (N, 2D)"""
        features = self.encoder_.encode(clips, POOLING)
        maxima = unit(features[:, : 2 * self.encoder_.backbone.embed_dims])
        if self.convolutions:
            features = np.concatenate([features, self.random_.transform(clips)], axis=1)
        return features, maxima


def check(backbone, arrays: dict[str, np.ndarray], about: dict, folder: str | Path):
    """Raises if a folder does not hold what ``ActionClassifier.save`` writes."""
    classes, parameters, labels = about.get('classes'), about.get('parameters'), arrays.get('labels', np.zeros(0))
    described = (
        isinstance(classes, list)
        and len(classes)
        and all(isinstance(name, str | int | float) for name in classes)
        and is_known(about.get('known'))
        and isinstance(parameters, dict)
        and set(parameters) == {'layout', 'convolutions', 'unknown'}
        and labels.ndim == 1
        and labels.size
        and labels.min() >= 0
        and labels.max() < len(classes)
    )
    if described:
        people = backbone.clip_shape[0]
        width = pooled_width(POOLING, backbone.embed_dims) + bool(parameters['convolutions']) * num_features(people)
        shapes = dict(weight=(len(classes), width), bias=(len(classes),), maxima=(len(labels), 2 * backbone.embed_dims))
        if parameters['convolutions']:
            shapes['biases'] = (num_features(1) // BIASES, BIASES)
        if 'clips' in arrays:
            shapes['clips'] = (len(labels), *backbone.clip_shape)
        described = {name: value.shape for name, value in arrays.items() if name != 'labels'} == shapes
    if not described:
        raise CheckpointError(f'{folder} does not hold a classifier as ActionClassifier.save writes it: fit it again.')


def is_known(found) -> bool:
    """Whether a value from JSON is that of ``Known``."""
    try:
        (one, two), (three, four), five = found
        return all(isinstance(value, float) and np.isfinite(value) for value in (one, two, three, four, five))
    except (TypeError, ValueError):
        return False

"""A classifier of actions on frozen features, with scikit-learn's conventions: seconds from clips to answers."""

import warnings
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import torch
from scipy.special import expit, softmax
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.model_selection import GroupShuffleSplit, train_test_split
from sklearn.utils.class_weight import compute_sample_weight
from sklearn.utils.validation import check_is_fitted
from torch import Tensor

from usdrl_mmaction.body import BODY, as_body, body_mapping, jumps_about, recognise
from usdrl_mmaction.checkpoints.build import is_layout
from usdrl_mmaction.checkpoints.folder import read_folder, write_folder
from usdrl_mmaction.engine.convolutions import BIASES, RandomConvolutions, num_features
from usdrl_mmaction.engine.novelty import IMPOSSIBLE, Known, distances, unit, unless
from usdrl_mmaction.engine.ridge import LinearClassifier, fit_ridge
from usdrl_mmaction.errors import CheckpointError, UsageError
from usdrl_mmaction.models.backbones.streams import pooled_width

from .classifier_network import POOLING, ClassifierNetwork
from .encoder import BodyEncoder, Clips, as_clips, layout_of_asked, open_encoder
from .explain import Drawn, Explanation, explain
from .finetuning import fine_tuned

WEIGHT = 0.6  # of the encoder's features; that of the convolutions is below 1
HELD_OUT, LEAST_FINETUNED, LEAST_OF_CLASS = 0.25, 12, 2  # share and numbers of clips for fine-tuning
PARAMETERS = {'layout', 'convolutions', 'unknown', 'class_weight', 'finetune', 'random_state'}
KEPT = 500  # clips of a saved model, at most, to which partial_fit can add


class ActionClassifier(ClassifierMixin, BaseEstimator):
    """Ridge regression on the features of a frozen encoder and on random convolutions of the joints' paths, its
    strength chosen by leave-one-out.

    Args:
        encoder (str | BodyEncoder): A model of the zoo, the path of a checkpoint, or an encoder.
        layout (str | dict | None): The layout of the clips, as ``BodyEncoder.embed`` takes it.
        convolutions (bool): False to use the encoder alone.
        unknown (bool): Whether ``predict`` answers 'unknown' (-1 where labels are numbers, no label where a clip may
            have several) for a clip that is unlike all that it was fitted on.
        class_weight (dict | str | None): The weight of each class, or 'balanced' for all classes to weigh alike.
        finetune (bool): Whether to train the encoder on, for seconds to minutes. A quarter of the clips is held out
            first: unless they are told apart better by it, the encoder stays as it is (``finetuned_``,
            ``validation_``).
        random_state (int): The seed of fine-tuning.

    Examples:
        >>> import usdrl_mmaction as usdrl
        >>> from usdrl_mmaction.datasets.synthetic import labelled_clips
        >>> model = usdrl.ActionClassifier(layout='nturgb+d').fit(*labelled_clips(36))
        >>> others, truth = labelled_clips(2, seed=1)  # by other people
        >>> model.predict(others).tolist(), truth
        (['wave left hand', 'wave right hand'], ['wave left hand', 'wave right hand'])
        >>> model.predict_proba(others).shape
        (2, 18)
        >>> model.save('mine')  # doctest: +SKIP
        >>> usdrl.load('mine').predict(others)  # doctest: +SKIP
    """

    def __init__(
        self,
        encoder='body',
        layout=None,
        convolutions=True,
        unknown=False,
        class_weight=None,
        finetune=False,
        random_state=0,
    ):
        self.encoder = encoder
        self.layout = layout
        self.convolutions = convolutions
        self.unknown = unknown
        self.class_weight = class_weight
        self.finetune = finetune
        self.random_state = random_state

    def fit(self, X: Clips, y: Sequence, groups: Sequence | None = None) -> 'ActionClassifier':
        """Fits the classifier to clips and their labels: a name or number each, or a matrix (N, L) of 0 and 1, in which
        a clip may have several labels or none. The columns of a table of pandas name these. ``groups`` says who is seen
        in each clip: fine-tuning then holds out the clips of some people, which is a harder and fairer test."""
        clips, names, y = as_clips(X), getattr(y, 'columns', None), np.asarray(y)
        if y.ndim not in (1, 2) or len(y) != len(clips):
            raise UsageError(
                f'{len(clips)} clips need as many labels, in one dimension, or a 0/1 matrix ({len(clips)}, labels); '
                f'these are {y.shape}.'
            )
        if y.ndim == 2 and (not y.size or set(np.unique(y).tolist()) - {0, 1}):
            raise UsageError(f'A matrix of labels holds 0 and 1 alone; this one {y.shape} holds other values.')
        self.encoder_ = open_encoder(self.encoder)
        self.layout_ = recognise(clips[0]) if self.layout is None else self.layout
        self.multilabel_ = y.ndim == 2
        if self.multilabel_:
            self.classes_ = np.arange(y.shape[1]) if names is None else np.asarray([str(name) for name in names])
        prepared = self._prepared(clips).half().float()  # as they are saved
        self.finetuned_ = False
        if self.finetune:
            self._finetune(prepared, y, groups)
        return self._fit(prepared, y)

    def partial_fit(self, X: Clips, y: Sequence) -> 'ActionClassifier':
        """Adds clips to those that it was fitted on: of known classes or of new ones."""
        if not hasattr(self, 'clips_'):
            return self.fit(X, y)
        if self.multilabel_:
            raise UsageError('A model of several labels at once takes no more clips: fit it to all of them again.')
        if len(self.clips_) < len(self.labels_):
            raise UsageError(f'A saved model of more than {KEPT} clips does not keep them: fit it to all clips again.')
        clips = torch.cat([self.clips_, self._prepared(as_clips(X))])
        return self._fit(clips, np.concatenate([self.classes_[self.labels_], np.asarray(y)]))

    def predict_proba(self, X: Clips) -> np.ndarray:
        """The probability of each class, if the clip is of one of them; of several labels at once, of each.
        # (N, classes)"""
        return self.answer(self._asked(X))[0]

    def predict(self, X: Clips) -> np.ndarray:
        """The label of each clip; of several at once, 0 and 1.  # (N,) or (N, classes)"""
        probability, novelty = self.answer(self._asked(X))
        if self.multilabel_:
            strange = novelty > self.known_.threshold if self.unknown else np.zeros(len(novelty), bool)
            return ((probability >= 0.5) & ~strange[:, None]).astype(int)
        labels = self.classes_[probability.argmax(1)]
        if not self.unknown:
            return labels
        return unless(novelty > self.known_.threshold, labels)

    def novelty(self, X: Clips) -> np.ndarray:
        """How unlike the clips that it was fitted on each clip is; above ``known_.threshold`` it is unknown.  # (N,)"""
        return self.answer(self._asked(X))[1]

    def answer(self, clips: Tensor) -> tuple[np.ndarray, np.ndarray]:
        """Probabilities and novelty of clips as the encoder takes them.  # (N, M, T, V, C) -> (N, classes), (N,)"""
        features, maxima = self._features(clips)
        scores = self.linear_.scores(features)
        novelty = self.known_.novelty(*self._at(maxima, scores, scores.argmax(1)))
        probability = expit(scores) if self.multilabel_ else softmax(scores, axis=1)
        return probability, np.where(jumps_about(clips), IMPOSSIBLE, novelty)

    def save(self, folder: str | Path):
        """Writes a folder that ``usdrl_mmaction.load`` opens, with all that it takes to predict."""
        check_is_fitted(self)
        arrays = dict(weight=self.linear_.weight, bias=self.linear_.bias, maxima=self.maxima_, labels=self.labels_)
        if self.convolutions:
            arrays['biases'] = self.random_.biases
        if len(self.labels_) <= KEPT and len(self.clips_) == len(self.labels_):
            arrays['clips'] = self.clips_.half().numpy()
        about = dict(classes=self.classes_.tolist(), fitted_layout=self.layout_, known=self.known_)
        about |= dict(multilabel=self.multilabel_, finetuned=self.finetuned_)
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
        opened.multilabel_, opened.finetuned_ = opened.labels_.ndim == 2, bool(about.get('finetuned'))
        opened.clips_ = torch.from_numpy(arrays.get('clips', np.zeros(0))).float()
        return opened

    def explain(self, clip: np.ndarray, label=None, method: str = 'occlusion') -> Explanation:
        """Which joints and which frames of a clip decided for a class, by default the most probable one.

        Args:
            clip (np.ndarray): (T, V, C) or (M, T, V, C)
            label (str | int | None): The class.
            method (str): 'occlusion' or 'gradients'.
        """
        (keypoint,) = as_clips([clip])
        mapping = body_mapping(layout_of_asked(keypoint, self.layout, self.layout_))
        drawn = Drawn(as_body(keypoint, mapping), BODY)
        (prepared,) = self._asked([keypoint])
        return explain(*self.explained(), prepared, drawn, self.classes_.tolist(), label, method, self.multilabel_)

    def explained(self) -> tuple[Callable, Callable]:
        """What ``explain`` asks: probabilities of clips, and scores with gradients."""
        network = self.network(soft=True)
        return lambda clips: self.answer(clips)[0], lambda clips: network(clips, network.backbone(clips))

    def network(self, soft: bool = False) -> 'ClassifierNetwork':
        """The classifier as one network, for export; ``soft`` for gradients."""
        check_is_fitted(self)
        return ClassifierNetwork(self, soft)

    def _finetune(self, clips: Tensor, y: np.ndarray, groups: Sequence | None):
        """Trains the encoder on, if clips that are held out are then told apart better."""
        targets = y if self.multilabel_ else np.unique(y, return_inverse=True)[1]
        strata = None if self.multilabel_ else targets
        if len(y) < LEAST_FINETUNED or (strata is not None and np.bincount(targets).min() < LEAST_OF_CLASS):
            warnings.warn(f'Too few clips to hold some out ({len(y)}): the encoder is not fine-tuned.', stacklevel=3)
            return
        how = dict(test_size=HELD_OUT, random_state=self.random_state)
        if groups is None:
            part, held = train_test_split(np.arange(len(y)), stratify=strata, **how)
        else:
            part, held = next(GroupShuffleSplit(n_splits=1, **how).split(y, y, groups))
            held = held if self.multilabel_ else held[np.isin(y[held], y[part])]
        weights, frozen = self._weights(y), self.encoder_

        def trained(chosen: np.ndarray) -> BodyEncoder:
            chosen_weights = None if weights is None else weights[chosen]
            return fine_tuned(frozen, clips[chosen], targets[chosen], chosen_weights, self.random_state)

        loss, self.validation_ = {}, {}
        for name, encoder in (('frozen', frozen), ('finetuned', trained(part))):
            self.encoder_ = encoder
            probability = self._fit(clips[part], y[part]).answer(clips[held])[0]
            known = targets[held] if self.multilabel_ else np.searchsorted(self.classes_, y[held])
            loss[name], self.validation_[name] = self._quality(probability, known)
        better = loss['finetuned'] < loss['frozen'] and self.validation_['finetuned'] >= self.validation_['frozen']
        self.finetuned_, self.encoder_ = better, trained(np.arange(len(y))) if better else frozen

    def _quality(self, probability: np.ndarray, targets: np.ndarray) -> tuple[float, float]:
        """The logistic loss of answers, and their accuracy.  # (n, classes), (n,) or (n, classes)"""
        if self.multilabel_:
            right = np.where(targets > 0, probability, 1 - probability)
            return float(-np.log(right.clip(1e-9)).mean()), float((right >= 0.5).mean())
        right = probability[np.arange(len(targets)), targets]
        return float(-np.log(right.clip(1e-9)).mean()), float((probability.argmax(1) == targets).mean())

    def _weights(self, y: np.ndarray) -> np.ndarray | None:
        """The weight of each clip.  # (N,)"""
        if self.class_weight is None:
            return None
        if self.multilabel_:
            raise UsageError('class_weight goes with one label a clip, not with a matrix of several.')
        return compute_sample_weight(self.class_weight, y)

    def _fit(self, clips: Tensor, y: np.ndarray) -> 'ActionClassifier':
        self.clips_ = clips.half().float()  # as they are saved
        if self.multilabel_:
            self.labels_ = y.astype(np.int64)
        else:
            self.classes_, self.labels_ = np.unique(y, return_inverse=True)
        self.random_ = RandomConvolutions().fit(self.clips_) if self.convolutions else None
        features, self.maxima_ = self._features(self.clips_)
        of_encoder = pooled_width(POOLING, self.encoder_.backbone.embed_dims)
        sizes = of_encoder, features.shape[1] - of_encoder
        weights = WEIGHT, weight_of_convolutions(self.labels_)
        groups = [(size, weight) for size, weight in zip(sizes, weights, strict=True) if size]
        fitted = fit_ridge(features, self.labels_, len(self.classes_), groups=groups, weights=self._weights(y))
        self.linear_ = fitted.rounded()
        # Each clip's distance to the others of its class, and its score by a fit on the others.
        own = self._at(self.maxima_, fitted.left_out, self.labels_, left_out=True)
        self.known_ = Known.of(*own, 1 if self.multilabel_ else len(self.classes_))
        return self

    def _at(self, maxima: np.ndarray, scores: np.ndarray, labels: np.ndarray, left_out: bool = False) -> tuple:
        """The distance of clips to the nearest one of their class, and their score there; of several labels, to the
        nearest one, and how sure the surest answer is.  # (N, 2D), (N, classes), (N,) -> (N,), (N,)"""
        if self.multilabel_:
            one = np.zeros(len(self.maxima_), int)
            return distances(maxima, self.maxima_, one, 1, left_out)[:, 0], np.abs(scores).max(1)
        rows = np.arange(len(scores)), labels
        return distances(maxima, self.maxima_, self.labels_, len(self.classes_), left_out)[rows], scores[rows]

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


def weight_of_convolutions(labels: np.ndarray) -> float:
    """It grows with the number of clips of a class: from one clip, thousands of random features say little.
    # (N,) or (N, L)"""
    of_class = np.bincount(labels) if labels.ndim == 1 else labels.sum(0)
    return max(1 - 1 / max(of_class.mean(), 1), 0.01)


def check(backbone, arrays: dict[str, np.ndarray], about: dict, folder: str | Path):
    """Raises if a folder does not hold what ``ActionClassifier.save`` writes."""
    classes, parameters, labels = about.get('classes'), about.get('parameters'), arrays.get('labels', np.zeros(0))
    described = (
        isinstance(classes, list)
        and len(classes)
        and all(isinstance(name, str | int | float) for name in classes)
        and is_known(about.get('known'))
        and isinstance(parameters, dict)
        and {'layout', 'convolutions', 'unknown'} <= set(parameters) <= PARAMETERS
        and is_layout(about.get('fitted_layout'))
        and labels.size
        and labels.min() >= 0
        and (labels.max() < len(classes) if labels.ndim == 1 else labels.max() <= 1)
        and labels.shape[1:] in ((), (len(classes),))
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

"""Temporal action detection on frozen features: from videos with segments to a detector, in about a minute."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from scipy.special import softmax
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted

from usdrl_mmaction.body import as_body, body_mapping, in_frame, recognise
from usdrl_mmaction.checkpoints.folder import read_folder, write_folder
from usdrl_mmaction.datasets.windows import cut, starts_of_windows
from usdrl_mmaction.engine.ridge import LinearClassifier, fit_ridge
from usdrl_mmaction.errors import CheckpointError, UsageError
from usdrl_mmaction.evaluation import evaluate_segmentation
from usdrl_mmaction.evaluation.functional.activitynet import activitynet_report
from usdrl_mmaction.evaluation.functional.proposals import smoothed
from usdrl_mmaction.evaluation.functional.segmentation import segments_of
from usdrl_mmaction.models.backbones.streams import pooled_width

from .encoder import BodyEncoder, Clips, as_clips, layout_of_asked, open_encoder

SCALES = (0.75, 1.5)  # lengths of windows, in median durations of the segments
SHORTEST = 8  # frames of a window
STEPS = 12  # windows that show a frame, for each scale
POOLED = ('max', 'mean')
STRENGTHS = np.logspace(1, 6, 11)
SHARPNESS = 5.0  # of probabilities from scores of ±1, where smoothing is chosen
SMOOTHING = (0.1, 0.2, 0.4, 0.6)  # of the median duration, to choose from
FOLDS = 5


class ActionDetector(BaseEstimator):
    """A classifier of frames: ridge regression on a frozen encoder's features of the windows around each, whose lengths
    suit the training segments. Its strength and the smoothing of its scores are chosen on videos that are left out.

    Args:
        encoder (str | BodyEncoder): A model of the zoo, the path of a checkpoint, or an encoder.
        layout (str | dict | None): The layout of the videos, as ``BodyEncoder.embed`` takes it.

    Examples:
        >>> import usdrl_mmaction as usdrl
        >>> from usdrl_mmaction.datasets.synthetic import labelled_clips
        >>> clips, labels = labelled_clips(20)
        >>> videos = [clips[number] for number in (0, 4, 18)]
        >>> segments = [[(labels[number], 15, clips[number].shape[1] - 15)] for number in (0, 4, 18)]
        >>> detector = usdrl.ActionDetector(layout='nturgb+d').fit(videos, segments)
        >>> found = detector.predict(videos[:1])[0][0]
        >>> found['label'], found['start'] < found['end'], 0 < found['score'] <= 1
        ('wave left hand', True, True)
    """

    def __init__(self, encoder='body', layout=None):
        self.encoder = encoder
        self.layout = layout

    def fit(self, X: Clips, segments: Sequence[Sequence]) -> 'ActionDetector':
        """Fits the detector to videos and, for each, its segments: label, start and end (exclusive), in frames. Labels
        are names or numbers; frames without a segment are background."""
        videos = as_clips(X)
        if len(segments) != len(videos):
            raise UsageError(f'{len(videos)} videos need as many lists of segments, not {len(segments)}.')
        if not any(len(found) for found in segments):
            raise UsageError('There are no segments to learn from.')
        self.encoder_ = open_encoder(self.encoder)
        self.layout_ = recognise(videos[0]) if self.layout is None else self.layout
        self.classes_ = np.unique([label for found in segments for label, _, _ in found])
        labels = [
            self._frames(video.shape[1], found, n)
            for n, (video, found) in enumerate(zip(videos, segments, strict=True))
        ]
        self.duration_ = float(np.median([end - start for found in segments for _, start, end in found]))
        features = [self._features(video) for video in videos]
        groups = np.repeat(np.arange(len(videos)), [len(each) for each in labels])
        together, truth = np.concatenate(features), np.concatenate(labels)
        strength, held_out = self._left_out(together, truth, groups)
        self.linear_ = fit_ridge(together, truth, 1 + len(self.classes_), np.array([strength])).rounded()
        self.smoothing_ = self._smoothing(np.split(held_out, np.flatnonzero(np.diff(groups)) + 1), labels)
        return self

    def frame_scores(self, X: Clips) -> list[np.ndarray]:
        """The smoothed probabilities of each video's frames, the background first.  # (T, 1 + classes) each"""
        check_is_fitted(self)
        scores = (softmax(self.linear_.scores(self._features(video)), axis=1) for video in as_clips(X))
        return [smoothed(each, self.smoothing_) for each in scores]

    def predict(self, X: Clips) -> list[list[dict]]:
        """The segments of each video: label, start, end (exclusive) and score, the mean probability."""
        return [
            [
                {'label': self.classes_[label - 1].item(), 'start': start, 'end': end, 'score': score}
                for label, start, end, score in self.rows(scores)
            ]
            for scores in self.frame_scores(X)
        ]

    def set_layout(self, layout: str | dict) -> 'ActionDetector':
        """The detector for videos of another layout."""
        self.layout = self.layout_ = layout
        return self

    def save(self, folder: str | Path):
        """Writes a folder that ``usdrl_mmaction.load`` opens."""
        check_is_fitted(self)
        arrays = dict(weight=self.linear_.weight, bias=self.linear_.bias)
        about = dict(classes=self.classes_.tolist(), fitted_layout=self.layout_, layout=self.layout)
        about |= dict(duration=self.duration_, smoothing=int(self.smoothing_))
        write_folder(folder, self.encoder_.model, arrays, dict(kind='detector', **about))

    @classmethod
    def open(cls, folder: str | Path, device: str | None = None) -> 'ActionDetector':
        """A detector that ``save`` wrote."""
        model, arrays, about = read_folder(folder)
        opened = cls(encoder=str(folder), layout=about.get('layout'))
        opened.encoder_ = BodyEncoder(model, device)
        try:
            classes, duration, smoothing = about['classes'], float(about['duration']), int(about['smoothing'])
            opened.classes_, opened.layout_ = np.asarray(classes), about['fitted_layout']
            dims = model.backbone.embed_dims
            width = len(SCALES) * (dims + pooled_width(POOLED, dims))
            right = arrays['weight'].shape == (1 + len(classes), width) and arrays['bias'].shape == (1 + len(classes),)
        except (KeyError, TypeError, ValueError):
            right = False
        if not right or not 0 < duration < 1e6 or not 0 <= smoothing < 1e6:
            raise CheckpointError(f'{folder} does not hold a detector as ActionDetector.save writes it: fit it again.')
        opened.duration_, opened.smoothing_ = duration, smoothing
        opened.linear_ = LinearClassifier(arrays['weight'], arrays['bias'])
        return opened

    def _frames(self, total: int, segments: Sequence, number: int) -> np.ndarray:
        """The label of each frame; 0 is the background.  # (T,)"""
        labels = np.zeros(total, int)
        for label, start, end in segments:
            if not 0 <= start < end <= total:
                raise UsageError(f'video {number} has {total} frames and a segment {label} from {start} to {end}.')
            if labels[start:end].any():
                raise UsageError(
                    f'video {number} has segments that overlap, one of them {label} from {start} to {end}.'
                )
            labels[start:end] = 1 + np.searchsorted(self.classes_, label)
        return labels

    def _features(self, video: np.ndarray) -> np.ndarray:
        """Of each frame, for each scale: its temporal features and the pooled features of the windows that show it,
        averaged over these.  # (M, T, V, C) -> (T, F)"""
        mapping = body_mapping(layout_of_asked(video, self.layout, self.layout_))
        body = as_body(video, mapping)[: self.encoder_.backbone.clip_shape[0]]
        lengths = [max(SHORTEST, round(scale * self.duration_)) for scale in SCALES]
        return np.concatenate([self._at_scale(body, length) for length in lengths], axis=1)

    def _at_scale(self, body: np.ndarray, length: int) -> np.ndarray:
        half = length // 2
        padded = np.pad(body, [(0, 0), (half, half), (0, 0), (0, 0)], mode='edge')
        starts = starts_of_windows(padded.shape[1], length, max(1, length // STEPS))
        triangle = np.bartlett(length + 2)[1:-1, None]
        frames, width = padded.shape[1], self.encoder_.backbone.embed_dims
        sums = np.zeros((frames, width)), np.zeros((frames, pooled_width(POOLED, width)))
        weights = np.zeros((frames, 1)), np.zeros((frames, 1))
        for start, (temporal, pooled) in zip(starts, self._windows(padded, starts, length), strict=True):
            shown = frames - start  # more than a window, but for a short video
            for total, weight, values, share in zip(
                sums, weights, (temporal, triangle * pooled), (np.ones_like(triangle), triangle), strict=True
            ):
                total[start : start + length] += values[:shown]
                weight[start : start + length] += share[:shown]
        whole = np.concatenate([total / weight for total, weight in zip(sums, weights, strict=True)], axis=1)
        return whole[half : half + body.shape[1]].astype(np.float32)

    @torch.no_grad()
    def _windows(self, padded: np.ndarray, starts: list[int], length: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """The temporal features of each window's frames, and its pooled features.  # (length, D), (F,)"""
        people, frames, joints, channels = self.encoder_.backbone.clip_shape
        for first in range(0, len(starts), self.encoder_.batch_size):
            windows = np.stack(
                [cut(padded, start, length) for start in starts[first : first + self.encoder_.batch_size]]
            )
            by_joint = torch.from_numpy(windows).permute(0, 1, 3, 4, 2).flatten(1, 3)  # (N, M·V·C, length)
            resized = F.interpolate(by_joint, frames, mode='linear').unflatten(1, (-1, joints, channels))
            clips = in_frame(resized.permute(0, 1, 4, 2, 3))
            clips = F.pad(clips, (0, 0, 0, 0, 0, 0, 0, people - clips.size(1)))
            streams = self.encoder_.backbone(clips.to(self.encoder_.device))
            temporal = F.interpolate(streams.temporal.mT, length, mode='linear').mT.cpu().numpy()
            yield from zip(temporal, streams.pooled(POOLED).cpu().numpy(), strict=True)

    def _left_out(self, features: np.ndarray, labels: np.ndarray, groups: np.ndarray) -> tuple[float, np.ndarray]:
        """The strength that is best for videos that are left out, and the scores of all frames by fits without their
        videos.  # (N, F), (N,), (N,) -> scalar, (N, 1 + classes)"""
        targets = np.where(np.arange(1 + len(self.classes_)) == labels[:, None], 1.0, -1.0)  # (N, 1 + classes)
        scores = np.zeros((len(STRENGTHS), *targets.shape), np.float32)
        folds = min(FOLDS, groups.max() + 1)
        for fold in range(folds):
            test = groups % folds == fold
            train = ~test if folds > 1 else test
            scores[:, test] = ridge_scores(features[train], targets[train], features[test])
        accuracy = (scores.argmax(2) == labels).mean(1)
        best = int(accuracy.argmax())
        return float(STRENGTHS[best]), softmax(SHARPNESS * scores[best], axis=1)

    def _smoothing(self, scores: list[np.ndarray], labels: list[np.ndarray]) -> int:
        """The number of frames that scores are averaged over, the best for the segments of videos that are left out:
        by F1 and by mean average precision, both at an overlap of a half."""
        widths = [2 * int(share * self.duration_ / 2) + 1 for share in SMOOTHING]
        truth = {number: np.stack(segments_of(each, 0), axis=1) for number, each in enumerate(labels)}

        def quality(width: int) -> float:
            smooth = [smoothed(each, width) for each in scores]
            f1 = evaluate_segmentation(labels, [each.argmax(1) for each in smooth])['f1@50'] / 100
            found = {number: list(self.rows(each)) for number, each in enumerate(smooth)}
            return f1 + activitynet_report(truth, found, len(self.classes_), thetas=(0.5,))['mAP@0.5']

        return max(widths, key=quality)

    def rows(self, scores: np.ndarray) -> Iterator[tuple[int, int, int, float]]:
        """Runs of frames whose most probable class is the same: label from 1, start, end, mean probability."""
        labels = scores.argmax(1)
        bounds = np.flatnonzero(np.diff(labels, prepend=-1, append=-1))
        for start, end in zip(bounds[:-1].tolist(), bounds[1:].tolist(), strict=True):
            label = int(labels[start])
            if label and end - start >= self.duration_ / 8:
                yield label, start, end, float(scores[start:end, label].mean())


def ridge_scores(train: np.ndarray, targets: np.ndarray, test: np.ndarray) -> np.ndarray:
    """The scores of ridge regression on standardised features, for each strength.
    # (N, F), (N, K), (n, F) -> (S, n, K)"""
    mean, scale = train.mean(0), train.std(0) + 1e-6
    train, test, centre = (train - mean) / scale, (test - mean) / scale, targets.mean(0)
    values, vectors = np.linalg.eigh(train.T @ train)
    projected, rotated = vectors.T @ (train.T @ (targets - centre)), test @ vectors
    return np.stack([rotated @ (projected / (values + strength)[:, None]) + centre for strength in STRENGTHS])

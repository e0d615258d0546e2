"""Temporal action detection on frozen features: from videos with segments to a detector, in about a minute."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from rich.progress import track
from scipy.special import softmax
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted

from usdrl_mmaction.body import as_body, body_mapping, in_frame, recognise
from usdrl_mmaction.checkpoints.folder import read_folder, write_folder
from usdrl_mmaction.datasets.segments import frame_labels
from usdrl_mmaction.datasets.transforms.normalize import resized
from usdrl_mmaction.datasets.windows import cut, starts_of_windows
from usdrl_mmaction.engine.frame_classifier import fit_frames
from usdrl_mmaction.engine.ridge import LinearClassifier
from usdrl_mmaction.errors import CheckpointError, UsageError
from usdrl_mmaction.evaluation import evaluate_segmentation
from usdrl_mmaction.evaluation.functional.activitynet import activitynet_report
from usdrl_mmaction.evaluation.functional.proposals import proposals_from_scores
from usdrl_mmaction.evaluation.functional.segmentation import segments_of
from usdrl_mmaction.models.backbones.streams import StreamFeatures, pooled_width

from .encoder import BodyEncoder, Clips, as_clips, layout_of_asked, open_encoder

QUANTILES = (0.1, 0.5, 0.9)  # of the durations of the segments: the lengths of windows
APART = 1.3  # the least ratio of two lengths
SHORTEST, LONGEST = 8, 2000  # frames of a window
STEPS = 6  # windows that show a frame, for each length
POOLED = ('max', 'mean')
CHANGE_COSTS = (1, 2, 4, 8, 16, 32)  # to choose from


class ActionDetector(BaseEstimator):
    """A classifier of frames: ridge regression on a frozen encoder's features of the windows around each, whose lengths
    are those of the training segments. Its answer is the best sequence of labels. The strength of the regression and
    the cost of a change of the label are chosen on videos that are left out.

    Args:
        encoder (str | BodyEncoder): A model of the zoo, the path of a checkpoint, or an encoder.
        layout (str | dict | None): The layout of the videos, as ``BodyEncoder.embed`` takes it.
        fps (float | None): Frames per second of the videos that it is fitted to; with it, ``predict`` takes videos of
            another rate.

    Examples:
        >>> import usdrl_mmaction as usdrl
        >>> from usdrl_mmaction.datasets.synthetic import labelled_clips
        >>> clips, labels = labelled_clips(20)
        >>> videos = [clips[number][:, :66] for number in (0, 4, 18)]
        >>> segments = [[(labels[number], 15, 56)] for number in (0, 4, 18)]
        >>> detector = usdrl.ActionDetector(layout='nturgb+d').fit(videos, segments)
        >>> found = detector.predict(videos[:1])[0][0]
        >>> found['label'], found['start'] < found['end'], 0 < found['score'] <= 1
        ('wave left hand', True, True)
    """

    def __init__(self, encoder='body', layout=None, fps=None):
        self.encoder = encoder
        self.layout = layout
        self.fps = fps

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
        self.lengths_ = lengths_of_windows([end - start for found in segments for _, start, end in found])
        features = [self._features(video) for video in track(videos, 'Encoding', transient=True)]
        self.linear_, held_out = fit_frames(features, labels, 1 + len(self.classes_))
        self.change_cost_ = self._choose_cost(held_out, labels)
        return self

    def frame_scores(self, X: Clips, fps: float | None = None) -> list[np.ndarray]:
        """The probabilities of each video's frames, the background first.  # (T, 1 + classes) each"""
        check_is_fitted(self)
        return [self._scores(video, fps) for video in as_clips(X)]

    def predict(self, X: Clips, fps: float | None = None) -> list[list[dict]]:
        """The segments of each video: label, start, end (exclusive) and score, the mean probability. ``fps`` is the
        frames per second of these videos, by default that of the videos that it was fitted to."""
        return [
            [
                {'label': self.classes_[int(label) - 1].item(), 'start': int(start), 'end': int(end), 'score': score}
                for label, start, end, score in sorted(self.rows(scores).tolist(), key=lambda row: row[1])
            ]
            for scores in self.frame_scores(X, fps)
        ]

    def rows(self, scores: np.ndarray) -> np.ndarray:
        """Rows of label from 1, start, end and mean probability.  # (T, 1 + classes) -> (S, 4)"""
        return proposals_from_scores(scores, change_cost=self.change_cost_)

    def frame_labels(self, scores: np.ndarray) -> np.ndarray:
        """The label of each frame; 0 is the background.  # (T, 1 + classes) -> (T,)"""
        return labels_of(self.rows(scores), len(scores))

    def set_layout(self, layout: str | dict) -> 'ActionDetector':
        """The detector for videos of another layout."""
        self.layout = self.layout_ = layout
        return self

    def save(self, folder: str | Path):
        """Writes a folder that ``usdrl_mmaction.load`` opens."""
        check_is_fitted(self)
        arrays = dict(weight=self.linear_.weight, bias=self.linear_.bias)
        about = dict(classes=self.classes_.tolist(), fitted_layout=self.layout_, layout=self.layout, fps=self.fps)
        about |= dict(lengths=self.lengths_, change_cost=self.change_cost_)
        write_folder(folder, self.encoder_.model, arrays, dict(kind='detector', **about))

    @classmethod
    def open(cls, folder: str | Path, device: str | None = None) -> 'ActionDetector':
        """A detector that ``save`` wrote."""
        model, arrays, about = read_folder(folder)
        opened = cls(encoder=str(folder), layout=about.get('layout'), fps=about.get('fps'))
        opened.encoder_ = BodyEncoder(model, device)
        try:
            classes, lengths, cost = about['classes'], list(about['lengths']), float(about['change_cost'])
            opened.classes_, opened.layout_ = np.asarray(classes), about['fitted_layout']
            dims = model.backbone.embed_dims
            width = len(lengths) * (dims + pooled_width(POOLED, dims))
            right = arrays['weight'].shape == (1 + len(classes), width) and arrays['bias'].shape == (1 + len(classes),)
            right &= all(type(each) is int and SHORTEST <= each <= LONGEST for each in lengths)
            right &= opened.fps is None or 0 < float(opened.fps) < 1e6
        except (KeyError, TypeError, ValueError):
            right = False
        if not right or not 0 <= cost < 1e6:
            raise CheckpointError(f'{folder} does not hold a detector as ActionDetector.save writes it: fit it again.')
        opened.lengths_, opened.change_cost_ = lengths, cost
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

    def _scores(self, video: np.ndarray, fps: float | None) -> np.ndarray:
        """The probabilities of each frame.  # (M, T, V, C) -> (T, 1 + classes)"""
        frames = video.shape[1]
        rate = self.fps / fps if self.fps and fps else 1
        scores = softmax(self.linear_.scores(self._features(video, max(round(rate * frames), 1))), axis=1)
        return scores if len(scores) == frames else resized(scores[None], frames)[0]

    def _features(self, video: np.ndarray, frames: int | None = None) -> np.ndarray:
        """Of each frame, for each length: its temporal features and the pooled features of the windows that show it,
        averaged over these.  # (M, T, V, C) -> (frames, F)"""
        mapping = body_mapping(layout_of_asked(video, self.layout, self.layout_))
        body = as_body(video, mapping)[: self.encoder_.backbone.clip_shape[0]]
        if frames not in (None, body.shape[1]):
            body = resized(body, frames)
        return np.concatenate([self._at_length(body, length) for length in self.lengths_], axis=1)

    def _at_length(self, body: np.ndarray, length: int) -> np.ndarray:
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
            stretched = F.interpolate(by_joint, frames, mode='linear').unflatten(1, (-1, joints, channels))
            clips = in_frame(stretched.permute(0, 1, 4, 2, 3))
            clips = F.pad(clips, (0, 0, 0, 0, 0, 0, 0, people - clips.size(1)))
            streams = self.encoder_.backbone(clips.to(self.encoder_.device))
            temporal = F.interpolate(streams.temporal.mT, length, mode='linear').mT.cpu().numpy()
            pooled = StreamFeatures(*streams).pooled(POOLED)  # not whitened: frames are told apart better so
            yield from zip(temporal, pooled.cpu().numpy(), strict=True)

    def _choose_cost(self, held_out: list[np.ndarray], labels: list[np.ndarray]) -> float:
        """The cost of a change that is best for the segments of videos that are left out: by F1 and by mean average
        precision, both at an overlap of a half.  # (T, 1 + classes), (T,) of each video"""
        truth = {number: np.stack(segments_of(each, 0), axis=1) for number, each in enumerate(labels)}

        def quality(cost: float) -> float:
            rows = {number: proposals_from_scores(each, change_cost=cost) for number, each in enumerate(held_out)}
            found = [labels_of(rows[number], len(each)) for number, each in enumerate(labels)]
            f1 = evaluate_segmentation(labels, found)['f1@50'] / 100
            return f1 + activitynet_report(truth, rows, len(self.classes_), thetas=(0.5,))['mAP@0.5']

        return float(max(CHANGE_COSTS, key=quality))


def labels_of(rows: np.ndarray, frames: int) -> np.ndarray:
    """The label of each frame of a video with these segments.  # (S, 4) -> (T,)"""
    return frame_labels(rows[:, :3].astype(int), frames)


def lengths_of_windows(durations: Sequence[int]) -> list[int]:
    """Lengths, in frames, that suit segments of these durations: several where they differ much."""
    found = []
    for length in np.quantile(durations, QUANTILES).clip(SHORTEST, LONGEST).round().astype(int).tolist():
        if not found or length >= APART * found[-1]:
            found.append(length)
    return found

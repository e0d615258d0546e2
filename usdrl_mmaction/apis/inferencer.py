"""Inference: actions, segments, neighbours and features of recordings."""

from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
import torch.nn.functional as F
from mmaction.models.recognizers import RecognizerGCN
from mmengine.config import Config
from mmengine.device import get_device
from mmengine.registry import init_default_scope
from rich.console import Console
from rich.progress import track
from torch import Tensor, nn

from usdrl_mmaction.body import fill_gaps, jumps_about, upright
from usdrl_mmaction.checkpoints.zoo import packaged_model
from usdrl_mmaction.datasets import read_annotations
from usdrl_mmaction.datasets.annotations import clips_of_split, make_annotation
from usdrl_mmaction.engine.features import maxima_and_scores
from usdrl_mmaction.engine.novelty import IMPOSSIBLE, unless
from usdrl_mmaction.errors import UsageError, UsdrlError
from usdrl_mmaction.evaluation import proposals_from_scores
from usdrl_mmaction.models import FrameLocalizer, as_streams
from usdrl_mmaction.models.backbones.streams import check_joints
from usdrl_mmaction.recordings.clip import Clip, keep_people
from usdrl_mmaction.recordings.recording import Recording, find_recordings, in_file

from .encoder import Clips, as_clips
from .explain import Drawn, Explanation, explain
from .live_segments import as_segment
from .model import find_model, load_model
from .preparation import Preparation, classes_of
from .saved import CLASSIFIER, DETECTOR, saved
from .window_scorer import WindowScorer

MANY = 20  # recordings, from which on there is a progress bar
CHANGE_COST = 8  # of the best sequence of labels, as in configs/usdrl/benchmarks/detect_custom.py


class SkeletonInferencer:
    """Recognises or detects actions in recordings of joints.

    Args:
        model (str | Path | Config | nn.Module | None): What describes itself: a work dir, a checkpoint, a folder of a
            saved model, a name of the zoo, hf://OWNER/NAME; or a config; or a model that was built with its ``cfg``
            (``load_model`` and MMAction2's ``init_recognizer`` do); by default the package's own.
        checkpoint (str | Path | None): The weights that go with a config.
        device (str | None): By default an accelerator if there is one.
        gallery (str | Path | None): Annotation file of the clips to search for neighbours.
        gallery_split (str | None): A split of the gallery; by default all of it.
        top_k (int): Number of actions and neighbours to return.
        batch_size (int): Number of clips, or windows, that are encoded together.
        threshold (float | None): With a localizer, the frames of a segment have a probability above it. By default, the
            segments are those of the best sequence of labels.
        layout (str | dict | None): The layout of recordings that do not name their joints; by default that of the
            training, or it is recognised. The joints of any body layout are mapped to the model's.
        unknown (bool): With a classifier: whether results say which recordings are unlike all clips that it was taught.

    Examples:
        >>> from usdrl_mmaction.apis import SkeletonInferencer
        >>> from usdrl_mmaction.datasets.synthetic import labelled_clips
        >>> inferencer = SkeletonInferencer('dste_synthetic')
        >>> clips, _ = labelled_clips(1, seed=1)  # or paths of recordings
        >>> inferencer(clips)[0]['actions'][0]['name']
        'wave left hand'
    """

    def __init__(
        self,
        model: str | Path | Config | nn.Module | None = None,
        checkpoint: str | Path | None = None,
        device: str | None = None,
        gallery: str | Path | None = None,
        gallery_split: str | None = None,
        top_k: int = 5,
        batch_size: int = 64,
        threshold: float | None = None,
        layout: str | dict | None = None,
        unknown: bool = True,
    ):
        init_default_scope('mmaction')
        self.device = device or get_device()
        self.classifier = self.detector = fitted_layout = None
        if isinstance(model, str | Path) and checkpoint is None:
            kind, opened = saved(find_model(model), self.device)
            fitted_layout = opened and opened.layout_
            self.classifier = opened if kind == CLASSIFIER else None
            self.detector = opened.set_layout('body') if kind == DETECTOR else None
            model = opened.encoder_.model if opened else model
        if not isinstance(model, nn.Module):
            model = load_model(model, checkpoint) if model else load_model(checkpoint or packaged_model())
        if not isinstance(model, RecognizerGCN | FrameLocalizer):
            raise UsageError(f'{type(model).__name__} is no recognizer or localizer of skeletons: give one of those.')
        if not hasattr(model, 'cfg'):
            raise UsageError(f'{type(model).__name__} has no cfg with its pipeline: build it with load_model.')
        self.model = model.to(self.device).eval()
        self.prepare = Preparation(model)
        self.prepare.trained_layout = fitted_layout or self.prepare.trained_layout
        self.localizes = isinstance(model, FrameLocalizer)
        self.scorer = WindowScorer(model, batch_size) if self.localizes else None
        if self.localizes and gallery:
            raise UsageError('A localizer finds segments, not neighbours: leave the gallery out.')
        self.threshold = threshold
        self.layout = layout
        self.unknown = unknown
        self.novelty = getattr(model, 'novelty', None)
        known = self.classifier.known_ if self.classifier else self.novelty and self.novelty.known
        self.threshold_of_known = known and known.threshold
        self.classifies = bool(self.classifier) or (not self.localizes and model.with_cls_head)
        self.classes = self.classifier.classes_.tolist() if self.classifier else classes_of(model)
        self.top_k = top_k
        self.batch_size = batch_size
        self.gallery = self.read_gallery(gallery, gallery_split) if gallery else None

    def __call__(self, inputs: Any, features: bool = False, errors: dict[str, str] | None = None) -> list[dict]:
        """A result for each recording, of plain values for JSON.

        A classifier gives ``actions``, of all people together and, if there are several, in ``persons`` of each alone;
        a gallery ``neighbors``; a localizer ``segments`` of label, start, end (exclusive) and score, the mean
        probability. ``features`` is a list of 2D numbers, also returned if there is nothing else to return.

        Args:
            inputs (Any): One or a list of: path of a recording (CSV, NPZ, NPY, MMPose's JSON, ``.skeleton``, a folder
                of OpenPose's JSON), of a folder of recordings or of an annotation file; annotation; array (T, V, C) or,
                in a list, (M, T, V, C). Their layout may be any of a body.
            features (bool): Whether to return them.
            errors (dict[str, str] | None): Takes the names of the recordings that cannot be used, with the reason;
                the others are answered. Without it, the first one raises.
        """
        if isinstance(inputs, np.ndarray) and inputs.ndim == 4 and len(inputs) > 1:
            raise UsageError(
                f'An array {inputs.shape} can be {len(inputs)} clips of one person or one clip of {len(inputs)} '
                'people: give list(array) for the clips, [array] for the people.'
            )
        clips = self.read_all(find_recordings(inputs), errors)
        if self.localizes or self.detector:
            return [(self.detect if self.detector else self.localize)(*each) for each in clips]
        features = features or not (self.classifies or self.gallery)
        results = []
        for (result, person), pooled, scores, novelty in self.run(self.views(clips)):
            if person is not None:
                result['persons'].append({'person': person, 'actions': self.best_actions(scores)})
                continue
            results.append(result)
            if scores is not None:
                result['actions'] = self.best_actions(scores)
            if self.classifier and self.classifier.multilabel_:
                result['labels'] = [self.classes[label] for label in np.flatnonzero(scores >= 0.5)]
            if novelty is not None and self.unknown:
                result['unknown'] = novelty > self.threshold_of_known
            if self.gallery:
                result['neighbors'] = self.gallery.nearest(pooled, self.top_k)
            if features:
                result['features'] = pooled.tolist()
        return results

    def predict_proba(self, clips: Clips, layout: str | dict | None = None) -> np.ndarray:
        """The probability of each class.  # (N, classes)

        Args:
            clips (list[np.ndarray] | np.ndarray): As ``BodyEncoder.embed`` takes them.
            layout (str | dict | None): Their layout; by default that of the training, or it is recognised.
        """
        return np.concatenate([self.answer(batch)[0] for batch in self.prepared(clips, layout)])

    def predict(self, clips: Clips, layout: str | dict | None = None) -> np.ndarray:
        """The name of the class of each clip, or its number; 'unknown', or -1, if it is unlike all of the training.
        # (N,)"""
        found = []
        for batch in self.prepared(clips, layout):
            probability, novelty = self.answer(batch)
            labels = probability.argmax(1)
            names = np.array([self.classes[label] if self.classes else label for label in labels])
            found.append(
                names if novelty is None or not self.unknown else unless(novelty > self.threshold_of_known, names)
            )
        return np.concatenate(found)

    def explain(self, given: Any, label=None, method: str = 'occlusion') -> Explanation:
        """Which joints and which frames of a recording decided for a class, by default the most probable one.

        Args:
            given (Any): A recording, as calls take it.
            label (str | int | None): The class, by name or number.
            method (str): 'occlusion' or 'gradients'.
        """
        if not self.classifies:
            raise UsageError('Reasons are those of a classifier: this model names no actions of clips.')
        (recording,) = find_recordings(given) if not isinstance(given, Recording) else [given]
        clip = keep_people(self.read(recording), self.prepare.num_person)
        data = self.prepare([make_annotation(recording.name, -1, clip)])
        prepared = self.model.data_preprocessor(data, False)['inputs'][0, 0]  # (M, T, V, C)
        keypoint = upright(fill_gaps(clip.keypoint)) if self.prepare.takes_bodies else clip.keypoint
        asked = self.classifier.explained() if self.classifier else self.explained()
        drawn = Drawn(keypoint, self.prepare.skeleton)
        several = bool(self.classifier) and self.classifier.multilabel_
        return explain(*asked, prepared, drawn, self.classes, label, method, several)

    def explained(self) -> tuple[Callable, Callable]:
        """What ``explain`` asks: probabilities of clips, and scores with gradients."""
        return (
            lambda clips: self.answer(clips[:, None])[0],
            lambda clips: maxima_and_scores(self.model, clips)[1],
        )

    def prepared(self, clips: Clips, layout: str | dict | None) -> Iterator[Tensor]:
        """Batches of prepared clips.  # (n, clips, M, T, V, C)"""
        if not self.classifies:
            raise UsageError('This model names no actions of clips: call it for what it gives.')
        known = [dict(keypoint=clip, **({'layout': layout} if layout else {})) for clip in as_clips(clips)]
        for first in range(0, len(known), self.batch_size):
            recordings = find_recordings(known[first : first + self.batch_size])
            data = self.prepare([self.annotation(each.name, self.read(each)) for each in recordings])
            yield self.model.data_preprocessor(data, False)['inputs']

    def read_all(self, recordings: list[Recording], errors: dict[str, str] | None) -> Iterator[tuple[str, Clip]]:
        """The name and the clip of each recording; of those that cannot be read, the reason."""
        for recording in bar(recordings, 'Inferring'):
            try:
                clip = self.read(recording)
            except UsdrlError as error:
                if errors is None:
                    raise
                errors[recording.name] = str(error)
            else:
                yield recording.name, clip

    def localize(self, name: str, clip: Clip) -> dict:
        clip = keep_people(clip, self.prepare.num_person)
        people, frames = clip.keypoint.shape[:2]
        rule = dict(change_cost=CHANGE_COST) if self.threshold is None else dict(thresholds=(self.threshold,))
        proposals = proposals_from_scores(self.scorer.track(clip), **rule)
        segments = [as_segment(*row, self.classes) for row in proposals[proposals[:, 1].argsort(kind='stable')]]
        return {'name': name, 'frames': frames, 'people': people, 'segments': segments}

    def detect(self, name: str, clip: Clip) -> dict:
        clip = keep_people(clip, self.prepare.num_person)
        people, frames = clip.keypoint.shape[:2]
        (segments,) = self.detector.predict([clip.keypoint], clip.fps)
        names = self.detector.classes_.tolist()
        segments = [{**each, 'label': 1 + names.index(each['label']), 'name': str(each['label'])} for each in segments]
        return {'name': name, 'frames': frames, 'people': people, 'segments': segments}

    def views(self, clips: Iterable[tuple[str, Clip]]) -> Iterator[tuple[tuple[dict, int | None], dict]]:
        """The clips to encode of each recording: all people and, for a classifier, each of several people alone."""
        for name, clip in clips:
            persons = np.flatnonzero(clip.keypoint.any((1, 2, 3))).tolist()
            result = {'name': name, 'frames': clip.keypoint.shape[1], 'people': len(persons)}
            yield (result, None), self.annotation(name, clip)
            if self.classifies and len(persons) > 1:
                result['persons'] = []
                for person in persons:
                    yield (result, person), self.annotation(name, clip.people([person]))

    def run(self, views: Iterable[tuple[Any, dict]]) -> Iterator[tuple[Any, Tensor, Tensor | None, float | None]]:
        """The tag of each view, its pooled features (2D,) and, of a classifier, its probabilities and novelty."""
        views = iter(views)
        while batch := list(islice(views, self.batch_size)):
            data = self.prepare([annotation for _, annotation in batch])
            for (tag, _), *found in zip(batch, *self.forward(data), strict=True):
                yield tag, *found

    @torch.no_grad()
    def forward(self, data: dict) -> tuple[Tensor, list[Tensor | None], list[float | None]]:
        data = self.model.data_preprocessor(data, False)
        clips = data['inputs']  # (N, clips, M, T, V, C)
        check_joints(self.model.backbone, clips)
        pooled = as_streams(self.model.backbone(clips.flatten(0, 1))).pooled()
        pooled, nothing = pooled.unflatten(0, clips.shape[:2]).mean(1).cpu(), [None] * len(clips)
        if not self.classifies:
            return pooled, nothing, nothing
        probability, novelty = self.answer(clips)
        return pooled, [*torch.from_numpy(probability)], nothing if novelty is None else novelty.tolist()

    @torch.no_grad()
    def answer(self, clips: Tensor) -> tuple[np.ndarray, np.ndarray | None]:
        """Probabilities and, if it is known, novelty of prepared clips.
        # (N, clips, M, T, V, C) -> (N, classes), (N,)"""
        if self.classifier:
            return self.classifier.answer(clips[:, 0].cpu())
        maxima, scores = maxima_and_scores(self.model, clips.flatten(0, 1))
        maxima, scores = (each.unflatten(0, clips.shape[:2]) for each in (maxima, scores))
        factor = self.novelty.factor if self.novelty else 1.0
        probability = (factor * scores.float()).softmax(-1).mean(1).cpu().numpy()
        if self.novelty is None:
            return probability, None
        novelty = self.novelty(maxima.mean(1).cpu().numpy(), scores.mean(1).cpu().numpy())
        if self.prepare.takes_bodies:
            novelty = np.where(jumps_about(clips[:, 0]), IMPOSSIBLE, novelty)
        return probability, novelty

    def read(self, recording: Recording) -> Clip:
        return self.prepare.read(recording, self.layout)

    def annotation(self, name: str, clip: Clip) -> dict:
        return make_annotation(name, -1, keep_people(clip, self.prepare.num_person))

    def best_actions(self, scores: Tensor) -> list[dict]:
        best = scores.topk(min(self.top_k, len(scores)))
        pairs = zip(best.indices.tolist(), best.values.tolist(), strict=True)
        return [named(label, self.classes) | {'score': score} for label, score in pairs]

    def read_gallery(self, path: str | Path, split: str | None) -> 'Gallery':
        content = read_annotations(str(path))
        items = clips_of_split(content, split, str(path)) if split else content['annotations']
        recordings = bar(in_file(content, items), 'Encoding the gallery')
        views = ((None, self.annotation(recording.name, self.read(recording))) for recording in recordings)
        pooled = torch.stack([pooled for _, pooled, _, _ in self.run(views)])
        classes = content.get('meta', {}).get('classes') or self.classes
        return Gallery(F.normalize(pooled, dim=1), items, classes)


class Gallery(NamedTuple):
    """The clips to search for neighbours."""

    features: Tensor  # (clips, 2D), of length 1
    items: list[dict]
    classes: list[str]

    def nearest(self, pooled: Tensor, top_k: int) -> list[dict]:
        similarity = self.features @ F.normalize(pooled, dim=0)
        best = similarity.topk(min(top_k, len(similarity)))
        return [
            {'clip': self.items[index]['frame_dir'], **named(self.items[index]['label'], self.classes), 'score': score}
            for index, score in zip(best.indices.tolist(), best.values.tolist(), strict=True)
        ]


def named(label: int, classes: list[str]) -> dict:
    return {'label': int(label)} | ({'name': classes[label]} if 0 <= label < len(classes) else {})


def bar(recordings: list, description: str) -> Iterable:
    return track(recordings, description, console=Console(stderr=True), disable=len(recordings) < MANY)

"""Inference: actions, segments, neighbours and features of recordings."""

from collections.abc import Iterable, Iterator
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

from usdrl_mmaction.checkpoints.folder import CONFIG
from usdrl_mmaction.checkpoints.zoo import packaged_model
from usdrl_mmaction.datasets import read_annotations
from usdrl_mmaction.datasets.annotations import clips_of_split, make_annotation
from usdrl_mmaction.errors import UsageError
from usdrl_mmaction.evaluation import proposals_from_scores
from usdrl_mmaction.models import EarlyRecognizer, FrameLocalizer, as_streams
from usdrl_mmaction.recordings.clip import Clip, keep_people
from usdrl_mmaction.recordings.recording import Recording, find_recordings, in_file, read_body, read_recording

from .classifier import ActionClassifier
from .detector import ActionDetector
from .encoder import BodyEncoder
from .live_segments import as_segment
from .load import load
from .model import load_model
from .preparation import Preparation, classes_of
from .window_scorer import WindowScorer

MANY = 20  # recordings, from which on there is a progress bar


class SkeletonInferencer:
    """Recognises or detects actions in recordings of joints.

    Args:
        model (str | Path | Config | nn.Module | None): A model of the zoo, a config, or a model that was built with
            its ``cfg`` (``load_model`` and MMAction2's ``init_recognizer`` do); by default the package's own.
        checkpoint (str | Path | None): The weights that go with a config.
        device (str | None): By default an accelerator if there is one.
        gallery (str | Path | None): Annotation file of the clips to search for neighbours.
        gallery_split (str | None): A split of the gallery; by default all of it.
        top_k (int): Number of actions and neighbours to return.
        batch_size (int): Number of clips, or windows, that are encoded together.
        threshold (float): With a localizer, the frames of a segment have a probability above it.
        layout (str | dict | None): With a model that takes any body: the layout of recordings that do not name their
            joints; by default it is recognised.
        unknown (bool): With a classifier that ``ActionClassifier.save`` or usdrl enrol wrote: whether results say
            which recordings are unlike all clips that it was taught.

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
        threshold: float = 0.5,
        layout: str | dict | None = None,
        unknown: bool = True,
    ):
        init_default_scope('mmaction')
        self.device = device or get_device()
        self.classifier = self.detector = None
        if isinstance(model, str | Path) and Path(model, CONFIG).is_file():
            opened = load(model, self.device)
            self.classifier = opened if isinstance(opened, ActionClassifier) else None
            self.detector = opened.set_layout('body') if isinstance(opened, ActionDetector) else None
            model = opened.model if isinstance(opened, BodyEncoder) else opened.encoder_.model
        if not isinstance(model, nn.Module):
            model = load_model(model, checkpoint) if model else load_model(checkpoint or packaged_model())
        if not isinstance(model, RecognizerGCN | FrameLocalizer):
            raise UsageError(f'{type(model).__name__} is no recognizer or localizer of skeletons: give one of those.')
        if not hasattr(model, 'cfg'):
            raise UsageError(f'{type(model).__name__} has no cfg with its pipeline: build it with load_model.')
        self.model = model.to(self.device).eval()
        self.prepare = Preparation(model)
        self.localizes = isinstance(model, FrameLocalizer)
        if self.localizes and gallery:
            raise UsageError('A localizer finds segments, not neighbours: leave the gallery out.')
        if not self.localizes and model.with_cls_head and model.cls_head.average_clips is None:
            model.cls_head.average_clips = 'prob'
        self.threshold = threshold
        self.layout = layout
        self.unknown = unknown
        self.classifies = bool(self.classifier) or (not self.localizes and model.with_cls_head)
        self.classes = self.classifier.classes_.tolist() if self.classifier else classes_of(model)
        self.top_k = top_k
        self.batch_size = batch_size
        self.gallery = self.read_gallery(gallery, gallery_split) if gallery else None

    def __call__(self, inputs: Any, features: bool = False) -> list[dict]:
        """A result for each recording, of plain values for JSON.

        A classifier gives ``actions``, of all people together and, if there are several, in ``persons`` of each alone;
        a gallery ``neighbors``; a localizer ``segments`` of label, start, end (exclusive) and score, the mean
        probability. ``features`` is a list of 2D numbers, also returned if there is nothing else to return.

        Args:
            inputs (Any): One or a list of: path of a recording (CSV, NPZ, NPY, MMPose's JSON, ``.skeleton``, a folder
                of OpenPose's JSON) or of an annotation file; annotation; array (M, T, V, C) or (T, V, C), in the
                model's layout or of MediaPipe's landmarks.
            features (bool): Whether to return them.
        """
        if self.localizes:
            return self.localize(find_recordings(inputs))
        if self.detector:
            return [self.detect(recording) for recording in bar(find_recordings(inputs), 'Inferring')]
        features = features or not (self.classifies or self.gallery)
        results = []
        for (result, person), pooled, scores, novelty in self.run(self.views(find_recordings(inputs))):
            if person is not None:
                result['persons'].append({'person': person, 'actions': self.best_actions(scores)})
                continue
            results.append(result)
            if scores is not None:
                result['actions'] = self.best_actions(scores)
            if self.classifier and self.unknown:
                result['unknown'] = novelty > self.classifier.known_.threshold
            if self.gallery:
                result['neighbors'] = self.gallery.nearest(pooled, self.top_k)
            if features:
                result['features'] = pooled.tolist()
        return results

    def localize(self, recordings: list[Recording]) -> list[dict]:
        scorer, results = WindowScorer(self.model, self.batch_size), []
        for recording in bar(recordings, 'Inferring'):
            clip = keep_people(self.read(recording), self.prepare.num_person)
            people, frames = clip.keypoint.shape[:2]
            proposals = proposals_from_scores(scorer.track(clip), (self.threshold,))
            segments = [as_segment(*row, self.classes) for row in proposals[proposals[:, 1].argsort(kind='stable')]]
            results.append({'name': recording.name, 'frames': frames, 'people': people, 'segments': segments})
        return results

    def detect(self, recording: Recording) -> dict:
        clip = keep_people(self.read(recording), self.prepare.num_person)
        people, frames = clip.keypoint.shape[:2]
        (segments,) = self.detector.predict([clip.keypoint])
        names = self.detector.classes_.tolist()
        segments = [{**each, 'label': 1 + names.index(each['label']), 'name': str(each['label'])} for each in segments]
        return {'name': recording.name, 'frames': frames, 'people': people, 'segments': segments}

    def views(self, recordings: list[Recording]) -> Iterator[tuple[tuple[dict, int | None], dict]]:
        """The clips to encode of each recording: all people and, for a classifier, each of several people alone."""
        for recording in bar(recordings, 'Inferring'):
            clip = self.read(recording)
            persons = np.flatnonzero(clip.keypoint.any((1, 2, 3))).tolist()
            result = {'name': recording.name, 'frames': clip.keypoint.shape[1], 'people': len(persons)}
            yield (result, None), self.annotation(recording.name, clip)
            if self.classifies and len(persons) > 1:
                result['persons'] = []
                for person in persons:
                    yield (result, person), self.annotation(recording.name, clip.people([person]))

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
        clips, samples = data['inputs'], data['data_samples']  # (N, clips, M, T, V, C)
        streams, _ = self.model.extract_feat(clips)
        pooled = as_streams(streams).pooled().unflatten(0, clips.shape[:2]).mean(1).cpu()
        if self.classifier:
            probability, novelty = self.classifier.answer(clips[:, 0].cpu())
            return pooled, [*torch.from_numpy(probability)], novelty.tolist()
        nothing = [None] * len(samples)
        if not self.classifies:
            return pooled, nothing, nothing
        if isinstance(self.model, EarlyRecognizer):  # it does not use all streams
            samples = self.model(clips, samples, mode='predict')
        else:
            samples = self.model.cls_head.predict(streams, samples)
        return pooled, [sample.pred_score.cpu() for sample in samples], nothing

    def read(self, recording: Recording) -> Clip:
        if self.prepare.takes_bodies:
            return read_body(recording, self.layout)
        return self.prepare.with_score(read_recording(recording, self.prepare.skeleton, self.prepare.channels))

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

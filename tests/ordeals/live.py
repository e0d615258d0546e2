"""A live stream that never ends: people come and go, in any order; frames repeat and are lost."""

import random
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from mmaction.registry import MODELS
from mmengine.config import Config

from usdrl_mmaction.apis import StreamingDetector

from .files import ROOT
from .isolated import LOST, SURVIVED, Result

FPS, JOINTS = 30, 25
CROWD = 4  # people at once, more than the model takes
GROWTH = 20e6  # bytes that the process may gain after a tenth of the stream


def live(rng: random.Random, number: int, folder: Path) -> Iterator[Result]:
    """Minutes of one stream. Of every minute, each frame is scored once and in order, the segments are those that its
    scores have, and the memory of the process stays what it was."""
    cfg = Config.fromfile(ROOT / 'configs/usdrl/benchmarks/detect_synthetic.py')
    cfg.merge_from_dict({'model.backbone.embed_dims': 16, 'model.head.in_channels': 16})
    model = MODELS.build(cfg.model)
    model.cfg = cfg
    detector = StreamingDetector(model, threshold=1.2 / cfg.model.head.num_classes)
    people, expected, runs, held = [], 0, Runs(detector.threshold), None
    for minute in range(number):
        wrong = ''
        for _ in range(60 * FPS):
            people = moved(people, rng)
            if rng.random() < 0.02:  # lost
                continue
            for _ in range(2 if rng.random() < 0.02 else 1):
                found = detector([pose for pose in people if rng.random() > 0.05])
                if found.start != expected:
                    wrong = f'frame {found.start} follows {expected - 1}'
                expected += len(found.scores)
                ended = [(each['label'], each['start'], each['end']) for each in found.segments]
                if sorted(ended) != sorted(runs.add(found.start, found.scores)):
                    wrong = f'other segments before frame {expected}'
        if detector.seen - expected > detector.delay:
            wrong = f'{detector.seen - expected} frames without scores'
        held = resident() if minute <= number // 10 else held
        if held and resident() - held > GROWTH:
            wrong = f'{(resident() - held) / 1e6:.0f} MB more than after a tenth of the stream'
        yield Result(LOST if wrong else SURVIVED, f'minute {minute}', wrong)


def moved(people: list[np.ndarray], rng: random.Random) -> list[np.ndarray]:
    """The people of the next frame, in another order; one may have come or gone."""
    draw = np.random.default_rng(rng.randrange(2**32))
    people = [pose + draw.normal(0, 0.01, pose.shape).astype(np.float32) for pose in people]
    if len(people) < CROWD and rng.random() < 0.01:
        people.append(draw.normal(rng.uniform(-3, 3), 0.3, (JOINTS, 3)).astype(np.float32))
    if people and rng.random() < 0.01:
        people.pop(rng.randrange(len(people)))
    rng.shuffle(people)
    return people


class Runs:
    """Frames above a threshold, one class at a time, as a person would mark them."""

    def __init__(self, threshold: float):
        self.threshold, self.begun = threshold, {}

    def add(self, first: int, scores: np.ndarray) -> list[tuple[int, int, int]]:
        ended = []
        for frame, row in enumerate(scores, first):
            for label in range(1, len(row)):
                if row[label] > self.threshold:
                    self.begun.setdefault(label, frame)
                elif label in self.begun:
                    ended.append((label, self.begun.pop(label), frame))
        return ended


def resident() -> int:
    return int(Path('/proc/self/statm').read_text().split()[1]) * 4096

"""Write the motion that the foundation encoder is pretrained on: windows of recorded takes in any body layout,
generated movement, and the synthetic actions, all as clips of one body."""

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import torch
from rich.progress import track

from usdrl_mmaction.body import BODY, as_body, body_mapping, in_torsos
from usdrl_mmaction.datasets import read_annotations
from usdrl_mmaction.datasets.annotations import counted, save_annotations
from usdrl_mmaction.datasets.synthetic import make_trimmed
from usdrl_mmaction.datasets.synthetic.movement import make_movement
from usdrl_mmaction.engine.runner.settings import facts_of, resolve_layout
from usdrl_mmaction.files import sha256_of

SECONDS = (0.8, 4.3)  # of a window
COVER = 2  # windows that show a moment of a take, on average
HELD_OUT = 256  # generated clips to watch the embedding by


def main(args):
    rng, sources = np.random.default_rng([args.seed, 4]), []
    train = []
    for path in args.takes:
        content = read_annotations(str(path))
        clips = list(windows(content, path, rng))
        train += clips
        licence = {key: str(value) for key, value in (content.get('meta') or {}).items() if key == 'licence'}
        sources.append({'file': path.name, 'sha256': sha256_of(path), 'clips': len(clips), **licence})
    held_out = generated(make_movement, HELD_OUT, args.seed + 1, 'Generating clips to watch')
    train += generated(make_movement, args.movements, args.seed, 'Generating movement')
    train += generated(make_trimmed, args.actions, args.seed + 7, 'Generating actions')
    train = [mirrored(clip) if rng.random() < 0.5 else clip for clip in train]
    split, annotations = {}, []
    for name, clips in (('train', train), ('val', held_out)):
        items = [annotation(f'{name}{number:06d}', clip) for number, clip in enumerate(clips)]
        annotations += items
        split[name] = [item['frame_dir'] for item in items]
    meta = {'layout': 'body', 'fps': 30, 'seed': args.seed, 'sources': sources}
    meta |= {'movements': args.movements, 'actions': args.actions}
    save_annotations({'split': split, 'annotations': annotations, 'meta': meta}, args.out)
    hours = sum(item['total_frames'] for item in annotations) / 30 / 3600
    print(f'{args.out}: {counted(len(train), "clip", "clips")} to train on, {hours:.1f} hours with overlaps')
    for source in sources:
        print(f'  {source["file"]}: {counted(source["clips"], "window", "windows")}. {source.get("licence", "")}')


def windows(content: dict, path: Path, rng) -> Iterator[np.ndarray]:
    """Windows of the takes of a file, at random, so many that each moment is in ``COVER`` of them on average."""
    facts = facts_of(content, str(path))
    mapping = body_mapping(resolve_layout(None, facts, str(path)))
    shortest, longest = (seconds * (facts.fps or 30) for seconds in SECONDS)
    for take in track(content['annotations'], f'Cutting {path.name}', transient=True):
        clip = as_body(take['keypoint'], mapping)  # (M, T, 19, 3)
        frames = clip.shape[1]
        for _ in range(max(1, round(COVER * frames / ((shortest + longest) / 2)))):
            length = min(frames, int(rng.uniform(shortest, longest)))
            start = rng.integers(0, frames - length + 1)
            yield clip[:, start : start + length]


def generated(make: Callable, number: int, seed: int, description: str) -> list[np.ndarray]:
    data = make(number, seed, progress=lambda indices: track(indices, description, transient=True))
    mapping = body_mapping(data['meta']['layout'])
    return [as_body(item['keypoint'], mapping) for item in data['annotations']]


def mirrored(clip: np.ndarray) -> np.ndarray:
    """Left and right exchanged.  # (M, T, V, 3)"""
    return clip[:, :, BODY.swapped] * np.float32([-1, 1, 1])


def annotation(name: str, clip: np.ndarray) -> dict:
    keypoint = in_torsos(torch.from_numpy(np.ascontiguousarray(clip))[None])[0].numpy().astype(np.float16)
    return {'frame_dir': name, 'label': 0, 'total_frames': clip.shape[1], 'keypoint': keypoint}

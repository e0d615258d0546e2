"""Damaged files: truncated, with bits flipped, with holes, with parts doubled or swapped."""

import os
import random
import shutil
from functools import partial
from pathlib import Path

import numpy as np
import torch
from hub_server import ENVIRONMENT, hub_of
from mmaction.registry import MODELS
from mmengine.config import Config
from mmengine.registry import init_default_scope
from raw_files import moving
from square_videos import FRAMES, SquareFinder, write_video

from usdrl_mmaction.apis import SkeletonInferencer
from usdrl_mmaction.checkpoints.reading import load_from_local, read_weights
from usdrl_mmaction.checkpoints.saving import newest_checkpoint
from usdrl_mmaction.datasets import read_annotations
from usdrl_mmaction.datasets.store import write_store
from usdrl_mmaction.recordings.video import PoseModels, read_video

from .files import (
    ROOT,
    annotation_file,
    command,
    convert_segments,
    read,
    read_dataset,
    use_model,
    write_formats,
    write_model,
    write_recordings,
)
from .isolated import LIMIT, SOUND, each, fork, wait
from .training import run


def damage(content: bytes, rng: random.Random) -> bytes:
    kind = rng.choice(['cut', 'bit', 'bits', 'hole', 'doubled', 'swapped'])
    at, length = rng.randrange(len(content)), rng.randrange(1, 200)
    if kind == 'cut':
        return content[:at]
    if kind == 'hole':
        return content[:at] + bytes(min(length, len(content) - at)) + content[at + length :]
    if kind == 'doubled':
        return content[:at] + content[at : at + length] + content[at:]
    if kind == 'swapped':
        return content[:at] + rng.randbytes(length) + content[at + length :]
    flipped = bytearray(content)
    for _ in range(1 if kind == 'bit' else rng.randrange(2, 30)):
        flipped[rng.randrange(len(flipped))] ^= 1 << rng.randrange(8)
    return bytes(flipped)


@each
def checkpoints(rng, number, folder):
    """Damaged files are loaded for training and inference, or are newer than a sound one when a run resumes."""
    for epochs in (1, 2):
        wait(fork(partial(run, folder, folder / 'run', **{'train_cfg.max_epochs': epochs}))[0], LIMIT)
    sound, content = folder / 'run/epoch_1.pth', (folder / 'run/epoch_2.pth').read_bytes()
    expected = torch.load(folder / 'run/epoch_2.pth', weights_only=True)['state_dict']

    def same(found):
        equal = found.keys() == expected.keys() and all(value.equal(expected[key]) for key, value in found.items())
        return None if equal else 'other weights were loaded'

    def load(path):
        return same(load_from_local(str(path), 'cpu')['state_dict'])

    def infer(path):
        return same(read_weights(str(path)))

    def resume(path):
        place = path.with_suffix('')
        place.mkdir()
        shutil.copy(sound, place)
        shutil.move(path, place / 'epoch_2.pth')
        (place / 'last_checkpoint').write_text(str(place / 'epoch_2.pth'))
        chosen, skipped = newest_checkpoint(place)
        if chosen.name == 'epoch_1.pth':
            return None if len(skipped) == 1 else f'passed over: {skipped}'
        return same(load_from_local(str(chosen), 'cpu')['state_dict'])

    for index in range(number):
        path = folder / f'{index}.pth'
        path.write_bytes(damage(content, rng) if index > 2 else content)
        yield (path.name if index > 2 else f'{SOUND} {index}'), partial([load, infer, resume][index % 3], path)


@each
def annotations(rng, number, folder):
    content = annotation_file(folder).read_bytes()
    write_store(read_annotations(str(annotation_file(folder))), folder / 'clips.store')
    uses = read_dataset, partial(command, 'inspect'), partial(command, 'pack')
    for path in (annotation_file(folder), folder / 'clips.store'):
        yield f'{SOUND} {path.name}', partial(read_dataset, path)
    for index in range(number - 2):
        if rng.random() < 0.5:
            path = folder / f'{index}.pkl'
            path.write_bytes(damage(content, rng))
        else:
            path = folder / f'{index}.store'
            shutil.copytree(folder / 'clips.store', path)
            part = path / rng.choice(['index.pkl', 'index.pkl', 'frames.bin'])
            part.write_bytes(damage(part.read_bytes(), rng))
        yield path.name, partial(uses[index % 3], path)


def damaged_recordings(rng, number, folder, sound):
    yield from ((f'{SOUND} {path.relative_to(folder)}', path) for path in sound)
    for index in range(number - len(sound)):
        source = rng.choice(sound)
        path = folder / f'{index}' if source.is_dir() else folder / f'{index}{source.suffix}'
        if source.is_dir():
            shutil.copytree(source, path)
            part = rng.choice(sorted(path.iterdir()))
        else:
            part = shutil.copy(source, path)
            for beside in source.parent.glob('*.asf'):  # without which an AMC file says nothing
                shutil.copy(beside, folder)
        Path(part).write_bytes(damage(Path(part).read_bytes(), rng))
        yield path.name, path


@each
def recordings(rng, number, folder):
    sound = [*write_recordings(folder / SOUND), *write_formats(folder / f'{SOUND} formats')]
    for name, path in damaged_recordings(rng, number, folder, sound):
        yield name, partial(read, path)


@each
def inferencer(rng, number, folder):
    cfg = Config.fromfile(ROOT / 'configs/usdrl/benchmarks/linear_synthetic.py')
    cfg.merge_from_dict({'model.backbone.embed_dims': 16, 'model.cls_head.in_channels': 16})
    checkpoint = folder / 'weights.pth'
    wait(fork(partial(write_weights, cfg, checkpoint))[0], LIMIT)

    def case(path):
        results = SkeletonInferencer(cfg, checkpoint, device='cpu')(path)
        scores = [action['score'] for result in results for action in result['actions']]
        return None if scores and np.isfinite(scores).all() else f'scores {scores}'

    for name, path in damaged_recordings(rng, number, folder, write_recordings(folder / SOUND)):
        if path.suffix not in ('', '.txt', '.bvh'):  # two coordinates, a format of one data set, another layout
            yield name, partial(case, path)


@each
def models(rng, number, folder):
    """Classifiers of which the description or the weights are damaged."""
    sound = write_model(folder / 'model')
    yield SOUND, partial(use_model, sound)
    for index in range(number - 1):
        path = Path(shutil.copytree(sound, folder / f'{index}'))
        part = path / rng.choice(['config.json', 'model.safetensors'])
        content = part.read_bytes()
        # Most of the weights are numbers, of which any is one: half of the damage is done to their names.
        head = (
            len(content) if part.suffix == '.json' or rng.random() < 0.5 else 8 + int.from_bytes(content[:8], 'little')
        )
        part.write_bytes(damage(content[:head], rng) + content[head:])
        yield f'{index}/{part.name}', partial(use_model, path)
        shutil.rmtree(path)


@each
def hub(rng, number, folder):
    """Models of ``hf://``, of which a file is damaged or its transfer ends early."""

    def case(path, cut):
        with hub_of(path, cut) as address:
            os.environ |= {**ENVIRONMENT, 'HF_ENDPOINT': address, 'HF_HOME': f'{path}.cache'}
            return use_model('hf://somebody/actions')

    sound = write_model(folder / 'model')
    yield SOUND, partial(case, sound, None)
    for index in range(number - 1):
        path, cut = Path(shutil.copytree(sound, folder / f'{index}')), None
        part = path / rng.choice(['config.json', 'model.safetensors'])
        if rng.random() < 0.5:
            cut = rng.randrange(part.stat().st_size)
        else:
            part.write_bytes(damage(part.read_bytes(), rng))
        yield f'{index}/{part.name}, {"damaged" if cut is None else f"{cut} bytes"}', partial(case, path, cut)
        shutil.rmtree(path)


@each
def videos(rng, number, folder):
    """Damaged video files; people are white squares, which are found without a model."""

    def case(path):
        clip = read_video(path, SquareFinder(PoseModels()))
        sound = np.isfinite(clip.keypoint).all() and 0 < clip.keypoint.shape[1] <= 2 * FRAMES
        return None if sound else f'a clip of {clip.keypoint.shape}'

    sound = [write_video(folder / name, people=2) for name in ('sound.avi', 'sound.mp4')]
    yield from ((path.name, partial(case, path)) for path in sound)
    for index in range(number - len(sound)):
        source = rng.choice(sound)
        path = folder / f'{index}{source.suffix}'
        path.write_bytes(damage(source.read_bytes(), rng))
        yield path.name, partial(case, path)


@each
def segments(rng, number, folder):
    """Tables of the segments of a video."""
    np.save(folder / 'v.npy', moving(frames=40))
    sound = b'video,label,start,end\nv,wave,0,10\nv,sit,12,20\nv,wave,25,40\n'
    for index in range(number):
        path = folder / f'{index}.csv'
        path.write_bytes(damage(sound, rng) if index else sound)
        case = partial(convert_segments, path, folder / 'v.npy', folder / f'{index}.pkl')
        yield path.name if index else SOUND, case


@each
def enrolment(rng, number, folder):
    """Actions that are taught from damaged recordings, and recognised."""

    def case(path, model):
        command('enrol', path, '--name', 'jump', '--model', model, '--layout', 'nturgb+d')
        return use_model(model)

    sound = write_model(folder / 'model')
    for name, path in damaged_recordings(rng, number, folder, write_recordings(folder / SOUND)):
        if path.suffix not in ('.txt', '.bvh'):  # formats of one data set, and without a layout
            yield name, partial(case, path, Path(shutil.copytree(sound, folder / f'{path.name}.model')))


def write_weights(cfg: Config, path: Path):
    init_default_scope('mmaction')
    torch.save({'state_dict': MODELS.build(cfg.model).state_dict()}, path)

"""Measures the foundation encoder on sets that it never saw, beside joints without an encoder, a random encoder and the
encoder of the synthetic actions: docs/foundation.md has the table.

    python tools/dev/foundation.py msr_action3d.pkl utkinect.pkl synthetic --corpus data/motion/corpus.pkl
"""

import argparse
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from rich.console import Console
from rich.progress import track
from rich.table import Column, Table

from usdrl_mmaction.apis import ActionClassifier, BodyEncoder, load, load_model
from usdrl_mmaction.apis.classifier_network import POOLING
from usdrl_mmaction.body import BODY, body_mapping, upright
from usdrl_mmaction.datasets import read_annotations
from usdrl_mmaction.datasets.annotations import clips_of_split
from usdrl_mmaction.datasets.synthetic import make_trimmed
from usdrl_mmaction.datasets.transforms import NormalizeSkeleton, ResizeFrames
from usdrl_mmaction.engine.convolutions import RandomConvolutions
from usdrl_mmaction.engine.novelty import unit
from usdrl_mmaction.engine.ridge import fit_ridge
from usdrl_mmaction.engine.runner.settings import facts_of, resolve_layout
from usdrl_mmaction.files import replacing
from usdrl_mmaction.models import DSTE, StreamFeatures, as_streams
from usdrl_mmaction.models.backbones.whitening import EVERY
from usdrl_mmaction.skeletons import LAYOUTS, joint_mapping

SHOTS, DRAWS = (1, 5), 3
WHITENED = 2048  # clips that whitening is fitted to
SYNTHETIC = 'synthetic'
OTHER_LAYOUTS = ('nturgb+d', 'coco', 'h36m', 'openpose_25', 'mediapipe', 'smpl')


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('sets', nargs='+', help="annotation files with splits 'train' and 'val', or synthetic")
    parser.add_argument('--encoder', default='body', help='a name of the zoo or a checkpoint')
    parser.add_argument('--seeds', nargs='+', type=int, default=[0, 1, 2], help='of random encoders')
    parser.add_argument(
        '--corpus', type=Path, help='what it was pretrained on: to whiten the features of random encoders as well'
    )
    parser.add_argument('--out', type=Path, metavar='FILE.json', help='file to write the numbers to')
    args = parser.parse_args()
    body, found = load(args.encoder), {}
    motion = motion_of(args.corpus, body) if args.corpus else None
    for given in args.sets:
        data = synthetic_set() if given == SYNTHETIC else read_set(Path(given))
        found[Path(given).stem] = measure(data, body, args.seeds, motion)
        show(Path(given).stem, found[Path(given).stem])
        if args.out:
            with replacing(args.out) as draft:
                draft.write_text(json.dumps(found, indent=1) + '\n')


class Clips:
    """The clips and labels of a set, to train and to test on."""

    def __init__(self, train: list[dict], test: list[dict], layout: str | dict):
        self.train, self.test = ([item['keypoint'].astype(np.float32) for item in items] for items in (train, test))
        self.labels, self.truth = (np.array([item['label'] for item in items]) for items in (train, test))
        self.layout = layout

    def few(self, shots: int, draw: int) -> np.ndarray:
        """The numbers of some clips of each class, drawn at random."""
        rng = np.random.default_rng(draw)
        members = [rng.permutation(np.flatnonzero(self.labels == label)) for label in np.unique(self.labels)]
        return np.concatenate([each[:shots] for each in members])


def read_set(path: Path) -> Clips:
    content = read_annotations(str(path))
    train, test = (clips_of_split(content, split, str(path)) for split in ('train', 'val'))
    return Clips(train, test, resolve_layout(None, facts_of(content, str(path)), str(path)))


def synthetic_set() -> Clips:
    data = make_trimmed(720, seed=3)
    train, test = (clips_of_split(data, f'xsub_{split}', 'synthetic') for split in ('train', 'val'))
    return Clips(train, test, data['meta']['layout'])


def motion_of(corpus: Path, body: BodyEncoder) -> torch.Tensor:
    """Some of the clips that an encoder was pretrained on.  # (N, M, T, V, C)"""
    items = clips_of_split(read_annotations(str(corpus)), 'train', str(corpus))
    chosen = np.linspace(0, len(items) - 1, WHITENED).astype(int)
    return body.prepare([items[number]['keypoint'].astype(np.float32) for number in chosen], 'body')


def measure(
    data: Clips, body: BodyEncoder, seeds: list[int], motion: torch.Tensor | None
) -> dict[str, dict[str, list[float]]]:
    """Accuracies by encoder and measure, one for each seed."""
    encoders = {'joints alone': [body_joints], 'random': [random_encoder(body, seed) for seed in seeds]}
    if motion is not None:
        encoders['random, whitened'] = [whitened(random_encoder(body, seed), motion) for seed in seeds]
    encoders |= {'synthetic': [synthetic_encoder()], 'body': [body]}
    rows = {}
    for name, several in encoders.items():
        found = [
            frozen(encoder, data) for encoder in track(several, name, console=Console(stderr=True), transient=True)
        ]
        rows[name] = {measure: [each[measure] for each in found] for measure in found[0]}
    rows['convolutions alone'] = convolutions_alone(body, data)
    rows['random + convolutions'] = default_call(random_encoder(body, seeds[0]), data)
    rows['ActionClassifier'] = default_call(body, data)
    rows['body'] |= {'six layouts': [layouts(body, data)], 'picture': [picture(body, data, seed) for seed in seeds]}
    rows['body'] |= unknown(body, data)
    return rows


def frozen(encoder, data: Clips) -> dict[str, float]:
    narrow = [features(encoder, clips, data.layout, ('max',)) for clips in (data.train, data.test)]
    wide = [features(encoder, clips, data.layout, POOLING) for clips in (data.train, data.test)]
    found = {'1-NN': nearest(narrow[0], data.labels, narrow[1], data.truth)}
    found['linear'] = linear(wide[0], data.labels, wide[1], data.truth)
    for shots in SHOTS:
        draws = [data.few(shots, draw) for draw in range(DRAWS)]
        each = [linear(wide[0][few], data.labels[few], wide[1], data.truth) for few in draws]
        found[f'{shots} a class'] = float(np.mean(each))
    return found


def features(encoder, clips: list[np.ndarray], layout, pooling) -> np.ndarray:
    if isinstance(encoder, BodyEncoder):
        return encoder.embed(clips, layout, pooling)
    return encoder(clips, layout, pooling)


def body_joints(clips, layout, pooling) -> np.ndarray:
    """The joints of the first person, as the encoder gets them."""
    prepared = load('body').prepare(clips, layout)
    return prepared[:, 0].flatten(1).numpy()


def random_encoder(body: BodyEncoder, seed: int) -> BodyEncoder:
    model = load_model('body')
    torch.manual_seed(seed)
    arguments = {key: value for key, value in model.cfg.model.backbone.items() if key != 'type'}
    model.backbone = DSTE(**arguments)
    return BodyEncoder(model)


@torch.no_grad()
def whitened(encoder: BodyEncoder, motion: torch.Tensor) -> BodyEncoder:
    """The encoder with its pooled features whitened, as ``WhiteningHook`` does it."""
    streams = [StreamFeatures(*encoder.backbone(batch)) for batch in motion.split(64)]
    encoder.backbone.whitening.fit(torch.cat([each.pooled(EVERY) for each in streams]))
    return encoder


def synthetic_encoder() -> Callable:
    """The encoder of the synthetic actions, with the joints of its layout that a set has."""
    backbone = load_model('dste_synthetic').backbone
    normalize, resize = NormalizeSkeleton('nturgb+d'), ResizeFrames(64)

    @torch.no_grad()
    def embed(clips, layout, pooling):
        mapping = joint_mapping(LAYOUTS[layout].names, LAYOUTS['nturgb+d'].names, estimate=True)
        prepared = np.zeros((len(clips), 2, 64, 25, 3), np.float32)
        for number, clip in enumerate(clips):
            keypoint = resize(normalize(dict(keypoint=mapping(clip))))['keypoint'][:2]
            prepared[number, : len(keypoint)] = keypoint
        batches = torch.from_numpy(prepared).split(64)
        return torch.cat([as_streams(backbone(batch)).pooled(pooling) for batch in batches]).numpy()

    return embed


def nearest(train, labels, test, truth) -> float:
    return float((labels[(unit(test) @ unit(train).T).argmax(1)] == truth).mean())


def linear(train, labels, test, truth) -> float:
    fitted = fit_ridge(train, labels, labels.max() + 1)
    return float((fitted.scores(test).argmax(1) == truth).mean())


def default_call(body: BodyEncoder, data: Clips) -> dict[str, list[float]]:
    found = {'linear': [float((model_of(body, data).predict(data.test) == data.truth).mean())]}
    for shots in SHOTS:
        models = [model_of(body, data, data.few(shots, draw)) for draw in range(DRAWS)]
        found[f'{shots} a class'] = [
            float(np.mean([(model.predict(data.test) == data.truth).mean() for model in models]))
        ]
    return found


def convolutions_alone(body: BodyEncoder, data: Clips) -> dict[str, list[float]]:
    """What ActionClassifier would be without an encoder."""
    train, test = (body.prepare(clips, data.layout) for clips in (data.train, data.test))

    def accuracy(few) -> float:
        random = RandomConvolutions().fit(train[few])
        return linear(random.transform(train[few]), data.labels[few], random.transform(test), data.truth)

    found = {'linear': [accuracy(np.arange(len(train)))]}
    for shots in SHOTS:
        found[f'{shots} a class'] = [float(np.mean([accuracy(data.few(shots, draw)) for draw in range(DRAWS)]))]
    return found


def model_of(body: BodyEncoder, data: Clips, few=None) -> ActionClassifier:
    few = range(len(data.train)) if few is None else few
    return ActionClassifier(body, layout=data.layout).fit([data.train[i] for i in few], data.labels[few])


def layouts(body: BodyEncoder, data: Clips) -> float:
    """1-NN of clips in six layouts in turn, among clips in the set's own."""
    gallery = body.embed(data.train, data.layout)
    names = LAYOUTS[data.layout].names
    queries = []
    for number, clip in enumerate(data.test):
        layout = OTHER_LAYOUTS[number % len(OTHER_LAYOUTS)]
        mapping = joint_mapping(names, LAYOUTS[layout].names, estimate=True)
        queries.append(body.embed([mapping(clip)], layout))
    return nearest(gallery, data.labels, np.concatenate(queries), data.truth)


def picture(body: BodyEncoder, data: Clips, seed: int) -> float:
    """1-NN where all clips are pictures of COCO's joints, each from a side drawn at random."""
    rng = np.random.default_rng(seed)
    train, test = ([project(clip, data.layout, rng) for clip in clips] for clips in (data.train, data.test))
    return nearest(body.embed(train, 'coco'), data.labels, body.embed(test, 'coco'), data.truth)


def project(clip: np.ndarray, layout, rng) -> np.ndarray:
    """Pixels of COCO's joints, from a camera 2.5 to 5 m away, up to 60 degrees to the side.  # (M, T, V, 3)"""
    joints = upright(body_mapping(layout)(clip))
    angle = rng.uniform(-np.pi / 3, np.pi / 3)
    turn = np.array([[np.cos(angle), 0, np.sin(angle)], [0, 1, 0], [-np.sin(angle), 0, np.cos(angle)]])
    seen = joints.any(-1, keepdims=True)
    centre = joints[0, :, 0][joints[0, :, 0].any(-1)].mean(0)
    joints = (joints - centre) @ turn.T
    pixels = -joints[..., :2] / np.maximum(rng.uniform(2.5, 5) + joints[..., 2:], 0.5) * 1000 + 1000
    coco = joint_mapping([*BODY.names, *LAYOUTS['coco'].names[:5]], LAYOUTS['coco'].names)
    face = np.repeat(pixels[..., [BODY.joint('head')], :], 5, axis=-2)
    return coco(np.concatenate([pixels * seen, face * seen[..., [BODY.joint('head')], :]], axis=-2))


def unknown(body: BodyEncoder, data: Clips) -> dict[str, list[float]]:
    """Half of the classes are enrolled with five clips each: how many of these, and of the others, are refused."""
    known, strange = [], []
    for draw in range(DRAWS):
        rng = np.random.default_rng(draw)
        classes = rng.permutation(np.unique(data.labels))
        enrolled = classes[: len(classes) // 2]
        few = data.few(5, draw)
        few = few[np.isin(data.labels[few], enrolled)]
        model = model_of(body, data, few)
        refused = model.novelty(data.test) > model.known_.threshold
        member = np.isin(data.truth, enrolled)
        known.append(float(refused[member].mean()))
        strange.append(float(refused[~member].mean()))
    return {'known refused': known, 'unknown refused': strange}


def show(name: str, rows: dict):
    measures = list(dict.fromkeys(measure for row in rows.values() for measure in row))
    table = Table(Column('encoder'), *(Column(measure, justify='right') for measure in measures), title=name)
    for encoder, row in rows.items():
        table.add_row(encoder, *(spread(row.get(measure)) for measure in measures))
    Console(highlight=False).print(table)


def spread(values: list[float] | None) -> str:
    if not values:
        return ''
    return f'{100 * np.mean(values):.1f}' + (f' ± {100 * np.std(values, ddof=1):.1f}' if len(values) > 1 else '')


if __name__ == '__main__':
    main()

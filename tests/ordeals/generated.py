"""Random files from hypothesis, similar to sound ones or not."""

import json
import pickle
import shutil
import tempfile
from collections.abc import Callable
from copy import deepcopy
from functools import cache, partial
from pathlib import Path

import hypothesis
import numpy as np
from hypothesis import strategies as st
from mmengine.config import Config
from raw_files import moving

from usdrl_mmaction.engine.runner.overrides import override
from usdrl_mmaction.skeletons import get_skeleton

from .files import ROOT, command, convert_segments, read, read_dataset, use_model, write_model
from .isolated import each

NUMBERS = st.one_of(st.integers(-(2**40), 2**70), st.floats(), st.booleans(), st.none(), st.text(max_size=4))
JSON = st.recursive(
    NUMBERS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=6), inner, max_size=4),
    max_leaves=12,
)
SHAPES = st.lists(st.integers(0, 4), max_size=5).map(tuple)
ARRAYS = st.builds(
    lambda shape, kind, value: np.full(shape, value).astype(kind),
    SHAPES, st.sampled_from(['f2', 'f4', 'f8', 'i4', 'u1', 'bool', 'U3', 'c8', 'M8[s]']), st.sampled_from([0, 1, 7]),
)  # fmt: skip


@st.composite
def spoiled(draw, sound: st.SearchStrategy, junk: st.SearchStrategy):
    """A sound value, often with a part that is something else or missing."""
    value = draw(sound)
    for _ in range(draw(st.integers(0, 2))):
        holder, key = draw(st.sampled_from([*parts(value), (None, None)]))
        if holder is None:
            continue
        if draw(st.booleans()):
            holder[key] = draw(junk)
        else:
            del holder[key]
    return value


def parts(value) -> list[tuple]:
    """Every place of a value made of dicts and lists."""
    keys = value if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ()
    return [place for key in keys for place in [(value, key), *parts(value[key])]]


NAMES = st.sampled_from(['a', 'b', 'c'])
KEYPOINTS = st.builds(
    np.errstate(invalid='ignore')(
        lambda persons, frames, shape, kind, value: np.full((persons, frames, *shape), value).astype(kind)
    ),
    st.integers(0, 3), st.integers(0, 4), st.sampled_from([(25, 3), (25, 3), (25, 2), (17, 3), (0, 3)]),
    st.sampled_from(['f2', 'f4', 'f8', 'i4', 'u1']), st.sampled_from([0, 1, -2.5, np.nan, np.inf, 1e38]),
)  # fmt: skip
SIZE = st.integers(0, 9)
LAYOUTS = ['coco', 'nturgb+d']
CLIPS = st.lists(
    st.fixed_dictionaries(
        dict(frame_dir=NAMES, label=st.integers(0, 3), keypoint=KEYPOINTS),
        optional=dict(keypoint_score=ARRAYS, segments=ARRAYS, subject=NAMES, img_shape=st.tuples(SIZE, SIZE)),
    ),
    min_size=1, max_size=3,
)  # fmt: skip
ANNOTATIONS = st.fixed_dictionaries(
    dict(split=st.just({'xsub_train': ['a', 'b', 'c'], 'xsub_val': ['a']}).map(deepcopy), annotations=CLIPS),
    optional=dict(meta=st.fixed_dictionaries(dict(classes=st.lists(NAMES), layout=st.sampled_from(LAYOUTS)))),
)  # fmt: skip
COORDINATE = st.floats(-100, 100)
INSTANCE = st.fixed_dictionaries(
    dict(
        keypoints=st.lists(st.lists(COORDINATE, min_size=2, max_size=2), min_size=3, max_size=3),
        keypoint_scores=st.lists(COORDINATE, min_size=3, max_size=3),
    )
)
MMPOSE = st.fixed_dictionaries(
    dict(
        meta_info=st.just({'keypoint_id2name': {'0': 'a', '1': 'b', '2': 'c'}}).map(deepcopy),
        instance_info=st.integers(1, 3).flatmap(
            lambda frames: st.tuples(*(frame(number) for number in range(frames))).map(list)
        ),
    )
)
LAYOUT = st.just(
    dict(parents=[None, 0, 0, 1, 2], names=['hip', 'left_hip', 'right_hip', 'left_shoulder', 'right_shoulder'],
         mirror=[[1, 2], [3, 4]], origin=['hip'], shoulders=[3, 4], torso=[['hip'], [3, 4]])
).map(deepcopy) | st.just(dict(num_node=3, inward=[[1, 0], [2, 0]], center=0)).map(deepcopy)  # fmt: skip
MOMENT = st.integers(-5, 50).map(str) | st.sampled_from(['1e30', 'nan', '-0', '', '0x1', '１', '7.5'])
WORDS = st.sampled_from(['0', '1', '2.0', 'nan', '1e99', '', '"', 'é', 'a_x'])
TABLE = st.sampled_from([('a_x', 'a_y'), ('frame', 'person', 'a_x', 'a_y'), ('frame', 'joint', 'x', 'y')]).flatmap(
    lambda header: st.lists(st.lists(st.integers(0, 2).map(str) | WORDS, min_size=len(header), max_size=len(header)))
    .map(lambda rows: [[*header], *rows])
)  # fmt: skip
SEGMENTS = st.sampled_from([('video', 'label', 'start', 'end'), ('video', 'label', 'start_s', 'end_s')]).flatmap(
    lambda header: st.lists(st.tuples(st.sampled_from(['v', 'v.npy', 'w']), WORDS | st.just('wave'), *[MOMENT] * 2))
    .map(lambda rows: [[*header], *rows])
)  # fmt: skip
KEYS = st.lists(
    st.sampled_from(['model', 'backbone', 'type', 'train_cfg', '0', '', '-1', 'x', 'augmentations']), max_size=5
)


def frame(number: int) -> st.SearchStrategy:
    return st.fixed_dictionaries(dict(frame_id=st.just(number), instances=st.lists(INSTANCE, max_size=2)))


def written(suffix: str, write: Callable, use: Callable) -> Callable:
    """A case that writes a value to a file and uses that."""

    def run(folder: Path, value) -> str | None:
        path = folder / f'generated{suffix}'
        write(path, value)
        return use(path)

    return run


def write_pickle(path: Path, value):
    path.write_bytes(pickle.dumps(value))


def write_json(path: Path, value):
    path.write_text(json.dumps(value))


def write_table(path: Path, rows):
    path.write_text('\n'.join(','.join(row) for row in rows), encoding='utf-8')


DESCRIPTION = st.deferred(lambda: st.just(json.loads((sound_model() / 'config.json').read_text())).map(deepcopy))


@cache
def sound_model() -> Path:
    return write_model(Path(tempfile.mkdtemp(prefix='torture_'), 'model'))


def use_description(path: Path) -> str | None:
    folder = Path(shutil.copytree(sound_model(), path.with_suffix('.model'), dirs_exist_ok=True))
    shutil.copy(path, folder / 'config.json')
    return use_model(folder)


def use_segments(path: Path) -> str | None:
    video = path.with_name('video.npy')
    np.save(video, moving(frames=40))
    return convert_segments(path, video, path.with_suffix('.pkl'))


GENERATED = {
    'annotations, inspected': (
        spoiled(ANNOTATIONS, JSON | ARRAYS),
        written('.pkl', write_pickle, partial(command, 'inspect')),
    ),
    'annotations, trained on': (spoiled(ANNOTATIONS, JSON | ARRAYS), written('.pkl', write_pickle, read_dataset)),
    'NPZ': (
        st.fixed_dictionaries(
            dict(keypoint=KEYPOINTS | ARRAYS), optional=dict(keypoint_score=ARRAYS, img_shape=ARRAYS)
        ),
        written('.npz', lambda path, arrays: np.savez(path, **arrays), read),
    ),
    'MMPose': (spoiled(MMPOSE, JSON), written('.json', write_json, read)),
    'layouts': (spoiled(LAYOUT, JSON), written('.json', write_json, lambda path: get_skeleton(str(path)) and None)),
    'CSV': (spoiled(TABLE, WORDS | st.text().map(str)), written('.csv', write_table, read)),
    'segment tables': (spoiled(SEGMENTS, WORDS), written('.csv', write_table, use_segments)),
    'model descriptions': (spoiled(DESCRIPTION, JSON), written('.config.json', write_json, use_description)),
    'bytes as NTU skeletons': (st.binary(), written('.skeleton', Path.write_bytes, read)),
    '--cfg-options': (KEYS, lambda folder, keys: override(deepcopy(PRETRAIN), {'.'.join(keys): 1})),
}
PRETRAIN = Config.fromfile(ROOT / 'configs/usdrl/pretrain_synthetic.py')


@each
def generated(rng, number, folder):
    share = -(-number // len(GENERATED))
    for name, (strategy, use) in GENERATED.items():
        for value in examples(strategy, share, rng.randrange(2**32)):
            yield f'{name}: {value!r}'[:400], partial(use, folder, value)


def examples(strategy: st.SearchStrategy, number: int, seed: int) -> list:
    found = []

    @hypothesis.seed(seed)
    @hypothesis.settings(max_examples=number, database=None, deadline=None, phases=[hypothesis.Phase.generate])
    @hypothesis.given(strategy)
    def collect(value):
        found.append(value)

    collect()
    return found

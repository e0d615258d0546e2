"""The problems inside a readable annotation file, one sentence each."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from hashlib import blake2b
from itertools import combinations
from typing import NamedTuple

import numpy as np

from usdrl_mmaction.skeletons import Skeleton

from .annotations import counted
from .segments import are_segments

SHOWN = 3  # names in a sentence
ROLES = ('train', 'val', 'test')


class Measures(NamedTuple):
    """The results of one pass over the joints of a clip."""

    persons: int
    frames: int
    joints: int
    channels: int
    finite: bool
    empty_frames: int
    digest: bytes


def measure(clip: dict) -> Measures:
    keypoint = np.asarray(clip['keypoint'])  # (M, T, V, C)
    persons, frames, joints, channels = keypoint.shape
    empty = frames - np.count_nonzero(keypoint.any((0, 2, 3)))
    digest = blake2b(np.ascontiguousarray(keypoint), digest_size=16).digest()
    return Measures(persons, frames, joints, channels, bool(np.isfinite(keypoint).all()), empty, digest)


def find_problems(content: dict, measures: list[Measures]) -> list[str]:
    """The problems of an annotation file; ``measures`` are of its clips, in their order."""
    clips, split = content['annotations'], content['split']
    if not clips:
        return ['There are no clips.']
    return [
        *joint_problems(clips, measures),
        *label_problems(clips, split, content.get('meta', {}).get('classes')),
        *segment_problems(clips, measures),
        *split_problems(clips, split),
        *copies(clips, measures, split),
    ]


def joint_problems(clips: list[dict], measures: list[Measures]) -> list[str]:
    forms = [(item.joints, item.channels) for item in measures]
    usual = Counter(forms).most_common(1)[0][0]
    scores = [np.shape(clip.get('keypoint_score', clip['keypoint']))[:3] for clip in clips]
    unlike = [form != usual for form in forms]
    misfits = [shape != item[:3] for shape, item in zip(scores, measures, strict=True)]
    return [
        *about(clips, [not item.finite for item in measures], 'holds', 'hold', 'NaN or infinite coordinates'),
        *about(clips, [not item.frames for item in measures], 'has', 'have', 'no frames'),
        *about(clips, [0 < item.frames == item.empty_frames for item in measures], 'shows', 'show', 'nobody'),
        *about(clips, unlike, 'does', 'do', f'not have {usual[0]} joints of {usual[1]} coordinates, as the others do'),
        *about(clips, misfits, 'has', 'have', "a 'keypoint_score' of another shape than the 'keypoint'"),
    ]


def label_problems(clips: list[dict], split: dict, classes) -> list[str]:
    trimmed = [clip for clip in clips if 'segments' not in clip]
    labelled = [clip for clip in trimmed if is_label(clip.get('label'))]
    unlabelled = [not is_label(clip.get('label')) for clip in trimmed]
    count = len(classes) if classes else np.inf
    beyond = [clip['label'] >= count for clip in labelled]
    problems = [
        *about(trimmed, unlabelled, 'has', 'have', "no 'label', an integer from 0"),
        *about(labelled, beyond, 'has', 'have', f'a label beyond {count} classes'),
    ]
    labels = {clip['frame_dir']: clip['label'] for clip in labelled}
    for train, test in paired(split):
        known, tested = ({labels[name] for name in split[key] if name in labels} for key in (train, test))
        if tested - known and train.endswith('train'):
            problems.append(f"Split '{test}' has classes that '{train}' lacks: {listed(sorted(tested - known))}.")
    return problems


def is_label(value) -> bool:
    return isinstance(value, int | np.integer) and value >= 0


def segment_problems(clips: list[dict], measures: list[Measures]) -> list[str]:
    problems = []
    for clip, item in zip(clips, measures, strict=True):
        segments = np.asarray(clip.get('segments', ()))
        if not segments.size:
            continue
        if not are_segments(segments):
            found = f'{segments.shape} and type {segments.dtype}'
            problems.append(f"'{clip['frame_dir']}' has 'segments' of shape {found}, not (S, 3) integers.")
            continue
        label, start, end = segments.T
        wrong = segments[(label < 1) | (start < 0) | (start >= end) | (end > item.frames)]
        problems += [
            f"'{clip['frame_dir']}' has the segment (label, start, end) {tuple(found.tolist())}. It has {item.frames} "
            'frames, and labels start at 1.'
            for found in wrong
        ]
    return problems


def split_problems(clips: list[dict], split: dict) -> list[str]:
    names = {clip['frame_dir'] for clip in clips}
    problems = []
    for key, members in split.items():
        problems += [f"Split '{key}' is empty."] if not len(members) else []
        absent = sorted(set(members) - names)
        problems += problem(absent, 'clip that is', 'clips that are', 'not in the file', before=f"Split '{key}' names ")
    for train, test in paired(split):
        both = sorted(set(split[train]) & set(split[test]))
        problems += problem(both, 'clip', 'clips', before=f"Splits '{train}' and '{test}' share ")
    unused = sorted(names - {name for members in split.values() for name in members})
    return problems + (problem(unused, 'clip is', 'clips are', 'in no split') if split else [])


def paired(split: dict) -> list[tuple[str, str]]:
    """The splits that must not have common clips: 'xsub_train' and 'xsub_val', not 'xsub_train' and 'xview_val'."""
    protocols = defaultdict(list)
    for role in ROLES:
        for key in split:
            if key.rpartition('_')[2] == role:
                protocols[key.rpartition('_')[0]].append(key)
    return [pair for keys in protocols.values() for pair in combinations(keys, 2)]


def copies(clips: list[dict], measures: list[Measures], split: dict) -> list[str]:
    counts = Counter(clip['frame_dir'] for clip in clips)
    twice = [name for name, count in counts.items() if count > 1]
    groups = defaultdict(list)
    for clip, item in zip(clips, measures, strict=True):
        if item.empty_frames < item.frames:
            groups[item.digest, item[:4]].append(clip['frame_dir'])
    same = [names for names in groups.values() if len(names) > 1]
    problems = [
        *problem(twice, 'name belongs', 'names belong', 'to several clips'),
        *problem(map(alike, same), 'clip occurs', 'clips occur', 'several times'),
    ]
    for train, test in paired(split):
        across = [names for names in same if set(names) & set(split[train]) and set(names) & set(split[test])]
        problems += problem(map(alike, across), 'of them is', 'of them are', f"in '{train}' and in '{test}'")
    return problems


def layout_problems(measures: list[Measures], layout: str, skeleton: Skeleton) -> list[str]:
    found = sorted({item.joints for item in measures} - {len(skeleton)})
    return [f"The clips have {listed(found)} joints; the layout '{layout}' has {len(skeleton)}."] if found else []


def checkpoint_problems(measures: list[Measures], path: str, tokens: int) -> list[str]:
    """``tokens``: the joints of all persons that the encoder of the checkpoint takes."""
    found = sorted({item.joints for item in measures if not item.joints or tokens % item.joints})
    if not found:
        return []
    return [f'The clips have {listed(found)} joints; {path} takes {tokens} joints of all persons together.']


def about(clips: list[dict], wrong: list[bool], singular: str, plural: str, rest: str) -> list[str]:
    names = [clip['frame_dir'] for clip, is_wrong in zip(clips, wrong, strict=True) if is_wrong]
    return problem(names, f'clip {singular}', f'clips {plural}', rest)


def problem(found: Iterable, singular: str, plural: str, rest: str = '', before: str = '') -> list[str]:
    """A sentence that counts and names what was found; nothing if nothing was."""
    found = list(found)
    sentence = f'{before}{counted(len(found), singular, plural)} {rest}'.strip()
    return [f'{sentence}: {listed(found)}.'] if found else []


def alike(names: list[str]) -> str:
    return ' = '.join(names[:SHOWN]) + (' = …' if len(names) > SHOWN else '')


def listed(values: Iterable) -> str:
    values = list(map(str, values))
    more = len(values) - SHOWN
    return ', '.join(values[:SHOWN]) + (f' and {more} more' if more > 0 else '')

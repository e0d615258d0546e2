"""Skeleton layouts (joint names, parents, mirror pairs) and what follows from them: bones, motion, and the joints of
one layout as those of another."""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from numbers import Integral
from pathlib import Path

import numpy as np
import torch

from .errors import LayoutError
from .files import missing

SPEC = ('parents', 'num_node', 'inward', 'center', 'names', 'mirror', 'origin', 'shoulders', 'torso')


@dataclass(frozen=True)
class Skeleton:
    """A tree of joints. ``parents[j]`` is the parent of joint ``j``; the root is its own parent.

    Normalisation puts the middle of ``origin`` at 0, turns ``shoulders`` to be along x, and measures size by the
    distance between the middles of the two ends of ``torso``, hips and shoulders.
    """

    parents: tuple[int, ...]
    names: tuple[str, ...] = ()
    mirror: tuple[tuple[int, int], ...] = ()  # (left, right) pairs
    origin: tuple[int, ...] = ()  # the root by default
    shoulders: tuple[int, ...] = ()  # left and right, or none
    torso: tuple[tuple[int, ...], ...] = ()  # joints of the lower and of the upper end, or none

    def __post_init__(self):
        self._check_tree()
        if self.names and (len(self.names) != len(self) or len(set(self.names)) != len(self)):
            raise LayoutError(f'{len(self)} joints need {len(self)} different names, not {list(self.names)}.')
        if not all(len(pair) == 2 for pair in self.mirror):
            raise LayoutError(f"'mirror' is pairs of joints, not {list(self.mirror)}.")
        mirrored = [joint for pair in self.mirror for joint in pair]
        twice = sorted({joint for joint in mirrored if mirrored.count(joint) > 1})
        if twice:
            raise LayoutError(f"'mirror' is pairs of different joints, each in one pair. Joints {twice} occur twice.")
        if len(self.shoulders) not in (0, 2) or len(self.torso) not in (0, 2):
            raise LayoutError("'shoulders' is a left and a right joint, 'torso' a lower and an upper end.")
        others = {*mirrored, *self.origin, *self.shoulders, *(joint for end in self.torso for joint in end)}
        outside = sorted(others - set(range(len(self))))
        if outside:
            raise LayoutError(f"'mirror', 'origin', 'shoulders' or 'torso' name joints {outside} of {len(self)}.")
        if not self.origin:
            object.__setattr__(self, 'origin', (self.root,))

    def _check_tree(self):
        outside = [joint for joint, parent in enumerate(self.parents) if not 0 <= parent < len(self)]
        if outside:
            raise LayoutError(f'The parents of joints {outside} are not among the {len(self)} joints.')
        roots = [joint for joint, parent in enumerate(self.parents) if joint == parent]
        if len(roots) != 1:
            raise LayoutError(f'A layout has exactly one root joint. This one has {len(roots)}: {roots}.')
        reached = set(roots)
        for _ in self.parents:
            reached |= {joint for joint, parent in enumerate(self.parents) if parent in reached}
        if len(reached) < len(self):
            lost = sorted(set(range(len(self))) - reached)
            raise LayoutError(f'Joints {lost} do not reach the root: their parents form a cycle.')

    def __len__(self) -> int:
        return len(self.parents)

    @property
    def root(self) -> int:
        return next(joint for joint, parent in enumerate(self.parents) if joint == parent)

    @property
    def swapped(self) -> list[int]:
        """For each joint, the one that is there when left and right are exchanged."""
        order = list(range(len(self)))
        for left, right in self.mirror:
            order[left], order[right] = right, left
        return order

    def joint(self, name: str) -> int:
        """The index of a joint by its name."""
        if name not in self.names:
            raise LayoutError(f"No joint is named '{name}'. This layout has: {', '.join(self.names)}.")
        return self.names.index(name)


def get_skeleton(layout: str | dict) -> Skeleton:
    """A layout by name, from a dict, or from a JSON file of such a dict (a string that ends in '.json').

    The dict has ``parents``, one for each joint (null for the root), or ``num_node``, ``inward`` and ``center`` as
    MMAction2's ``Graph`` takes them (``inward`` lists (child, parent) pairs). It may have ``names``, ``mirror`` (pairs
    of left and right; by default from the names), ``origin``, ``shoulders`` and ``torso``. Joints are given by number
    or name.
    """
    if isinstance(layout, dict):
        return _from_spec(layout, 'The layout')
    if layout.endswith('.json'):
        try:
            spec = json.loads(Path(layout).read_text(encoding='utf-8'))
        except FileNotFoundError:
            raise missing(layout, 'layout file', "Set 'layout'.") from None
        except ValueError as error:
            raise LayoutError(f'{layout} is not JSON: {error}.') from error
        if not isinstance(spec, dict):
            keys = ', '.join(SPEC)
            raise LayoutError(f'{layout} holds a JSON {type(spec).__name__}; a layout is an object with {keys}.')
        return _from_spec(spec, layout)
    if layout not in LAYOUTS:
        raise LayoutError(
            f"Unknown layout '{layout}'. Known: {', '.join(LAYOUTS)}; or give a dict with "
            "'num_node', 'inward' and 'center', or the path of a JSON file of one."
        )
    return LAYOUTS[layout]


def as_spec(layout: str | dict) -> str | dict:
    """The content of a layout's JSON file, for where the file may not be; a name or a dict as it is."""
    is_file = isinstance(layout, str) and layout.endswith('.json')
    return json.loads(Path(layout).read_text(encoding='utf-8')) if is_file else layout


def bone(clip: torch.Tensor | np.ndarray, skeleton: Skeleton) -> torch.Tensor | np.ndarray:
    """Each joint minus its parent; the root's bone is 0.  # (..., V, C) -> (..., V, C)"""
    return clip - clip[..., list(skeleton.parents), :]


def motion(clip: torch.Tensor | np.ndarray) -> torch.Tensor | np.ndarray:
    """The next frame minus this one; the last frame is 0.  # (..., T, V, C) -> (..., T, V, C)"""
    library = torch if isinstance(clip, torch.Tensor) else np
    steps = clip[..., 1:, :, :] - clip[..., :-1, :, :]
    return library.concatenate([steps, library.zeros_like(clip[..., :1, :, :])], axis=-3)


def middle(keypoint: np.ndarray, joints: Sequence[int], weights: Sequence[float] | None = None) -> np.ndarray:
    """The mean of the seen ones among the joints, or 0; with different weights, which say where along a limb, all of
    them must be seen.  # (..., V, C) -> (..., C)"""
    chosen = keypoint[..., joints, :]  # (..., n, C)
    weights = np.asarray(np.ones(len(joints)) if weights is None else weights, keypoint.dtype)
    seen = chosen.any(-1)  # (..., n)
    if len(set(weights.tolist())) > 1:
        seen = np.broadcast_to(seen.all(-1, keepdims=True), seen.shape)
    total = (weights * seen).sum(-1, keepdims=True)
    return (weights[:, None] * chosen * seen[..., None]).sum(-2) / np.where(total > 0, total, 1)


@dataclass(frozen=True)
class JointMapping:
    """Maps clips of one list of joints to another. ``sources`` has, for each new joint, the joints that it is the mean
    of, with their weights. A joint without sources is missing: it becomes zero."""

    sources: tuple[dict[int, float], ...]

    @property
    def missing(self) -> list[int]:
        return [joint for joint, source in enumerate(self.sources) if not source]

    def __call__(self, keypoint: np.ndarray) -> np.ndarray:
        """The mean is taken over the joints that are seen.  # (..., V, C) -> (..., V', C)"""
        return self._map(keypoint, middle)

    def scores(self, score: np.ndarray) -> np.ndarray:
        """A mean has the lowest of the scores of its joints.  # (..., V) -> (..., V')"""
        return self._map(score[..., None], lambda scores, joints, _: scores[..., joints, :].min(-2))[..., 0]

    def _map(self, array: np.ndarray, mean) -> np.ndarray:
        mapped = np.zeros((*array.shape[:-2], len(self.sources), array.shape[-1]), array.dtype)
        copied = [(joint, *source) for joint, source in enumerate(self.sources) if len(source) == 1]
        if copied:
            joints, sources = zip(*copied, strict=True)
            mapped[..., joints, :] = array[..., sources, :]
        for joint, source in enumerate(self.sources):
            if len(source) > 1:
                mapped[..., joint, :] = mean(array, list(source), list(source.values()))
        return mapped


def joint_mapping(source: Sequence[str], target: Sequence[str], estimate: bool = False) -> JointMapping:
    """Maps joints named ``source`` to those named ``target``: to the same name or to one of the same meaning, such as
    'LShoulder' to 'left_shoulder' and 'mid_hip' to 'pelvis'. With ``estimate``, a joint that is not there may be made
    of others (``RULES``)."""
    exact = {name: joint for joint, name in reversed(list(enumerate(source)))}
    known = {meaning(name): joint for name, joint in exact.items()}
    sources = []
    for name in target:
        joint = exact.get(name, known.get(meaning(name)))
        estimated = _estimate(name, known) if joint is None and estimate else {}
        sources.append(estimated if joint is None else {joint: 1.0})
    return JointMapping(tuple(sources))


def estimated_mapping(source: Sequence[str], target: Skeleton) -> JointMapping:
    """Maps joints named ``source`` to a whole layout: what is not there is made of others, or else is where its parent
    is."""
    sources = list(joint_mapping(source, target.names, estimate=True).sources)
    for _ in target.parents:
        sources = [found or sources[parent] for found, parent in zip(sources, target.parents, strict=True)]
    return JointMapping(tuple(sources))


def _estimate(name: str, known: dict[frozenset, int], asked: tuple[str, ...] = ()) -> dict[int, float]:
    """Joints and weights that make one that is not there, or nothing."""
    words = sorted(meaning(name), key=lambda word: word not in ('left', 'right'))
    side = words[0] if words[0] in ('left', 'right') else 'side'
    for rule in RULE_OF.get(meaning(name), ()):
        total = {}
        for other, weight in rule.items():
            other = other.replace('side', side)
            joint = known.get(meaning(other))
            found = {joint: 1.0} if joint is not None else {}
            if not found and other not in asked:
                found = _estimate(other, known, (*asked, name))
            if not found:
                break
            for joint, share in found.items():
                total[joint] = total.get(joint, 0.0) + weight * share
        else:
            return total
    return {}


def layout_of(names: Sequence[str]) -> str | None:
    """The layout whose joints have these names, or others of the same meaning, in this order."""
    meanings = [meaning(str(name)) for name in names]
    return next((layout for layout in LAYOUTS if [*map(meaning, LAYOUTS[layout].names)] == meanings), None)


@cache
def meaning(name: str) -> frozenset[str]:
    """The words of a joint's name in any order and spelling, or of its synonym: 'LShoulder', 'shoulder.left' and
    'left_shoulder_joint' are the same."""
    parts = re.findall(r'[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+|[^\W\d_a-zA-Z]+', name)  # LShoulder: L Shoulder
    words = [WORDS.get(word, word) for part in parts for word in _unglued(part.lower()).split()]
    words = frozenset([word for word in words if word not in EMPTY_WORDS] or words)
    return SYNONYMS.get(words, words or frozenset([name]))


def _unglued(word: str) -> str:
    """'lshoulder' as 'l shoulder' and 'hipcenter' as 'hip center', where all of it are words of joints."""
    if word in VOCABULARY:
        return word
    for end in range(len(word) - 1, 0, -1):
        rest = word[:end] in VOCABULARY and _unglued(word[end:])
        if rest and all(each in VOCABULARY for each in rest.split()):
            return f'{word[:end]} {rest}'
    return word


def _from_spec(spec: dict, source: str) -> Skeleton:
    unknown = sorted(set(spec) - set(SPEC))
    if unknown:
        raise LayoutError(f'{source} has the unknown keys {unknown}. A layout may have: {", ".join(SPEC)}.')
    try:
        names = tuple(spec.get('names') or ())
        sides = [(left, name.replace('left', 'right')) for left, name in enumerate(names) if 'left' in name]
        named = [(left, names.index(right)) for left, right in sides if right in names]
        mirror = [_joints(pair, names) for pair in spec['mirror']] if 'mirror' in spec else named
        hips, shoulders = (
            next((pair for pair in mirror if names and part in names[pair[0]]), ()) for part in ('hip', 'shoulder')
        )
        torso = spec.get('torso') or ((hips, shoulders) if hips and shoulders else ())
        return Skeleton(
            parents=_parents(spec, names),
            names=names,
            mirror=tuple(mirror),
            origin=_joints(spec.get('origin', ()), names),
            shoulders=_joints(spec.get('shoulders', shoulders), names),
            torso=tuple(_joints(end, names) for end in torso),
        )
    except (ValueError, TypeError, IndexError) as error:
        raise LayoutError(f'{source} is not a usable skeleton layout. {error}') from error


def _parents(spec: dict, names: tuple) -> tuple[int, ...]:
    if 'parents' in spec:
        parents = [joint if parent in (None, -1) else parent for joint, parent in enumerate(spec['parents'])]
        return _joints(parents, names)
    lacking = {'num_node', 'inward', 'center'} - set(spec)
    if lacking:
        raise LayoutError(f"It also needs {sorted(lacking)} (or 'parents'). It has {sorted(spec)}.")
    parents = {}
    for child, parent in [*spec['inward'], (spec['center'], spec['center'])]:
        if child in parents:
            raise LayoutError(f"'inward' and 'center' give joint {child} two parents, {parents[child]} and {parent}.")
        parents[child] = parent
    joints = range(spec['num_node'])
    if missing_parents := sorted(set(joints) - set(parents)):
        raise LayoutError(f"Joints {missing_parents} have no parent in 'inward', with 'num_node' {len(joints)}.")
    if unknown := sorted(set(parents) - set(joints)):
        raise LayoutError(f"Joints {unknown} of 'inward' do not exist, with 'num_node' {len(joints)}.")
    return tuple(parents[joint] for joint in joints)


def _joints(given, names: tuple) -> tuple[int, ...]:
    """The numbers of joints that are given by number or name, one or several."""
    given = [given] if isinstance(given, Integral | str) else given
    unknown = [joint for joint in given if not isinstance(joint, Integral) and joint not in names]
    if unknown:
        raise LayoutError(f'There are no joints {unknown}. Joints are numbers, or of these names: {list(names)}.')
    return tuple(int(joint) if isinstance(joint, Integral) else names.index(joint) for joint in given)


def _from_tree(layout: str) -> Skeleton:
    names, parents = zip(*(pair.split(':') for pair in TREES[layout].split()), strict=True)
    return _from_spec(
        dict(names=names, parents=[parent or None for parent in parents], **PARTS.get(layout, HIPS)), layout
    )


TREES = {  # 'joint:parent' in the order of the joints; 'joint:' is the root
    # The authors' parents, which their checkpoints need: MMAction2's graph hangs both hand tips on the wrists instead.
    'nturgb+d': """
        spine_base:spine_mid spine_mid:spine_shoulder neck:spine_shoulder head:neck
        left_shoulder:spine_shoulder left_elbow:left_shoulder left_wrist:left_elbow left_hand:left_wrist
        right_shoulder:spine_shoulder right_elbow:right_shoulder right_wrist:right_elbow right_hand:right_wrist
        left_hip:spine_base left_knee:left_hip left_ankle:left_knee left_foot:left_ankle
        right_hip:spine_base right_knee:right_hip right_ankle:right_knee right_foot:right_ankle
        spine_shoulder: left_hand_tip:left_thumb left_thumb:left_hand right_hand_tip:right_thumb right_thumb:right_hand
    """,
    # As in MMAction2's graph.
    'coco': """
        nose: left_eye:nose right_eye:nose left_ear:left_eye right_ear:right_eye
        left_shoulder:nose right_shoulder:nose left_elbow:left_shoulder right_elbow:right_shoulder
        left_wrist:left_elbow right_wrist:right_elbow left_hip:left_shoulder right_hip:right_shoulder
        left_knee:left_hip right_knee:right_hip left_ankle:left_knee right_ankle:right_knee
    """,
    'kinect_v1': """
        hip_center: spine:hip_center shoulder_center:spine head:shoulder_center
        left_shoulder:shoulder_center left_elbow:left_shoulder left_wrist:left_elbow left_hand:left_wrist
        right_shoulder:shoulder_center right_elbow:right_shoulder right_wrist:right_elbow right_hand:right_wrist
        left_hip:hip_center left_knee:left_hip left_ankle:left_knee left_foot:left_ankle
        right_hip:hip_center right_knee:right_hip right_ankle:right_knee right_foot:right_ankle
    """,
    'h36m': """
        pelvis: right_hip:pelvis right_knee:right_hip right_ankle:right_knee
        left_hip:pelvis left_knee:left_hip left_ankle:left_knee
        spine:pelvis thorax:spine neck:thorax head:neck
        left_shoulder:thorax left_elbow:left_shoulder left_wrist:left_elbow
        right_shoulder:thorax right_elbow:right_shoulder right_wrist:right_elbow
    """,
    # As in MMAction2's graph.
    'openpose': """
        nose:neck neck: right_shoulder:neck right_elbow:right_shoulder right_wrist:right_elbow
        left_shoulder:neck left_elbow:left_shoulder left_wrist:left_elbow
        right_hip:right_shoulder right_knee:right_hip right_ankle:right_knee
        left_hip:left_shoulder left_knee:left_hip left_ankle:left_knee
        right_eye:nose left_eye:nose right_ear:right_eye left_ear:left_eye
    """,
    'openpose_25': """
        nose:neck neck: right_shoulder:neck right_elbow:right_shoulder right_wrist:right_elbow
        left_shoulder:neck left_elbow:left_shoulder left_wrist:left_elbow
        mid_hip:neck right_hip:mid_hip right_knee:right_hip right_ankle:right_knee
        left_hip:mid_hip left_knee:left_hip left_ankle:left_knee
        right_eye:nose left_eye:nose right_ear:right_eye left_ear:left_eye
        left_big_toe:left_ankle left_small_toe:left_big_toe left_heel:left_ankle
        right_big_toe:right_ankle right_small_toe:right_big_toe right_heel:right_ankle
    """,
    'mediapipe': """
        nose: left_eye_inner:nose left_eye:left_eye_inner left_eye_outer:left_eye
        right_eye_inner:nose right_eye:right_eye_inner right_eye_outer:right_eye
        left_ear:left_eye_outer right_ear:right_eye_outer mouth_left:nose mouth_right:nose
        left_shoulder:nose right_shoulder:nose left_elbow:left_shoulder right_elbow:right_shoulder
        left_wrist:left_elbow right_wrist:right_elbow left_pinky:left_wrist right_pinky:right_wrist
        left_index:left_wrist right_index:right_wrist left_thumb:left_wrist right_thumb:right_wrist
        left_hip:left_shoulder right_hip:right_shoulder left_knee:left_hip right_knee:right_hip
        left_ankle:left_knee right_ankle:right_knee left_heel:left_ankle right_heel:right_ankle
        left_foot_index:left_heel right_foot_index:right_heel
    """,
    # MPII's 16, SMPL's 24, and 26 of Halpe (AlphaPose's default).
    'mpii': """
        right_ankle:right_knee right_knee:right_hip right_hip:pelvis left_hip:pelvis left_knee:left_hip
        left_ankle:left_knee pelvis: thorax:pelvis neck:thorax head_top:neck
        right_wrist:right_elbow right_elbow:right_shoulder right_shoulder:thorax
        left_shoulder:thorax left_elbow:left_shoulder left_wrist:left_elbow
    """,
    'smpl': """
        pelvis: left_hip:pelvis right_hip:pelvis spine1:pelvis left_knee:left_hip right_knee:right_hip spine2:spine1
        left_ankle:left_knee right_ankle:right_knee spine3:spine2 left_foot:left_ankle right_foot:right_ankle
        neck:spine3 left_collar:spine3 right_collar:spine3 head:neck
        left_shoulder:left_collar right_shoulder:right_collar left_elbow:left_shoulder right_elbow:right_shoulder
        left_wrist:left_elbow right_wrist:right_elbow left_hand:left_wrist right_hand:right_wrist
    """,
    'halpe': """
        nose:neck left_eye:nose right_eye:nose left_ear:left_eye right_ear:right_eye
        left_shoulder:neck right_shoulder:neck left_elbow:left_shoulder right_elbow:right_shoulder
        left_wrist:left_elbow right_wrist:right_elbow left_hip:pelvis right_hip:pelvis
        left_knee:left_hip right_knee:right_hip left_ankle:left_knee right_ankle:right_knee
        head_top:neck neck:pelvis pelvis: left_big_toe:left_ankle right_big_toe:right_ankle
        left_small_toe:left_big_toe right_small_toe:right_big_toe left_heel:left_ankle right_heel:right_ankle
    """,
    # What every other layout of a body is brought to (body.py).
    'body': """
        pelvis: thorax:pelvis head:thorax
        left_shoulder:thorax left_elbow:left_shoulder left_wrist:left_elbow left_hand:left_wrist
        right_shoulder:thorax right_elbow:right_shoulder right_wrist:right_elbow right_hand:right_wrist
        left_hip:pelvis left_knee:left_hip left_ankle:left_knee left_foot:left_ankle
        right_hip:pelvis right_knee:right_hip right_ankle:right_knee right_foot:right_ankle
    """,
    'hand': """
        wrist: thumb_cmc:wrist thumb_mcp:thumb_cmc thumb_ip:thumb_mcp thumb_tip:thumb_ip
        index_mcp:wrist index_pip:index_mcp index_dip:index_pip index_tip:index_dip
        middle_mcp:wrist middle_pip:middle_mcp middle_dip:middle_pip middle_tip:middle_dip
        ring_mcp:wrist ring_pip:ring_mcp ring_dip:ring_pip ring_tip:ring_dip
        pinky_mcp:wrist pinky_pip:pinky_mcp pinky_dip:pinky_pip pinky_tip:pinky_dip
    """,
}
FEET = """
    left_big_toe:left_ankle left_small_toe:left_big_toe left_heel:left_ankle
    right_big_toe:right_ankle right_small_toe:right_big_toe right_heel:right_ankle
"""
# Each finger is a chain from the wrist, joint 0 of its hand.
HANDS = ' '.join(
    f'{side}_hand_{joint}:{side}_hand_{joint - 1 if joint % 4 != 1 else 0}' if joint else f'{side}_hand_0:{side}_wrist'
    for side in ('left', 'right')
    for joint in range(21)
)
FACE = ' '.join(f'face_{point}:nose' for point in range(68))
TREES['coco_wholebody'] = f'{TREES["coco"]} {FEET} {FACE} {HANDS}'
PARTS = {
    'nturgb+d': dict(origin='spine_mid'),
    'kinect_v1': dict(origin='spine'),
    'h36m': dict(origin='spine'),
    'hand': dict(torso=('wrist', 'middle_mcp')),
}
HIPS = dict(origin=('left_hip', 'right_hip'))  # of the others
LAYOUTS = {name: _from_tree(name) for name in TREES}

# In names of joints: other spellings, and words that say nothing.
WORDS = {
    'l': 'left', 'lt': 'left', 'lft': 'left', 'r': 'right', 'rt': 'right', 'rgt': 'right',
    'centre': 'center', 'middle': 'mid', 'centered': 'center',
    'sho': 'shoulder', 'shoulders': 'shoulder', 'elb': 'elbow', 'wri': 'wrist', 'wr': 'wrist', 'kne': 'knee',
    'ank': 'ankle', 'clavicle': 'collar', 'naval': 'navel', 'little': 'pinky', 'forefinger': 'index',
}  # fmt: skip
EMPTY_WORDS = {'joint', 'landmark', 'keypoint', 'kp', 'marker', 'position', 'pos', 'pose', 'body', 'finger'}
NAMES = {
    'pelvis': 'hip_center mid_hip spine_base hips hip root waist hip_mid',
    'spine': 'spine_mid spine_navel torso abdomen',
    'thorax': 'shoulder_center spine_shoulder mid_shoulder chest spine_chest',
    'head_top': 'top_head top_of_head head_end',
    'left_big_toe': 'left_toe',
    'right_big_toe': 'right_toe',
}
SYNONYMS = {frozenset(other.split('_')): frozenset(name.split('_')) for name in NAMES for other in NAMES[name].split()}
VOCABULARY = {part for tree in TREES.values() for part in re.findall('[a-z]+', tree)}
VOCABULARY |= {*WORDS, *WORDS.values(), *(part for others in NAMES.values() for part in re.findall('[a-z]+', others))}
# Where a joint comes from that a sensor lacks: the first rule whose joints exist, as weights of theirs. 'side' is left
# and right. A rule's joints may have rules themselves; weights outside 0 to 1 continue a limb.
RULES = {
    'pelvis': ({'left_hip': 0.5, 'right_hip': 0.5},),
    'thorax': ({'left_shoulder': 0.5, 'right_shoulder': 0.5}, {'neck': 1}),
    'spine': ({'spine2': 1}, {'pelvis': 0.5, 'thorax': 0.5}),
    'neck': ({'left_shoulder': 0.5, 'right_shoulder': 0.5},),
    'head': (
        {'left_ear': 0.5, 'right_ear': 0.5},
        {'head_top': 0.5, 'neck': 0.5},
        {'nose': 1},
        {'left_eye': 0.5, 'right_eye': 0.5},
        {'neck': 1.25, 'pelvis': -0.25},
        {'thorax': 1.4, 'pelvis': -0.4},
    ),
    'side_shoulder': ({'side_collar': 1},),
    'side_wrist': ({'side_elbow': 0.15, 'side_hand': 0.85},),
    'side_hand': (
        {'side_index': 0.5, 'side_pinky': 0.5},
        {'side_hand_9': 1},
        {'side_wrist': 1.32, 'side_elbow': -0.32},
    ),
    'side_hand_tip': ({'side_index': 1}, {'side_hand': 1}),
    'side_thumb': ({'side_hand': 1},),
    'side_ankle': ({'side_knee': 0.12, 'side_foot': 0.88},),
    'side_foot': (
        {'side_foot_index': 1},
        {'side_ankle': 0.4, 'side_big_toe': 0.6},
        {'side_ankle': 1.2, 'side_knee': -0.2},
    ),
    'side_big_toe': ({'side_foot_index': 1},),
    'side_small_toe': ({'side_foot_index': 1},),
}
RULE_OF = {
    meaning(name.replace('side', side)): rules
    for name, rules in RULES.items()
    for side in (('left', 'right') if 'side' in name else ('side',))
}

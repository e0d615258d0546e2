"""Joints of SMPL bodies, as programs that estimate them from video save them: VIBE and its successors (TCMR, PARE,
WHAM), HybrIK, PHALP and 4D-Humans as pickles or joblib's files, AMASS as NPZ."""

from pathlib import Path
from typing import Any

import numpy as np
from scipy.spatial.transform import Rotation

from usdrl_mmaction.errors import RecordingError
from usdrl_mmaction.skeletons import LAYOUTS

from ..clip import Clip
from .persons import Person, gather, rate_of

SMPL, BODY_25 = LAYOUTS['smpl'], LAYOUTS['openpose_25'].names
HYBRIK = {'pred_xyz_24_struct': SMPL.names, 'pred_xyz_29': SMPL.names, 'pred_xyz_17': LAYOUTS['h36m'].names}
POSES = ('pose_world', 'pose', 'poses', 'pose_body')
PLACES = ('trans_world', 'trans', 'transl')
# Each joint of the mean body from its parent, in millimetres.
OFFSETS = np.array([
    (0, 0, 0), (58, -82, -18), (-60, -91, -14), (4, 124, -38), (43, -386, 8), (-43, -384, -5), (4, 138, 27),
    (-15, -427, -37), (19, -420, -35), (-2, 56, 3), (41, -60, 122), (-35, -62, 130), (-13, 212, -34),
    (72, 114, -19), (-83, 112, -24), (10, 89, 50), (123, 45, -19), (-113, 47, -8), (255, -16, -23),
    (-260, -14, -31), (266, 13, -7), (-269, 7, -6), (87, -11, -16), (-89, -9, -10),
]) / 1000  # fmt: skip


def is_vibe(content: Any) -> bool:
    """People by number, each of joints or poses in frames."""
    people = list(content.values()) if isinstance(content, dict) else []
    return bool(people) and all(
        isinstance(person, dict) and ('joints3d' in person or any(key in person for key in POSES)) for person in people
    )


def is_hybrik(content: Any) -> bool:
    return isinstance(content, dict) and any(key in content for key in HYBRIK)


def is_phalp(content: Any) -> bool:
    frames = list(content.values())[:3] if isinstance(content, dict) else []
    return bool(frames) and all(isinstance(frame, dict) and '3d_joints' in frame for frame in frames)


def is_amass(path: Path) -> bool:
    """Whether an NPZ file has poses of SMPL."""
    try:
        with np.load(path, allow_pickle=False) as file:
            return 'poses' in file.files or 'pose_body' in file.files
    except Exception:  # a damaged file can make numpy raise anything
        return False


def read_vibe(content: dict, path: Path) -> Clip:
    """Joints in 3D: of 49, the first 25 are OpenPose's. Without joints, those of the mean body in these poses."""
    found = {identity: joints_of(person, f'{path}: person {identity}') for identity, person in content.items()}
    shapes = {(joints.shape[1], len(names)) for joints, names in found.values()}
    if len(shapes) > 1:
        raise RecordingError(f'{path}: people of different numbers of joints: {sorted(shape[0] for shape in shapes)}.')
    frames = {}
    for identity, (joints, _) in found.items():
        numbers = np.ravel(content[identity].get('frame_ids', np.arange(len(joints))))
        if len(numbers) != len(joints):
            raise RecordingError(f'{path}: person {identity} has {len(joints)} frames, but {len(numbers)} frame_ids.')
        for number, pose in zip(numbers.tolist(), joints, strict=True):
            frames.setdefault(int(number), []).append(Person(with_score(pose), str(identity)))
    return gather(frames, path, next(iter(found.values()))[1])


def joints_of(person: dict, where: str) -> tuple[np.ndarray, tuple[str, ...]]:
    """(T, V, 3), and names."""
    if 'joints3d' not in person:
        return posed(person, where), SMPL.names
    joints = array(person['joints3d'], f"{where}: 'joints3d'")
    if joints.ndim != 3 or joints.shape[2] != 3 or not joints.size:
        raise RecordingError(f"{where}: 'joints3d' is {joints.shape}, not (frames, joints, 3).")
    if joints.shape[1] in (44, 45, 49, 54):
        return joints[:, :25], BODY_25
    return joints, {24: SMPL.names, 17: LAYOUTS['h36m'].names, 25: BODY_25}.get(joints.shape[1], ())


def read_hybrik(content: dict, path: Path) -> Clip:
    key = next(key for key in HYBRIK if key in content)
    joints = array(content[key], f"{path}: '{key}'")
    number = int(key.split('_')[2])
    if not joints.size or joints[0].size != number * 3:
        raise RecordingError(f"{path}: '{key}' is {joints.shape}, not (frames, {number}, 3).")
    joints = joints.reshape(1, -1, number, 3)[:, :, : len(HYBRIK[key])]
    return Clip(joints, joints=HYBRIK[key])


def read_phalp(content: dict, path: Path) -> Clip:
    """Frames by the name of their image; people have the numbers of its tracks. The first 25 joints are OpenPose's."""
    frames = {}
    for name, frame in content.items():
        found = list(frame['3d_joints'])
        ids = [str(number) for number in frame.get('tid', ())]
        ids = ids if len(ids) == len(found) else [None] * len(found)
        frames[name] = []
        for pose, identity in zip(found, ids, strict=True):
            joints = array(pose, f"{path}: '3d_joints' of {name}")
            if joints.ndim != 2 or joints.shape[1] != 3 or len(joints) < 25:
                raise RecordingError(f"{path}: '3d_joints' of {name} are {joints.shape}, not (25 or more, 3).")
            frames[name].append(Person(with_score(joints[:25]), identity))
    return gather(frames, path, BODY_25)


def read_amass(path: Path, _: Path) -> Clip:
    """One person; z is up."""
    try:
        with np.load(path, allow_pickle=False) as file:
            content = {key: file[key] for key in file.files if file[key].dtype.kind in 'fiu'}
    except Exception as error:  # a damaged file can make numpy raise anything
        raise RecordingError(f'{path} is not a whole NPZ file of poses ({error}).') from None
    if 'pose_body' in content and 'root_orient' in content:
        content['poses'] = np.concatenate([content['root_orient'], content.pop('pose_body')], axis=1)
    rates = {key: float(value) for key, value in content.items() if value.size == 1}
    return Clip(posed(content, path)[None], joints=SMPL.names, fps=rate_of(rates))


def posed(person: dict, where: str | Path) -> np.ndarray:
    """Joints of the mean body in poses of axis angles, where it was if that is known.  # (T, 24, 3)"""
    key = next((key for key in POSES if key in person), None)
    poses = array(person.get(key), f"{where}: '{key}'")
    poses = poses.reshape(len(poses), -1) if poses.ndim > 1 else poses[None]
    if poses.shape[1] < 63 or poses.shape[1] % 3:
        raise RecordingError(f"{where}: '{key}' is {poses.shape}, not (frames, 3 for each of 21 joints or more).")
    body = np.zeros((len(poses), 24, 3))
    given = 22 if poses.shape[1] > 72 else min(24, poses.shape[1] // 3)  # after the body come hands and face
    body[:, :given] = poses[:, : given * 3].reshape(-1, given, 3)
    joints, turns = np.zeros((len(poses), 24, 3)), []
    for joint, parent in enumerate(SMPL.parents):
        local = Rotation.from_rotvec(body[:, joint])
        if joint:
            joints[:, joint] = joints[:, parent] + turns[parent].apply(OFFSETS[joint])
        turns.append(turns[parent] * local if joint else local)
    place = next((array(person[key], where) for key in PLACES if key in person), None)
    if place is not None and place.shape == (len(poses), 3):
        joints += place[:, None]
    return joints.astype(np.float32)


def array(values: Any, where: str | Path) -> np.ndarray:
    try:
        found = np.asarray(values, np.float32)
    except (TypeError, ValueError) as error:
        raise RecordingError(f'{where} is not an array of numbers ({error}).') from None
    if not np.isfinite(found).all():
        raise RecordingError(f'{where} has numbers that are not finite.')
    return found


def with_score(pose: np.ndarray) -> np.ndarray:
    return np.c_[pose, np.ones(len(pose), np.float32)].astype(np.float32)

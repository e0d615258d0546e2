"""Made-up people for demos and tests: 25-joint stick figures moved by forward kinematics and filmed by a noisy depth
sensor, in MMAction2's pose format. No recording is needed and none went into it."""

from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from scipy.interpolate import PchipInterpolator
from scipy.ndimage import gaussian_filter1d
from scipy.spatial.transform import Rotation

from usdrl_mmaction.skeletons import LAYOUTS

LAYOUT, FPS, NUM_SUBJECTS = 'nturgb+d', 30, 40
MIN_FRAMES, MAX_FRAMES = 40, 300  # of a trimmed clip
CAMERA_YAW = (0, -45, 45)  # degrees; as in NTU, the first camera (xview_val) stands between the other two
PEOPLE, TRIMMED, UNTRIMMED = range(3)  # the streams of random numbers

SKELETON = LAYOUTS[LAYOUT]
V = len(SKELETON)
ROOT = V  # a pose has one row more than there are joints: (lift in metres, turn in degrees, 0)


def make_trimmed(num_clips: int = 720, seed: int = 0, progress=iter) -> dict:
    """Clips of one action each, in MMAction2's pose format. ``progress`` may wrap the range to draw a bar."""
    people = [make_person(seed, number) for number in range(NUM_SUBJECTS)]
    return _collect([_trimmed(people, seed, index) for index in progress(range(num_clips))], num_clips, seed)


def make_untrimmed(num_videos: int = 48, seed: int = 0, progress=iter) -> dict:
    """Long videos of several actions; ``segments`` holds (label from 1, start, end), ends exclusive."""
    people = [make_person(seed, number) for number in range(NUM_SUBJECTS)]
    return _collect([_untrimmed(people, seed, index) for index in progress(range(num_videos))], num_videos, seed)


def _trimmed(people, seed, index):
    rng = np.random.default_rng([seed, TRIMMED, index])
    lap, label = divmod(index, len(TABLE))
    # The halves of the subjects and the three cameras take turns, which spreads every action evenly over all splits.
    subject, camera = 2 * ((lap // 2 + label) % (NUM_SUBJECTS // 2)) + lap % 2, lap % len(CAMERA_YAW)
    action, before, after = TABLE[label], *(rng.exponential(0.8, 2) + 0.05)
    start, *moves = act(action, people[subject], rng)
    keys = [start, start._replace(seconds=before), *moves, moves[-1]._replace(seconds=after)]
    frames = int(np.clip(duration(keys) * FPS, MIN_FRAMES, MAX_FRAMES))
    cast = [people[subject], _partner(people, subject, rng)] if action.partner else [people[subject]]
    clip = perform(keys, cast, frames, rng)
    if action.partner:
        clip = stand_opposite(clip, 0, action.distance)[:: rng.choice((-1, 1))]
    clip = film(clip, CAMERA_YAW[camera], rng)
    if action.partner and rng.random() < 0.2:
        clip[1, : frames // rng.integers(1, 4)] = 0  # the sensor finds the second person late or never
    name = f'S001C{camera + 1:03d}P{subject + 1:03d}R{lap // NUM_SUBJECTS + 1:03d}A{label + 1:03d}'
    return _annotation(name, label, clip, subject, camera)


def _untrimmed(people, seed, index):
    rng = np.random.default_rng([seed, UNTRIMMED, index])
    subject, camera = index % NUM_SUBJECTS, index % len(CAMERA_YAW)
    keys, spans, resting = [Key(0, np.stack([at_ease(), at_ease()]))], [], 'stand'
    for label in _programme(rng):
        start, *moves = act(TABLE[label], people[subject], rng)
        keys += [*idle(resting, rng), start._replace(seconds=0.5)]
        spans.append((label + 1, duration(keys), duration(keys + moves)))
        keys, resting = keys + moves, TABLE[label].end
    keys += idle(resting, rng)
    frames = round(duration(keys) * FPS)
    segments = np.array([(label, round(start * FPS), round(end * FPS)) for label, start, end in spans])  # (S, 3)
    clip = perform(keys, [people[subject], _partner(people, subject, rng)], frames, rng)
    clip = film(_partner_visits(clip, segments, rng), CAMERA_YAW[camera], rng)
    name = f'S001C{camera + 1:03d}P{subject + 1:03d}V{index // NUM_SUBJECTS + 1:03d}'
    return _annotation(name, -1, clip, subject, camera) | {'segments': segments}


def _annotation(name, label, clip, subject, camera):
    item = {'frame_dir': name, 'label': label, 'total_frames': clip.shape[1], 'keypoint': clip}
    return item | {'subject': subject + 1, 'camera': camera + 1}


def _collect(annotations, num, seed):
    split = {'xsub_train': [], 'xsub_val': [], 'xview_train': [], 'xview_val': []}
    for item in annotations:
        split['xsub_train' if item['subject'] % 2 else 'xsub_val'].append(item['frame_dir'])
        split['xview_val' if item['camera'] == 1 else 'xview_train'].append(item['frame_dir'])
    meta = {'classes': ACTIONS, 'fps': FPS, 'layout': LAYOUT, 'num': num, 'seed': seed}
    return {'split': split, 'annotations': annotations, 'meta': meta}


def _partner(people, subject, rng):
    """Someone else from the same half, so that nobody appears on both sides of the cross-subject split."""
    return people[(subject + 2 * rng.integers(1, NUM_SUBJECTS // 2)) % NUM_SUBJECTS]


def _programme(rng):
    """The labels of a video's actions, in order: who sits down stands up next."""
    sit, rise = ACTIONS.index('sit down'), ACTIONS.index('stand up')
    drawn = (label for label in rng.permutation(len(ACTIONS)) if label != rise)
    return [label for first in drawn for label in ((sit, rise) if first == sit else (first,))][: rng.integers(5, 13)]


def _partner_visits(clip, segments, rng):
    """The second person takes part in the actions of two and is gone before and after."""
    visits = np.zeros_like(clip[1])  # (T, V, 3)
    for label, start, end in segments:
        if TABLE[label - 1].partner:
            early, late = rng.integers(8, 40, 2)
            window = slice(max(start - early, 0), end + late)
            visits[window] = stand_opposite(clip, start, TABLE[label - 1].distance)[1, window]
    return np.stack([clip[0], visits])


# --- What people do -------------------------------------------------------------------------------------------------
# Rotation vectors in degrees from standing upright with hanging arms. x lifts a limb forward (and leans the trunk
# back), y turns to the left, z moves limbs of the right side outward. A joint without a side stands for both.
POSES = {
    'stand': {},
    'at ease': {'shoulder': (0, 0, 7), 'elbow': (12, 8, 0), 'knee': (-4, 0, 0), 'hip': (2, 0, 3)},
    'wave out': {'right_shoulder': (15, 0, 80), 'right_elbow': (0, 0, 55), 'right_wrist': (0, 0, -15)},
    'wave in': {'right_shoulder': (15, 0, 85), 'right_elbow': (0, 0, 115), 'right_wrist': (0, 0, 15)},
    'kick back': {'right_hip': (-25, 0, 4), 'right_knee': (-60, 0, 0), 'left_shoulder': (20, 0, -25),
        'right_shoulder': (-15, 0, 20), 'spine_base': (-4, 0, 0)},
    'kick': {'right_hip': (70, 0, 4), 'right_knee': (-12, 0, 0), 'left_shoulder': (35, 0, -25),
        'right_shoulder': (-30, 0, 25), 'spine_base': (8, 0, 0), 'spine_mid': (-10, 0, 0), 'left_hip': (-8, 0, 0)},
    'half sit': {'spine_base': (-40, 0, 0), 'hip': (90, 0, 3), 'knee': (-75, 0, 0), 'ankle': (25, 0, 0),
        'shoulder': (55, 0, 5), 'elbow': (25, 0, 0), 'neck': (25, 0, 0)},
    'sit': {'hip': (85, 0, 5), 'knee': (-85, 0, 0), 'shoulder': (20, 0, 5), 'elbow': (50, 10, 0)},
    'to the floor': {'spine_base': (-55, 8, 0), 'spine_mid': (-25, 8, 0), 'hip': (120, 0, 6), 'knee': (-105, 0, 0),
        'ankle': (40, 0, 0), 'right_shoulder': (75, 0, 0), 'right_elbow': (8, 0, 0), 'left_shoulder': (40, 0, -10),
        'left_elbow': (45, 0, 0), 'neck': (20, 0, 0)},
    'hold': {'right_shoulder': (10, 10, 5), 'right_elbow': (85, 10, 0)},
    'draw back': {'right_shoulder': (-25, 0, 10), 'right_elbow': (95, 0, 0), 'spine_mid': (0, -8, 0)},
    'reach': {'right_shoulder': (85, 0, 0), 'right_elbow': (8, 0, 0), 'spine_mid': (-8, 12, 0)},
    'pass': {'right_hip': (28, 0, 2), 'right_knee': (-70, 0, 0), 'right_ankle': (10, 0, 0), 'left_hip': (2, 0, -2)},
    'step': {'right_hip': (26, 0, 2), 'right_knee': (-4, 0, 0), 'left_hip': (-18, 0, -2), 'left_knee': (-22, 0, 0),
        'left_shoulder': (24, 0, -6), 'right_shoulder': (-20, 0, 6), 'elbow': (22, 0, 0), 'spine_mid': (-2, -6, 0)},
    'jog': {'right_hip': (42, 0, 2), 'right_knee': (-80, 0, 0), 'left_ankle': (-12, 0, 0), 'left_shoulder': (25, 0, -8),
        'right_shoulder': (-30, 0, 8), 'elbow': (80, 10, 0), 'root': (0.04, 0, 0)},
    'crouch': {'spine_base': (-30, 0, 0), 'hip': (75, 0, 4), 'knee': (-80, 0, 0), 'ankle': (35, 0, 0),
        'shoulder': (-40, 0, 8), 'neck': (15, 0, 0)},
    'leap': {'shoulder': (120, 0, 15), 'elbow': (20, 0, 0), 'ankle': (-35, 0, 0), 'root': (0.32, 0, 0)},
    'clap open': {'shoulder': (10, -5, 20), 'elbow': (90, 0, 0)},
    'clap shut': {'shoulder': (20, 40, 20), 'elbow': (80, 0, 0)},
    'to the mouth': {'right_shoulder': (55, 25, 20), 'right_elbow': (120, 0, 0)},
    'sip': {'right_shoulder': (70, 20, 35), 'right_elbow': (115, 0, 0), 'neck': (16, 0, 0)},
    'to the ear': {'right_shoulder': (80, -20, 40), 'right_elbow': (135, 0, 0), 'neck': (0, 0, -6)},
    'talk': {'right_shoulder': (85, -25, 55), 'right_elbow': (125, 0, 0), 'neck': (-6, 14, -4)},
    'grip up': {'right_shoulder': (40, 35, 10), 'right_elbow': (50, 0, 0), 'spine_mid': (-4, 0, 0)},
    'grip down': {'right_shoulder': (40, 30, 0), 'right_elbow': (25, 0, 0), 'spine_mid': (-4, 0, 0)},
    'palms up': {'shoulder': (-10, 10, 15), 'elbow': (135, 0, 0)},
    'shove': {'shoulder': (82, 8, 0), 'elbow': (10, 0, 0), 'spine_base': (-12, 0, 0), 'right_hip': (32, 0, 2),
        'right_knee': (-14, 0, 0), 'left_hip': (-8, 0, 0)},
    'stagger': {'spine_base': (12, 0, 0), 'spine_mid': (8, 0, 0), 'right_hip': (-38, 0, 4), 'right_knee': (-25, 0, 0),
        'left_hip': (14, 0, 0), 'shoulder': (15, 0, 30), 'elbow': (45, 0, 0), 'neck': (-15, 0, 0)},
    'hand on hip': {'right_shoulder': (-45, 55, 25), 'right_elbow': (100, 0, 0)},
    'arms folded': {'shoulder': (15, 65, 20), 'elbow': (100, 0, 0)},
    'look aside': {'neck': (-4, 40, 0), 'spine_mid': (0, 12, 0)},
    'look down': {'neck': (-28, 8, 0), 'spine_mid': (-6, 0, 0)},
    'weight aside': {'spine_base': (0, 4, 6), 'right_hip': (2, 0, -2), 'left_hip': (14, 0, -10),
        'left_knee': (-18, 0, 0), 'spine_mid': (0, 0, -7)},
    'scratch': {'right_shoulder': (110, -20, 70), 'right_elbow': (100, 0, 0), 'neck': (-10, -8, 0)},
}  # fmt: skip
HABITS = ('stand', 'arms folded', 'hand on hip', '~hand on hip', 'look aside', '~look aside', 'weight aside')
IDLE = (*HABITS, 'look down', 'scratch', '~scratch')


class Action(NamedTuple):
    name: str
    cycle: tuple[str, ...]  # the poses to pass through; ~ mirrors one
    pace: float  # seconds from pose to pose
    ease: float  # seconds from the first pose into the cycle and out of it
    cycles: tuple[int, int] = (1, 1)  # how often, at least and at most
    start: str = 'stand'
    end: str = 'stand'
    handed: bool = False  # left-handed people do it mirrored
    max_turn: float = 0  # degrees
    partner: tuple[str, ...] = ()  # the second person's cycle
    distance: float = 0  # metres between the two


TABLE = (
    Action('wave left hand', ('~wave out', '~wave in'), 0.27, 0.6, (2, 6)),
    Action('wave right hand', ('wave out', 'wave in'), 0.27, 0.6, (2, 6)),
    Action('kick with left leg', ('~kick back', '~kick'), 0.3, 0.45, (1, 2)),
    Action('kick with right leg', ('kick back', 'kick'), 0.3, 0.45, (1, 2)),
    Action('sit down', ('half sit',), 0.6, 0.7, end='sit'),
    Action('stand up', ('half sit',), 0.6, 0.7, start='sit'),
    Action('pick up', ('to the floor',), 0.6, 0.9, end='hold', handed=True),
    Action('put down', ('to the floor',), 0.6, 0.9, start='hold', handed=True),
    Action('reach slowly', ('draw back', 'reach'), 0.8, 0.8, (1, 2), handed=True),
    Action('reach quickly', ('draw back', 'reach'), 0.25, 0.4, (1, 3), handed=True),
    Action('walk', ('pass', 'step', '~pass', '~step'), 0.28, 0.35, (2, 3), max_turn=100),
    Action('jog in place', ('jog', '~jog'), 0.2, 0.25, (4, 9)),
    Action('jump', ('crouch', 'leap', 'crouch'), 0.3, 0.45, (1, 3)),
    Action('clap', ('clap open', 'clap shut'), 0.2, 0.55, (3, 8)),
    Action('drink', ('to the mouth', 'sip'), 0.6, 0.8, (1, 3), handed=True),
    Action('make a phone call', ('to the ear', 'talk'), 0.8, 0.8, (1, 3), handed=True),
    Action('shake hands', ('grip up', 'grip down'), 0.24, 0.7, (2, 5), partner=('grip up', 'grip down'), distance=0.95),
    Action('push someone', ('palms up', 'shove'), 0.35, 0.5, partner=('stand', 'stagger'), distance=1.05),
)  # fmt: skip
ACTIONS = tuple(action.name for action in TABLE)


# --- From poses to keys ---------------------------------------------------------------------------------------------
class Key(NamedTuple):
    seconds: float  # since the key before
    poses: np.ndarray  # (2, V + 1, 3), the actor's and the partner's


def script(action: Action, cycles: int = 1, mirrored: bool = False, habit: str = 'stand', turn: float = 0):
    """An action as everybody would do it: the start pose and the keys to pass through."""
    names = [action.start, *action.cycle * cycles, action.end]
    others = ['stand', *(action.partner or ('stand',) * len(action.cycle)) * cycles, 'stand']
    seconds = [0, action.ease, *[action.pace] * (len(names) - 3), action.ease]
    poses = np.array([(at_ease(habit, name), at_ease(other)) for name, other in zip(names, others, strict=True)])
    poses[:, 0, ROOT, 1] = np.linspace(0, turn, len(poses))
    return [Key(*key) for key in zip(seconds, mirror_pose(poses) if mirrored else poses, strict=True)]


def act(action, person, rng):
    """An action as one person does it this time: own tempo, reach, hand and habits, with pauses."""
    low, high = action.cycles
    mirrored = action.handed and person.left_handed != (rng.random() < 0.08)
    habit = rng.choice(HABITS) if rng.random() < 0.5 else 'stand'
    keys = script(action, rng.integers(low, high + 1), mirrored, habit, rng.uniform(-1, 1) * action.max_turn)
    tempo, reach = person.tempo * rng.lognormal(0, 0.12), person.reach * rng.normal(1, 0.07)
    varied = []
    for seconds, poses in keys:
        stray = 0.8 * FREEDOM * rng.normal(size=poses.shape)
        varied.append(Key(seconds * rng.lognormal(0, 0.12) / tempo, reach * poses + stray))
        if seconds > 0 and rng.random() < 0.15:
            varied.append(Key(seconds * rng.uniform(0.2, 1.2), varied[-1].poses + 0.2 * stray))
    return varied


def idle(resting, rng):
    """A few seconds of nothing in particular."""
    keys = []
    while not keys or rng.random() < 0.55:
        keys.append(Key(rng.uniform(0.6, 2), np.stack([at_ease(rng.choice(IDLE), resting), at_ease()])))
    return keys


def duration(keys):
    return sum(key.seconds for key in keys)


def at_ease(*names):
    """The pose of standing at ease, covered joint by joint by the named ones, the last on top.  # (V + 1, 3)"""
    covered = pose('at ease')
    for values in map(pose, names):
        covered = np.where(values.any(-1, keepdims=True), values, covered)
    return covered


def pose(name: str) -> np.ndarray:
    """A pose of the table as rotation vectors in degrees, mirrored if its name begins with ~.  # (V + 1, 3)"""
    values = np.zeros((V + 1, 3))
    for joint, rotation in POSES[name.removeprefix('~')].items():
        values += _rows(joint, rotation)
    return mirror_pose(values) if name.startswith('~') else values


def _rows(joint, rotation):
    """A joint's row; a joint without a side fills the right one and, mirrored, the left.  # (V + 1, 3)"""
    names, values = (*SKELETON.names, 'root'), np.zeros((V + 1, 3))
    sided = joint in names
    values[names.index(joint if sided else f'right_{joint}')] = rotation
    return values if sided else values + mirror_pose(values)


def mirror_pose(values: np.ndarray) -> np.ndarray:
    """Left and right exchanged.  # (..., V + 1, 3)"""
    return values[..., SWAPPED, :] * (1, -1, -1)


# --- Bodies ---------------------------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Person:
    """A body and a manner; without arguments, the average one."""

    bones: np.ndarray = field(default_factory=lambda: BONES)  # (V, 3), from the joint nearer to the pelvis
    posture: np.ndarray = field(default_factory=lambda: np.zeros((V + 1, 3)))  # degrees, added to every pose
    tempo: float = 1
    reach: float = 1
    left_handed: bool = False


def make_person(seed: int, number: int) -> Person:
    """One of the subjects of ``seed``."""
    rng = np.random.default_rng([seed, PEOPLE, number])
    lengths = {part: rng.normal(1, 0.05) for part in REST}
    height = np.clip(rng.normal(0.98, 0.07), 0.8, 1.15)
    return Person(
        bones=height * BONES * np.array([[lengths[part]] for part in PARTS]),
        posture=FREEDOM * rng.normal(size=FREEDOM.shape),
        tempo=rng.lognormal(0, 0.18),
        reach=rng.uniform(0.8, 1.1),
        left_handed=rng.random() < 0.15,
    )


def perform(keys, cast, frames, rng):
    """The keys as each of the cast carries them out, swaying a little.  # (M, T, V, 3)"""
    poses = interpolate(keys, frames)[: len(cast)]
    sway = 0.5 * FREEDOM * smooth_noise((len(cast), frames, V + 1, 3), 0.6 * FPS, rng)
    return np.stack([animate(who.bones, poses[m] + who.posture + sway[m]) for m, who in enumerate(cast)])


def interpolate(keys, frames):
    """Keys to frames, monotone from key to key: no overshoot, and rest at the turning points.  # (2, T, V + 1, 3)"""
    times = np.cumsum([key.seconds for key in keys])
    spline = PchipInterpolator(times, np.stack([key.poses for key in keys], axis=1), axis=1)
    return spline(np.linspace(0, times[-1], frames))


def animate(bones: np.ndarray, poses: np.ndarray) -> np.ndarray:
    """Joint positions in metres of a body on the floor y = 0, facing -z, right hand at +x.  # (T, V, 3)"""
    poses = poses.copy()
    poses[:, KNEES, 0] = np.minimum(poses[:, KNEES, 0], 0)  # which bend one way only
    return on_the_floor(forward_kinematics(bones, poses), poses[:, ROOT, 0])


def forward_kinematics(bones, poses):
    """Joint positions relative to the pelvis.  # (V, 3), (T, V + 1, 3) -> (T, V, 3)"""
    turn = Rotation.from_euler('y', poses[:, ROOT, 1:2], degrees=True)
    rotations = {PELVIS: turn * Rotation.from_rotvec(poses[:, PELVIS], degrees=True)}
    positions = np.zeros((len(poses), V, 3))
    for joint, parent in TREE:
        positions[:, joint] = positions[:, parent] + rotations[parent].apply(bones[joint])
        rotations[joint] = rotations[parent] * Rotation.from_rotvec(poses[:, joint], degrees=True)
    return positions


def on_the_floor(positions, lift):
    """Sets the lower foot on the floor (or ``lift`` above) and moves the body so that it does not slide."""
    feet = positions[:, FEET]  # (T, 4, 3)
    lowest = feet[..., 1].min(1, keepdims=True)  # (T, 1)
    load = np.exp((lowest - feet[..., 1]) / 0.03)
    load = (load / load.sum(1, keepdims=True))[..., None]  # (T, 4, 1), the share of the weight that each point bears
    steps = -(0.5 * (load[1:] + load[:-1]) * np.diff(feet, axis=0)).sum(1)  # (T - 1, 3)
    path = np.concatenate([np.zeros((1, 3)), np.cumsum(steps, axis=0)])
    path[:, 1] = lift - lowest[:, 0]
    return positions + path[:, None]


def stand_opposite(clip, start, distance):
    """Turns the second person to face the first at frame ``start``, that far away.  # (2, T, V, 3)"""
    actor, partner = clip[0], clip[1] * (-1, 1, -1)
    place = actor[start, PELVIS] + (0, 0, -distance) - partner[start, PELVIS]
    return np.stack([actor, partner + place * (1, 0, 1)])


def smooth_noise(shape, sigma, rng):
    """Noise of unit variance that changes within about ``sigma`` frames.  # (M, T, ...)"""
    return gaussian_filter1d(rng.normal(size=shape), sigma, axis=1) * np.sqrt(2 * np.sqrt(np.pi) * sigma)


# --- The sensor -----------------------------------------------------------------------------------------------------
def film(clip, yaw, rng):
    """What a depth camera makes of it: another view, noise, glitches and gaps.  # (M, T, V, 3), float32"""
    present = clip.any((-1, -2))  # (M, T)
    clip = look(clip, yaw, rng)
    clip = clip + sensor_noise(clip, rng)
    for person in clip:
        lose_track(person, rng)
    for span in _spans(0.06, (2, 6), clip.shape[1], rng):
        clip[:, span] = clip[:, span.start, None]  # a frozen picture
    for span in _spans(0.02, (1, 4), clip.shape[1], rng):
        clip[:, span] = 0  # frames without a body
    return (clip * present[..., None, None]).astype(np.float32)


def look(clip, yaw, rng):
    """From the room to camera coordinates: y up, z away from the camera.  # (M, T, V, 3)"""
    turn = Rotation.from_euler('xy', (rng.normal(0, 4), yaw + rng.normal(0, 15)), degrees=True)
    seen = (clip - clip[0, :, PELVIS].mean(0) * (1, 0, 1) - (0, 1, 0)) @ turn.as_matrix().T
    distance = max(rng.uniform(2, 4), 1.2 - seen[0, ..., 2].min())
    return seen + np.array([rng.uniform(-0.6, 0.6), rng.uniform(-0.3, 0.2), distance])


def sensor_noise(clip, rng):
    """A white and a slow part, both stronger at the ends of the limbs, behind the body and far away."""
    behind = clip[..., 2] - clip[..., SPINE, 2, None]  # (M, T, V)
    hidden = 1 + 1.5 / (1 + np.exp((0.12 - behind) / 0.03))
    scale = GRAIN * hidden * (clip[..., PELVIS, 2, None] / 3)
    return scale[..., None] * (rng.normal(size=clip.shape) + 2.5 * smooth_noise(clip.shape, 0.3 * FPS, rng))


def lose_track(person, rng):
    """Limbs that jump away for a moment, or are not found at all.  # (T, V, 3), in place"""
    for span in _spans(0.08, (4, 16), len(person), rng):
        limb = LIMBS[rng.integers(len(LIMBS))]
        bump = np.hanning(span.stop - span.start + 2)[1:-1, None, None]  # (t, 1, 1)
        person[span, limb] += bump * np.linspace(0.4, 1, len(limb))[:, None] * rng.normal(0, 0.15, 3)
    for span in _spans(0.03, (8, 40), len(person), rng):
        person[span, LIMBS[rng.integers(len(LIMBS))][1:]] = 0


def _spans(rate, lengths, frames, rng):
    """Stretches of time that begin ``rate`` times a second on average."""
    starts = rng.integers(0, frames, rng.poisson(rate * frames / FPS))
    return [slice(start, min(start + rng.integers(*lengths), frames)) for start in starts]


# --- Anatomy --------------------------------------------------------------------------------------------------------
# Rest positions in metres of the average person, from the pelvis: x to the right, y up, -z ahead. The left is mirrored.
REST = {
    'spine_base': (0, 0, 0), 'spine_mid': (0, 0.29, 0), 'spine_shoulder': (0, 0.5, 0.01), 'neck': (0, 0.57, 0.01),
    'head': (0, 0.72, -0.02), 'shoulder': (0.17, 0.45, 0.01), 'elbow': (0.18, 0.18, 0.01), 'wrist': (0.18, -0.07, 0.01),
    'hand': (0.18, -0.14, 0), 'thumb': (0.17, -0.17, -0.04), 'hand_tip': (0.18, -0.22, -0.01),
    'hip': (0.085, -0.03, 0), 'knee': (0.095, -0.44, -0.01), 'ankle': (0.1, -0.83, 0), 'foot': (0.11, -0.89, -0.13),
}  # fmt: skip
# How far a joint strays from a pose, in degrees: from person to person, from time to time and within a clip.
STRAY = {
    'spine_base': (3, 3, 1.5), 'spine_mid': (4, 5, 2), 'neck': (7, 9, 3), 'shoulder': (8, 7, 6), 'elbow': (9, 6, 5),
    'wrist': (8, 4, 8), 'hip': (3, 2, 2), 'knee': (4, 0, 0), 'ankle': (3, 0, 0),
}  # fmt: skip
# The standard deviation of the sensor's noise at each joint, in metres, 3 m away.
NOISE = {
    'spine_base': 0.003, 'spine_mid': 0.003, 'spine_shoulder': 0.003, 'neck': 0.004, 'head': 0.004, 'shoulder': 0.004,
    'elbow': 0.006, 'wrist': 0.008, 'hand': 0.009, 'thumb': 0.014, 'hand_tip': 0.013,
    'hip': 0.0025, 'knee': 0.005, 'ankle': 0.007, 'foot': 0.008,
}  # fmt: skip


def _tree(joint, parent=None):
    """The layout's bones as (joint, parent), hung from ``joint`` and in an order to walk them."""
    near = {SKELETON.parents[joint], *np.flatnonzero(np.equal(SKELETON.parents, joint)).tolist()} - {joint, parent}
    return [pair for child in sorted(near) for pair in ((child, joint), *_tree(child, joint))]


def _joints(*names):
    return [SKELETON.joint(name) for name in names]


PARTS = [name.removeprefix('left_').removeprefix('right_') for name in SKELETON.names]  # the joints without their side
SIDES = np.array([-1 if name.startswith('left') else 1 for name in SKELETON.names])
SWAPPED = np.arange(V + 1)  # each joint's mirror image
for left, right in SKELETON.mirror:
    SWAPPED[[left, right]] = right, left

PELVIS, SPINE = _joints('spine_base', 'spine_mid')
KNEES = _joints('left_knee', 'right_knee')
FEET = _joints('left_ankle', 'left_foot', 'right_ankle', 'right_foot')
CHAINS = (('elbow', 'wrist', 'hand', 'thumb', 'hand_tip'), ('knee', 'ankle', 'foot'))
LIMBS = [_joints(*(f'{side}_{part}' for part in chain)) for side in ('left', 'right') for chain in CHAINS]
TREE = _tree(PELVIS)
STANDING = np.array([np.multiply(REST[part], (side, 1, 1)) for part, side in zip(PARTS, SIDES, strict=True)])  # (V, 3)
BONES = STANDING - STANDING[[parent for _, parent in sorted([(PELVIS, PELVIS), *TREE])]]
FREEDOM = np.array([STRAY.get(part, (0, 0, 0)) for part in (*PARTS, 'root')])  # (V + 1, 3)
GRAIN = np.array([NOISE[part] for part in PARTS])  # (V,)

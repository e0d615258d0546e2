"""Actions as sequences of poses, and their motion by people who vary them."""

from typing import NamedTuple

import numpy as np
from scipy.interpolate import PchipInterpolator

from .bodies import FPS, FREEDOM, ROOT, SKELETON, V, animate, mirror_pose, smooth_noise

# Rotation vectors in degrees from standing upright with hanging arms. x lifts a limb forward (and leans the trunk
# back), y turns to the left, z moves limbs of the right side outward. A joint without a side means both sides.
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
    cycle: tuple[str, ...]  # the poses in order; ~ mirrors one
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


class Key(NamedTuple):
    seconds: float  # since the key before
    poses: np.ndarray  # (2, V + 1, 3), the actor's and the partner's


def script(action: Action, cycles: int = 1, mirrored: bool = False, habit: str = 'stand', turn: float = 0):
    """An action without variation: the start pose and the keys in order."""
    names = [action.start, *action.cycle * cycles, action.end]
    others = ['stand', *(action.partner or ('stand',) * len(action.cycle)) * cycles, 'stand']
    seconds = [0, action.ease, *[action.pace] * (len(names) - 3), action.ease]
    poses = np.array([(at_ease(habit, name), at_ease(other)) for name, other in zip(names, others, strict=True)])
    poses[:, 0, ROOT, 1] = np.linspace(0, turn, len(poses))
    return [Key(*key) for key in zip(seconds, mirror_pose(poses) if mirrored else poses, strict=True)]


def act(action, person, rng):
    """An action as one person does it once: own tempo, reach, hand and habits, with pauses."""
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
    """A few seconds without an action."""
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
    """A pose of the table as rotation vectors in degrees, mirrored if its name starts with ~.  # (V + 1, 3)"""
    names, values = (*SKELETON.names, 'root'), np.zeros((V + 1, 3))
    for joint, rotation in POSES[name.removeprefix('~')].items():
        row, sided = np.zeros((V + 1, 3)), joint in names
        row[names.index(joint if sided else f'right_{joint}')] = rotation
        values += row if sided else row + mirror_pose(row)  # a joint without a side is mirrored to the left
    return mirror_pose(values) if name.startswith('~') else values


def perform(keys, cast, frames, rng):
    """The motion of each person of the cast through the keys, with a little sway.  # (M, T, V, 3)"""
    poses = interpolate(keys, frames)[: len(cast)]
    sway = 0.5 * FREEDOM * smooth_noise((len(cast), frames, V + 1, 3), 0.6 * FPS, rng)
    return np.stack([animate(who.bones, poses[m] + who.posture + sway[m]) for m, who in enumerate(cast)])


def interpolate(keys, frames):
    """Keys to frames, monotone from key to key: no overshoot, and rest at the turning points.  # (2, T, V + 1, 3)"""
    times = np.cumsum([key.seconds for key in keys])
    spline = PchipInterpolator(times, np.stack([key.poses for key in keys], axis=1), axis=1)
    return spline(np.linspace(0, times[-1], frames))

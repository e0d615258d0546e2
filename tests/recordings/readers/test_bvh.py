"""BVH files as two programs write them give the joints where they are, under their names."""

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from usdrl_mmaction.body import BODY, body_mapping
from usdrl_mmaction.errors import RecordingError
from usdrl_mmaction.recordings.readers.bvh import read_bvh
from usdrl_mmaction.recordings.recording import find_recordings, read_body

# Joint, parent, offset in centimetres; the left side is mirrored.
CENTRE = (
    ('Hips', '', (0, 90, 0)),
    ('Spine', 'Hips', (0, 20, 0)),
    ('Neck', 'Spine', (0, 30, 0)),
    ('Head', 'Neck', (0, 15, 0)),
)
SIDE = (
    ('UpLeg', 'Hips', (9, -2, 0)),
    ('Leg', 'UpLeg', (0, -42, 0)),
    ('Foot', 'Leg', (0, -40, 0)),
    ('ToeBase', 'Foot', (0, -6, 13)),
    ('Shoulder', 'Spine', (4, 26, 0)),
    ('Arm', 'Shoulder', (13, 0, 0)),
    ('ForeArm', 'Arm', (28, 0, 0)),
    ('Hand', 'ForeArm', (25, 0, 0)),
)
OTHER = dict(  # the names of another program
    Hips='CC_Base_Hip',
    Spine='CC_Base_Spine01',
    Neck='CC_Base_NeckTwist01',
    Head='CC_Base_Head',
    UpLeg='CC_Base_{}_Thigh',
    Leg='CC_Base_{}_Calf',
    Foot='CC_Base_{}_Foot',
    ToeBase='CC_Base_{}_ToeBase',
    Shoulder='CC_Base_{}_Clavicle',
    Arm='CC_Base_{}_Upperarm',
    ForeArm='CC_Base_{}_Forearm',
    Hand='CC_Base_{}_Hand',
)


def tree(style: str) -> dict[str, tuple[str, tuple]]:
    """Every bone with its parent and offset."""
    bones = {}
    for side in ('', 'Left', 'Right'):
        for name, parent, offset in SIDE if side else CENTRE:
            sign = -1 if side == 'Right' else 1
            bones[named(name, side, style)] = (named(parent, side, style), (sign * offset[0], *offset[1:]))
    return bones


def named(name: str, side: str, style: str) -> str:
    if name in ('', *(bone for bone, *_ in CENTRE)):
        return name if style == 'plain' or not name else OTHER[name]
    return f'{side}{name}' if style == 'plain' else OTHER[name].format(side[0])


def write(path, style='plain', frames=8, seconds=1 / 30, order='Zrotation Yrotation Xrotation'):
    bones = tree(style)
    lines, names = ['HIERARCHY'], []

    def bone(name, depth):
        parent, offset = bones[name]
        pad = '\t' * depth
        channels = f'3 {order}' if parent else f'6 Xposition Yposition Zposition {order}'
        names.append(name)
        lines.extend(
            [
                f'{pad}{"JOINT" if parent else "ROOT"} {name}',
                f'{pad}{{',
                f'{pad}\tOFFSET {" ".join(map(str, offset))}',
                f'{pad}\tCHANNELS {channels}',
            ]
        )
        children = [child for child, (its, _) in bones.items() if its == name]
        for child in children:
            bone(child, depth + 1)
        if not children:
            lines.extend([f'{pad}\tEnd Site', f'{pad}\t{{', f'{pad}\t\tOFFSET 0 5 0', f'{pad}\t}}'])
        lines.append(f'{pad}}}')

    bone(next(iter(bones)), 0)
    angles = np.random.default_rng(0).uniform(-40, 40, (frames, len(names), 3))
    lines += ['MOTION', f'Frames: {frames}', f'Frame Time: {seconds:.6f}']
    for frame in angles:
        lines.append(' '.join(['1', '95', '2', *(f'{value:.4f}' for value in frame.ravel())]))
    path.write_text('\n'.join(lines) + '\n')
    return bones, names, angles


def expected(bones, names, angles, joint) -> np.ndarray:
    """Forward kinematics along one chain, bone by bone.  # (T, 3)"""
    chain = [joint]
    while bones[chain[-1]][0]:
        chain.append(bones[chain[-1]][0])
    place = []
    for frame in angles:
        at, turn = np.array([1.0, 95, 2]), Rotation.identity()
        for name in chain[::-1]:
            at = at + turn.apply(bones[name][1]) if bones[name][0] else at
            turn = turn * Rotation.from_euler('ZYX', frame[names.index(name)], degrees=True)
        place.append(at)
    return np.array(place)


@pytest.mark.parametrize('style', ['plain', 'other'])
def test_joints_are_where_the_rotations_put_them(tmp_path, style):
    bones, names, angles = write(tmp_path / 'a.bvh', style)
    clip = read_bvh(tmp_path / 'a.bvh')
    assert clip.keypoint.shape == (1, 8, len(bones), 3)
    for joint, bone in (
        ('left_wrist', 'Hand'),
        ('left_ankle', 'Foot'),
        ('left_shoulder', 'Arm'),
        ('left_hip', 'UpLeg'),
    ):
        found = clip.keypoint[0, :, clip.joints.index(joint)]
        np.testing.assert_allclose(found, expected(bones, names, angles, named(bone, 'Left', style)), atol=1e-3)


@pytest.mark.parametrize('style', ['plain', 'other'])
def test_it_is_a_body(tmp_path, style):
    write(tmp_path / 'a.bvh', style)
    names = read_bvh(tmp_path / 'a.bvh').joints
    assert not body_mapping(dict(names=names, parents=[None, *[0] * (len(names) - 1)])).missing
    (recording,) = find_recordings(str(tmp_path / 'a.bvh'))
    assert read_body(recording).keypoint.shape == (1, 8, len(BODY), 3)


def test_fast_captures_are_read_at_about_thirty_frames(tmp_path):
    write(tmp_path / 'slow.bvh', frames=16, seconds=1 / 30)
    write(tmp_path / 'fast.bvh', frames=16, seconds=1 / 120)
    slow, fast = (read_bvh(tmp_path / f'{name}.bvh').keypoint for name in ('slow', 'fast'))
    np.testing.assert_array_equal(fast, slow[:, ::4])


@pytest.mark.parametrize('change, message', [
    (lambda text: text.replace('MOTION', 'NOTHING'), "needs 'HIERARCHY' in its first line, and 'MOTION'"),
    (lambda text: text[: text.index('Frames:')], 'the file ends here'),
    (lambda text: text.rpartition('\n1 ')[0] + '\n', '7 frames, where line .* counts 8'),
    (lambda text: text.replace('1 95 2', '1 95'), 'numbers, not'),
    (lambda text: text.replace('1 95 2', '1 high 2', 1), "'high'"),
    (lambda text: text.replace('OFFSET 9 -2 0', 'OFFSET 9 -2'), '2 numbers, not 3'),
    (lambda text: text.replace('}\nMOTION', 'MOTION'), 'its tree of bones has no end'),
    (lambda text: text.replace('Zrotation', 'Wrotation'), 'not Wrotation'),
    (lambda text: text.replace('Frames: 8', 'Frames: many'), 'many'),
])  # fmt: skip
def test_broken_files_are_named(tmp_path, change, message):
    path = tmp_path / 'a.bvh'
    write(path)
    path.write_text(change(path.read_text()))
    with pytest.raises(RecordingError, match=f'(?s)a.bvh.*{message}'):
        read_bvh(path)

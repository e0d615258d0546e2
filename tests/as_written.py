"""Small files of each format as its tool writes them, all of the same two people."""

import csv
import json
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import joblib
import numpy as np
from raw_files import mmpose_instance, write_skeleton

from usdrl_mmaction.datasets.synthetic.movement import make_movement
from usdrl_mmaction.recordings.readers.kinect_text import KINECT, MSR
from usdrl_mmaction.recordings.readers.openpose import MPI
from usdrl_mmaction.recordings.readers.persons import HALPE
from usdrl_mmaction.skeletons import LAYOUTS, joint_mapping

RATES = 'DataRate CameraRate NumFrames NumMarkers Units OrigDataRate OrigDataStartFrame OrigNumFrames'
T, HEIGHT, WIDTH, FPS = 24, 720, 1280, 25.0
NTU, COCO, MEDIAPIPE, BODY_25, OPENPOSE, SMPL, H36M = (
    LAYOUTS[name].names for name in ('nturgb+d', 'coco', 'mediapipe', 'openpose_25', 'openpose', 'smpl', 'h36m')
)
AZURE = (
    'PELVIS', 'SPINE_NAVEL', 'SPINE_CHEST', 'NECK', 'CLAVICLE_LEFT', 'SHOULDER_LEFT', 'ELBOW_LEFT', 'WRIST_LEFT',
    'HAND_LEFT', 'HANDTIP_LEFT', 'THUMB_LEFT', 'CLAVICLE_RIGHT', 'SHOULDER_RIGHT', 'ELBOW_RIGHT', 'WRIST_RIGHT',
    'HAND_RIGHT', 'HANDTIP_RIGHT', 'THUMB_RIGHT', 'HIP_LEFT', 'KNEE_LEFT', 'ANKLE_LEFT', 'FOOT_LEFT', 'HIP_RIGHT',
    'KNEE_RIGHT', 'ANKLE_RIGHT', 'FOOT_RIGHT', 'HEAD', 'NOSE', 'EYE_LEFT', 'EAR_LEFT', 'EYE_RIGHT', 'EAR_RIGHT',
)  # fmt: skip
KINECT_V2 = (
    'SpineBase', 'SpineMid', 'Neck', 'Head', 'ShoulderLeft', 'ElbowLeft', 'WristLeft', 'HandLeft', 'ShoulderRight',
    'ElbowRight', 'WristRight', 'HandRight', 'HipLeft', 'KneeLeft', 'AnkleLeft', 'FootLeft', 'HipRight',
    'KneeRight', 'AnkleRight', 'FootRight', 'SpineShoulder', 'HandTipLeft', 'ThumbLeft', 'HandTipRight',
    'ThumbRight',
)  # fmt: skip
H36M_MMPOSE = (
    'root', 'right_hip', 'right_knee', 'right_foot', 'left_hip', 'left_knee', 'left_foot', 'spine', 'thorax',
    'neck_base', 'head', 'left_shoulder', 'left_elbow', 'left_wrist', 'right_shoulder', 'right_elbow', 'right_wrist',
)  # fmt: skip
POSE2SIM = (
    'Hip', 'RHip', 'RKnee', 'RAnkle', 'RBigToe', 'RSmallToe', 'RHeel', 'LHip', 'LKnee', 'LAnkle', 'LBigToe',
    'LSmallToe', 'LHeel', 'Neck', 'Head', 'Nose', 'RShoulder', 'RElbow', 'RWrist', 'LShoulder', 'LElbow', 'LWrist',
)  # fmt: skip
PLUG_IN = {  # markers → the joint of the body that they are on
    'LFHD': 'head', 'RFHD': 'head', 'C7': 'thorax', 'CLAV': 'thorax',
    **{f'{side[0].upper()}{marker}': f'{side}_{joint}' for side in ('left', 'right') for marker, joint in (
        ('SHO', 'shoulder'), ('ELB', 'elbow'), ('WRA', 'wrist'), ('WRB', 'wrist'), ('FIN', 'hand'), ('ASI', 'hip'),
        ('PSI', 'hip'), ('KNE', 'knee'), ('ANK', 'ankle'), ('HEE', 'heel'), ('TOE', 'big_toe'))},
}  # fmt: skip
SHOWN = ('left_shoulder', 'right_elbow', 'left_wrist', 'right_hip', 'left_knee')  # in every layout


class Format(NamedTuple):
    """A row of the table."""

    name: str
    write: Callable[[Path], Path]
    view: Callable[[np.ndarray], np.ndarray] | None  # from the world to the file's coordinates; None: other motion
    people: int = 1
    fps: float | None = None
    names: bool = True  # whether the file names its joints, or its tool has one list of them
    package: str = ''  # that reads it, if it is not required


# --- The movement ---------------------------------------------------------------------------------------------------
def world(names) -> np.ndarray:
    """Two people in metres, y up.  # (2, T, V, 3)"""
    first = make_movement(1)['annotations'][0]['keypoint'][0, :T]
    people = np.stack([first, first[::-1] + np.float32([1.5, 0, 0.2])])
    extra = {  # that the sensor does not give
        'nose': ('head', (0, 0, -0.1)), 'left_eye': ('head', (-0.03, 0.04, -0.09)),
        'right_eye': ('head', (0.03, 0.04, -0.09)), 'left_ear': ('head', (-0.08, 0.01, 0)),
        'right_ear': ('head', (0.08, 0.01, 0)), 'left_heel': ('left_ankle', (0, -0.05, 0.04)),
        'right_heel': ('right_ankle', (0, -0.05, 0.04)),
    }  # fmt: skip
    made = [people[:, :, NTU.index(joint)] + np.float32(offset) for joint, offset in extra.values()]
    people = np.concatenate([people, np.stack(made, axis=2)], axis=2)
    found = joint_mapping((*NTU, *extra), names, estimate=True)(people)
    found[:, :, [not joint.any() for joint in found.transpose(2, 0, 1, 3)]] = people[:, :, :1]  # none is left out
    return found


def pixels(points):
    return np.float32([700, 500]) - 220 * points[..., :2]


def shares(points):
    return pixels(points) / np.float32([WIDTH, HEIGHT])


def metres(points):
    return points


def image_space(points):
    """Shares of the picture and a depth, as MediaPipe's."""
    return np.concatenate([shares(points), points[..., 2:] / 5], axis=-1)


def y_down(points):
    """Millimetres from a camera."""
    return 1000 * points * np.float32([-1, -1, 1]) + np.float32([0, 900, 2500])


def camera(points):
    return points * np.float32([-1, -1, 1])


def z_up(points):
    return 1000 * points[..., [0, 2, 1]] * np.float32([1, -1, 1])


def scored(points, score=0.9):
    return np.concatenate([points, np.full_like(points[..., :1], score)], axis=-1)


def dump(path: Path, content) -> Path:
    path.write_text(json.dumps(content))
    return path


def order(t: int) -> tuple[int, int]:
    """People stand in a frame in any order."""
    return (0, 1) if t % 3 else (1, 0)


def lists(points):
    return np.round(points, 5).tolist()


# --- Pose estimators in pixels --------------------------------------------------------------------------------------
def results(names, image_id, extra=lambda m: {}):
    poses = scored(pixels(world(names)))
    return [
        {'image_id': image_id(t), 'category_id': 1, 'keypoints': lists(poses[m, t].ravel()), 'score': 2.7, **extra(m)}
        for t in range(T)
        for m in order(t)
    ]


def alphapose(folder):
    tracked = lambda m: {'box': [1.0, 2.0, 30.0, 40.0], 'idx': m + 1}  # noqa: E731
    return dump(folder / 'alphapose-results.json', results(HALPE, lambda t: f'{t}.jpg', tracked))


def alphapose_untracked(folder):
    return dump(folder / 'results.json', results(COCO, lambda t: f'frame_{t:06d}.png', lambda m: {'idx': [0.0]}))


def alphapose_form(key, field):
    def write(folder):
        poses = scored(pixels(world(OPENPOSE)))
        frames = {
            f'{t}.jpg': {'version': 'AlphaPose v0.3', key: [{field: lists(poses[m, t].ravel())} for m in order(t)]}
            for t in range(T)
        }
        return dump(folder / 'alphapose-results.json', frames)

    return write


def poseflow(folder):
    poses = scored(pixels(world(COCO)))
    return dump(folder / 'alphapose-results-forvis-tracked.json', {
        f'{t}.jpg': [{'keypoints': lists(poses[m, t].ravel()), 'scores': 2.0, 'idx': m + 1} for m in order(t)]
        for t in range(T)
    })  # fmt: skip


def mmpose_video(folder):
    poses = pixels(world(COCO))
    meta = {'dataset_name': 'coco', 'keypoint_id2name': {str(i): name for i, name in enumerate(COCO)}}
    frames = [
        {'frame_id': t + 1, 'instances': [{**mmpose_instance(poses[m, t]), 'track_id': m + 4} for m in order(t)]}
        for t in range(T)
    ]
    return dump(folder / 'results_video.json', {'meta_info': meta, 'instance_info': frames})


def mmpose_inferencer(folder):
    poses = pixels(world(COCO))
    return dump(folder / 'video.json', [[mmpose_instance(poses[m, t]) for m in order(t)] for t in range(T)])


def mmpose_images(folder):
    poses = pixels(world(COCO))
    for t in range(T):
        dump(folder / f'{t:06d}.json', [mmpose_instance(poses[m, t]) for m in order(t)])
    return folder


def mmpose_0(folder):
    poses = scored(pixels(world(COCO)))
    frames = [[{'bbox': np.ones(5).tolist(), 'keypoints': lists(poses[m, t]), 'track_id': m} for m in order(t)]
              for t in range(T)]  # fmt: skip
    return dump(folder / 'pose_results.json', frames)


def mmpose_3d(folder):
    poses = z_up(world(H36M))
    frames = [{'frame_id': t, 'instances': [{'keypoints': lists(poses[m, t]), 'keypoint_scores': [1.0] * 17,
                                             'track_id': m} for m in order(t)]} for t in range(T)]  # fmt: skip
    meta = {'keypoint_id2name': dict(enumerate(H36M_MMPOSE))}
    return dump(folder / 'results_3d.json', {'meta_info': meta, 'instance_info': frames})


def openpose(names, key='pose_keypoints_2d', identity=False, name='video_{:012d}_keypoints.json'):
    def write(folder):
        poses = scored(pixels(world(names)))
        for t in range(T):
            people = [{'person_id': [m if identity else -1], key: lists(poses[m, t].ravel()), 'face_keypoints_2d': []}
                      for m in order(t)]  # fmt: skip
            dump(folder / name.format(t), {'version': 1.3, 'people': people})
        return folder

    return write


def st_gcn(folder):
    poses = pixels(world(OPENPOSE))
    frames = [{'frame_index': t + 1, 'skeleton': [
        {'pose': lists(poses[m, t].ravel()), 'score': [0.8] * 18} for m in order(t)]} for t in range(T)]  # fmt: skip
    return dump(folder / 'kinetics.json', {'data': frames, 'label': 'walk', 'label_index': 3})


def yolo_labels(extra):
    def write(folder):
        poses = scored(shares(world(COCO)))
        for t in range(T):
            lines = [
                f'0 0.5 0.5 0.2 0.6 {" ".join(f"{v:.6g}" for v in poses[m, t].ravel())}{extra(m)}' for m in order(t)
            ]
            (folder / f'video_{t + 1}.txt').write_text('\n'.join(lines) + '\n')
        return folder

    return write


def yolo_json(folder):
    poses = scored(pixels(world(COCO)))
    frames = [[{
        'name': 'person', 'class': 0, 'confidence': 0.9, 'box': {'x1': 1.0, 'y1': 2.0, 'x2': 3.0, 'y2': 4.0},
        'track_id': m + 1, 'keypoints': dict(zip(('x', 'y', 'visible'), lists(poses[m, t].T), strict=True)),
    } for m in order(t)] for t in range(T)]  # fmt: skip
    return dump(folder / 'results.json', frames)


def yolo_save_json(folder):
    return dump(folder / 'predictions.json', results(COCO, lambda t: t, lambda m: {'bbox': [1, 2, 3, 4]}))


def detectron2(folder):
    return dump(
        folder / 'coco_instances_results.json', results(COCO, lambda t: 4 * t, lambda m: {'bbox': [1, 2, 3, 4]})
    )


def coco_annotations(folder):
    poses = scored(pixels(world(COCO)), 2)
    poses[..., 3, :] = 0  # an ear that is not labelled
    images = [
        {'id': 1000 + 7 * t, 'file_name': f'clip/{t:05d}.jpg', 'width': WIDTH, 'height': HEIGHT} for t in range(T)
    ]
    items = [{'id': 2 * t + m, 'image_id': 1000 + 7 * t, 'category_id': 1, 'track_id': m, 'num_keypoints': 16,
              'keypoints': lists(poses[m, t].ravel())} for t in range(T) for m in order(t)]  # fmt: skip
    category = {'id': 1, 'name': 'person', 'keypoints': list(COCO), 'skeleton': [[16, 14]]}
    return dump(folder / 'annotations.json', {'images': images, 'annotations': items, 'categories': [category]})


def movenet(folder):
    poses = pixels(world(COCO))
    frames = [{'timestamp_ms': 1000 * t / FPS, 'poses': [{'score': 0.9, 'keypoints': [
        {'y': float(y), 'x': float(x), 'score': 0.8, 'name': name}
        for name, (x, y) in zip(COCO, poses[m, t], strict=True)
    ]} for m in order(t)]} for t in range(T)]  # fmt: skip
    return dump(folder / 'movenet.json', frames)


def posenet(folder):
    parts = [name.split('_')[0] + ''.join(word.title() for word in name.split('_')[1:]) for name in COCO]
    poses = pixels(world(COCO))[0]
    frames = [{'score': 0.9, 'keypoints': [
        {'score': 0.8, 'part': part, 'position': {'x': float(x), 'y': float(y)}}
        for part, (x, y) in zip(parts, pose, strict=True)]} for pose in poses]  # fmt: skip
    return dump(folder / 'posenet.json', frames)


# --- DeepLabCut -----------------------------------------------------------------------------------------------------
def dlc_columns(individuals):
    points = scored(pixels(world(COCO)))[: 2 if individuals else 1]
    people = ['ind1', 'ind2'] if individuals else ['']
    columns = [('DLC_resnet50', *([person] if individuals else []), part, coord)
               for person in people for part in COCO for coord in ('x', 'y', 'likelihood')]  # fmt: skip
    return columns, points.transpose(1, 0, 2, 3).reshape(T, -1)


def dlc_csv(individuals):
    def write(folder):
        columns, values = dlc_columns(individuals)
        heads = ['scorer', *(['individuals'] if individuals else []), 'bodyparts', 'coords']
        with (folder / 'videoDLC_resnet50.csv').open('w', newline='') as file:
            writer = csv.writer(file)
            writer.writerows([head, *row] for head, row in zip(heads, zip(*columns, strict=True), strict=True))
            writer.writerows([t, *row] for t, row in enumerate(lists(values)))
        return folder / 'videoDLC_resnet50.csv'

    return write


def dlc_h5(folder):
    import h5py

    columns, values = dlc_columns(True)
    rows = np.zeros(T, dtype=[('index', 'i8'), ('values_block_0', 'f8', (values.shape[1],))])
    rows['index'], rows['values_block_0'] = np.arange(T), values
    with h5py.File(folder / 'videoDLC_resnet50_el.h5', 'w') as file:
        group = file.create_group('df_with_missing')
        group.create_dataset('table', data=rows)
        group.attrs['non_index_axes'] = np.void(pickle.dumps([(1, columns)], 0))
    return folder / 'videoDLC_resnet50_el.h5'


def sleap_h5(folder):
    import h5py

    with h5py.File(folder / 'labels.analysis.h5', 'w') as file:
        file['tracks'] = pixels(world(COCO)).transpose(0, 3, 2, 1)
        file['node_names'] = [name.encode() for name in COCO]
        file['track_names'] = [b'track_0', b'track_1']
    return folder / 'labels.analysis.h5'


# --- MediaPipe ------------------------------------------------------------------------------------------------------
def landmark(point):
    x, y, z = map(float, point)
    return {'x': x, 'y': y, 'z': z, 'visibility': 0.99}


def landmarks(view, m=0):
    return [[landmark(point) for point in pose] for pose in view(world(MEDIAPIPE))[m]]


def mediapipe_pose(folder):
    return dump(folder / 'landmarks.json', landmarks(image_space))


def mediapipe_frames(folder):
    frames = [{'frame': t, 'pose_landmarks': pose, 'pose_world_landmarks': near} for t, (pose, near) in
              enumerate(zip(landmarks(image_space), landmarks(camera), strict=True))]  # fmt: skip
    return dump(folder / 'pose.json', {'fps': FPS, 'width': WIDTH, 'height': HEIGHT, 'frames': frames})


def mediapipe_named(folder):
    frames = {str(t): {name.upper(): point for name, point in zip(MEDIAPIPE, pose, strict=True)}
              for t, pose in enumerate(landmarks(image_space))}  # fmt: skip
    return dump(folder / 'named.json', frames)


def mediapipe_protobuf(folder):
    lines = [json.dumps({'landmark': pose}) for pose in landmarks(image_space)]
    (folder / 'pose.jsonl').write_text('\n'.join(lines) + '\n')
    return folder / 'pose.jsonl'


def mediapipe_holistic(folder):
    hand, face = landmarks(image_space)[0][:21], [landmark((0.4, 0.2, 0))] * 468
    frames = [{'faceLandmarks': face, 'leftHandLandmarks': hand, 'poseLandmarks': pose, 'rightHandLandmarks': None}
              for pose in landmarks(image_space)]  # fmt: skip
    return dump(folder / 'holistic.json', frames)


def mediapipe_tasks(folder):
    first, second = landmarks(camera), landmarks(camera, 1)
    frames = [{'timestampMs': 40 * t, 'landmarks': [landmarks(image_space)[t]] * 2,
               'worldLandmarks': [[first, second][m][t] for m in order(t)]} for t in range(T)]  # fmt: skip
    return dump(folder / 'tasks.json', frames)


def blazepose_rows(folder):
    poses = scored(image_space(world(MEDIAPIPE)))[0]
    return dump(folder / 'rows.json', {'keypoints': lists(poses.reshape(T, 33, 4))})


# --- Depth sensors --------------------------------------------------------------------------------------------------
def azure_kinect(folder):
    poses = y_down(world(AZURE))
    frames = [{'frame_id': t, 'num_bodies': 2, 'timestamp_usec': 100 + int(1e6 * t / 30), 'bodies': [
        {'body_id': m + 1, 'joint_orientations': [[1.0, 0.0, 0.0, 0.0]] * 32, 'joint_positions': lists(poses[m, t])}
        for m in order(t)]} for t in range(T)]  # fmt: skip
    return dump(folder / 'output.json', {
        'k4abt_sdk_version': '1.1.0', 'source_file': 'a.mkv', 'joint_names': AZURE,
        'bone_list': [['SPINE_CHEST', 'SPINE_NAVEL']], 'frames': frames,
    })  # fmt: skip


def position(point):
    return dict(zip('XYZ', map(float, point), strict=True))


def kinect_v2_json(folder):
    poses = world(KINECT_V2)
    frames = [{'RelativeTime': t, 'Bodies': [{'TrackingId': 72057594037928000 + m, 'IsTracked': True, 'Joints': {
        name: {'JointType': name, 'Position': dict(zip('XYZ', map(float, point), strict=True)),
               'TrackingState': 'Tracked'} for name, point in zip(KINECT_V2, poses[m, t], strict=True)
    }} for m in order(t)]} for t in range(T)]  # fmt: skip
    return dump(folder / 'bodies.json', frames)


def kinect_v2_numbers(folder):
    poses = world(KINECT_V2)[0]
    frames = [{'Joints': [{'JointType': number, 'TrackingState': 2, 'Position': position(point)}
                          for number, point in enumerate(pose)]} for pose in poses]  # fmt: skip
    return dump(folder / 'joints.json', {'Frames': frames})


def kinect_v1_text(folder):
    names = [name.title().replace('_', '') for name in KINECT.names]
    lines = [f'{name}, {x:.4f}, {y:.4f}, {z:.4f}, Tracked' for pose in world(KINECT.names)[0]
             for name, (x, y, z) in zip(names, pose, strict=True)]  # fmt: skip
    (folder / 'skeleton.txt').write_text('\n'.join(lines) + '\n')
    return folder / 'skeleton.txt'


def kinect_v2_dump(folder):
    lines = [f'{40 * t}, {number}, {x:.4f}, {y:.4f}, {z:.4f}, 0, 0, 0, 1, 2'
             for t, pose in enumerate(world(KINECT_V2)[0])
             for number, (x, y, z) in enumerate(pose)]  # fmt: skip
    (folder / 'kinect_output.csv').write_text('\n'.join(lines) + '\n')
    return folder / 'kinect_output.csv'


def msr_action(view):
    def write(folder):
        points = scored(view(world(MSR.names)))[0].reshape(-1, len(view(np.zeros(3))) + 1)
        points = np.insert(points, 2, 700.0, axis=1) if points.shape[1] == 3 else points  # a depth of another unit
        path = folder / 'a01_s01_e01_skeleton.txt'
        path.write_text('\n'.join(' '.join(f'{value:.7g}' for value in point) for point in points) + '\n')
        return path

    return write


def msr_daily(folder):
    lines = [f'{T} 20']
    for pose in world(KINECT.names)[0]:
        lines.append('40')
        for point in pose:
            lines += [' '.join(f'{v:.6f}' for v in (*point, 1)), ' '.join(f'{v:.6f}' for v in (0.5, 0.5, 9000, 1))]
    (folder / 'a01_s01_e01_skeleton.txt').write_text('\n'.join(lines) + '\n')
    return folder / 'a01_s01_e01_skeleton.txt'


def utkinect(folder):
    rows = [f'{252 + 2 * t}  ' + ' '.join(f'{v:.6f}' for v in pose.ravel())
            for t, pose in enumerate(world(KINECT.names)[0])]  # fmt: skip
    rows.insert(5, rows[4])  # as some are
    (folder / 'joints_s01_e01.txt').write_text('\n'.join(rows) + '\n')
    return folder / 'joints_s01_e01.txt'


def pkummd(folder):
    rows = world(NTU).swapaxes(0, 1).reshape(T, -1)
    (folder / '0001-L.txt').write_text('\n'.join(' '.join(f'{v:.5f}' for v in row) for row in rows) + '\n')
    return folder / '0001-L.txt'


def ntu(folder):
    write_skeleton(folder / 'S001.skeleton', world(NTU))
    return folder / 'S001.skeleton'


# --- Motion capture -------------------------------------------------------------------------------------------------
def trc(names, view, bare=lambda name: name):
    def write(folder):
        points = view(world([bare(name) for name in names]))[0]
        tabs = '\t'.join
        lines = [
            tabs(['PathFileType', '4', '(X/Y/Z)', 'clip.trc']),
            RATES.replace(' ', '\t'),
            tabs([f'{FPS:g}', f'{FPS:g}', f'{T}', f'{len(names)}', 'm', f'{FPS:g}', '0', f'{T}']),
            tabs(['Frame#', 'Time', *(part for name in names for part in (name, '', ''))]),
            tabs(['', '', *(f'{axis}{n}' for n in range(1, len(names) + 1) for axis in 'XYZ')]),
            '',
            *(tabs([f'{t + 1}', f'{t / FPS:.4f}', *(f'{v:.5f}' for v in points[t].ravel())]) for t in range(T)),
        ]
        (folder / 'clip.trc').write_text('\n'.join(lines) + '\n')
        return folder / 'clip.trc'

    return write


def markers() -> tuple[list[str], list[str]]:
    """Names, and a line of coordinates a frame."""
    points = z_up(world(list(PLUG_IN.values())))[0].reshape(T, -1)
    return [f'Subject:{marker}' for marker in PLUG_IN], [','.join(f'{v:.4f}' for v in row) for row in points]


def vicon(folder):
    names, rows = markers()
    lines = ['Trajectories', f'{FPS:g}', ',,' + ','.join(f'{name},,' for name in names),
             'Frame,Sub Frame,' + ','.join(['X,Y,Z'] * len(names)), ',,' + ','.join(['mm'] * 3 * len(names)),
             *(f'{t + 1},0,{row}' for t, row in enumerate(rows))]  # fmt: skip
    (folder / 'trial.csv').write_text('\n'.join(lines) + '\n')
    return folder / 'trial.csv'


def motive(folder):
    names, rows = markers()
    lines = [f'Format Version,1.23,Take Name,Take 1,Capture Frame Rate,{FPS:.6f},Length Units,Millimeters', '',
             ',Type,' + ','.join(['Marker'] * 3 * len(names)), ',Name,' + ','.join(f'{n},{n},{n}' for n in names),
             ',ID,' + ','.join(['5A01'] * 3 * len(names)), ',,' + ','.join(['Position'] * 3 * len(names)),
             'Frame,Time (Seconds),' + ','.join(['X,Y,Z'] * len(names)),
             *(f'{t},{t / FPS:.6f},{row}' for t, row in enumerate(rows))]  # fmt: skip
    (folder / 'take.csv').write_text('\n'.join(lines) + '\n')
    return folder / 'take.csv'


def c3d(folder):
    import ezc3d

    file = ezc3d.c3d()
    file['parameters']['POINT']['RATE']['value'] = [FPS]
    file['parameters']['POINT']['LABELS']['value'] = [f'Subject:{marker}' for marker in PLUG_IN]
    points = z_up(world(list(PLUG_IN.values())))[0].transpose(2, 1, 0)
    file['data']['points'] = np.concatenate([points, np.ones((1, *points.shape[1:]))])
    file.write(str(folder / 'walk.c3d'))
    return folder / 'walk.c3d'


def amc(folder):
    """A skeleton that stands, with an arm that rises; its own motion."""
    bones = [  # name, parent, direction, length, channels
        ('lhipjoint', 'root', (1, -1, 0), 2, ''), ('lfemur', 'lhipjoint', (0, -1, 0), 7, 'rx ry rz'),
        ('ltibia', 'lfemur', (0, -1, 0), 7, 'rx'), ('lfoot', 'ltibia', (0, -0.3, 1), 2, 'rx rz'),
        ('rhipjoint', 'root', (-1, -1, 0), 2, ''), ('rfemur', 'rhipjoint', (0, -1, 0), 7, 'rx ry rz'),
        ('rtibia', 'rfemur', (0, -1, 0), 7, 'rx'), ('rfoot', 'rtibia', (0, -0.3, 1), 2, 'rx rz'),
        ('lowerback', 'root', (0, 1, 0), 2, 'rx ry rz'), ('upperback', 'lowerback', (0, 1, 0), 2, 'rx ry rz'),
        ('thorax', 'upperback', (0, 1, 0), 2, 'rx ry rz'), ('upperneck', 'thorax', (0, 1, 0), 2, 'rx ry rz'),
        ('head', 'upperneck', (0, 1, 0), 2, 'rx ry rz'),
        ('lclavicle', 'thorax', (1, 0.2, 0), 3, 'ry rz'), ('lhumerus', 'lclavicle', (1, 0, 0), 5, 'rx ry rz'),
        ('lradius', 'lhumerus', (1, 0, 0), 4, 'rx'), ('lhand', 'lradius', (1, 0, 0), 1, 'rx rz'),
        ('rclavicle', 'thorax', (-1, 0.2, 0), 3, 'ry rz'), ('rhumerus', 'rclavicle', (-1, 0, 0), 5, 'rx ry rz'),
        ('rradius', 'rhumerus', (-1, 0, 0), 4, 'rx'), ('rhand', 'rradius', (-1, 0, 0), 1, 'rx rz'),
    ]  # fmt: skip
    text = (
        ':version 1.10\n:name VICON\n:units\n  mass 1.0\n  length 0.45\n  angle deg\n:root\n'
        '   order TX TY TZ RX RY RZ\n   axis XYZ\n   position 0 0 0\n   orientation 0 0 0\n:bonedata\n'
    )
    for number, (name, _, direction, length, channels) in enumerate(bones, 1):
        direction = np.array(direction) / np.linalg.norm(direction)
        text += (
            f'  begin\n     id {number}\n     name {name}\n     direction {" ".join(f"{v:.6f}" for v in direction)}\n'
        )
        text += f'     length {length}\n     axis 0 0 20  XYZ\n'
        text += f'    dof {channels}\n    limits (-160 20)\n' if channels else ''
        text += '  end\n'
    text += ':hierarchy\n  begin\n'
    for parent in dict.fromkeys(bone[1] for bone in bones):
        text += f'    {parent} {" ".join(bone[0] for bone in bones if bone[1] == parent)}\n'
    (folder / '02.asf').write_text(text + '  end\n')
    lines = ['#!OML:ASF F:\\VICON', ':FULLY-SPECIFIED', ':DEGREES']
    for t in range(T):
        lines += [str(t + 1), f'root {0.1 * t:.3f} 17.5 0 0 0 0']
        for name, *_, channels in bones:
            if channels:
                angles = ['0'] * len(channels.split())
                angles[-1] = str(2 * t) if name == 'lhumerus' else '0'
                lines.append(f'{name} {" ".join(angles)}')
    (folder / '02_01.amc').write_text('\n'.join(lines) + '\n')
    return folder / '02_01.amc'


def bvh(folder):
    bones = [('Hips', None, (0, 90, 0))]
    for side, sign in (('Left', 1), ('Right', -1)):
        bones += [(f'{side}UpLeg', 'Hips', (9 * sign, 0, 0)), (f'{side}Leg', f'{side}UpLeg', (0, -42, 0)),
                  (f'{side}Foot', f'{side}Leg', (0, -40, 0)), (f'{side}Arm', 'Hips', (18 * sign, 45, 0)),
                  (f'{side}ForeArm', f'{side}Arm', (28 * sign, 0, 0)),
                  (f'{side}Hand', f'{side}ForeArm', (25 * sign, 0, 0))]  # fmt: skip
    bones.append(('Head', 'Hips', (0, 60, 0)))
    children = {name: [bone for bone in bones if bone[1] == name] for name, *_ in bones}

    def block(name, parent, offset):
        below = ' '.join(block(*child) for child in children[name]) or 'End Site\n{\nOFFSET 0 5 0\n}\n'
        places = 'Xposition Yposition Zposition ' if parent is None else ''
        return (f'{"JOINT" if parent else "ROOT"} {name}\n{{\nOFFSET {" ".join(map(str, offset))}\n'
                f'CHANNELS {6 if places else 3} {places}Zrotation Xrotation Yrotation\n{below}\n}}\n')  # fmt: skip

    frames = [' '.join(['0', '90', '0', *[f'{t}'] * 3 * len(bones)]) for t in range(T)]
    text = f'HIERARCHY\n{block(*bones[0])}MOTION\nFrames: {T}\nFrame Time: 0.033333\n'
    (folder / 'walk.bvh').write_text(text + '\n'.join(frames) + '\n')
    return folder / 'walk.bvh'


# --- SMPL -----------------------------------------------------------------------------------------------------------
def padded(points, joints):
    return np.concatenate([points, np.zeros((*points.shape[:-2], joints - points.shape[-2], 3), np.float32)], axis=-2)


def vibe(folder):
    poses = padded(camera(world(BODY_25)), 49)
    content = {m + 1: {'pred_cam': np.ones((T, 3), np.float32), 'joints3d': poses[m], 'pose': np.zeros((T, 72)),
                       'betas': np.zeros((T, 10)), 'frame_ids': np.arange(T)} for m in range(2)}  # fmt: skip
    joblib.dump(content, folder / 'vibe_output.pkl')
    return folder / 'vibe_output.pkl'


def turning() -> np.ndarray:
    """Poses of SMPL: an arm that rises.  # (T, 72)"""
    pose = np.zeros((T, 24, 3))
    pose[:, SMPL.index('left_shoulder'), 2] = np.linspace(-1, 0.5, T)
    return pose.reshape(T, 72)


def wham(folder):
    content = {0: {'pose_world': turning(), 'trans_world': np.zeros((T, 3)), 'betas': np.zeros((T, 10)),
                   'frame_ids': np.arange(T)}}  # fmt: skip
    joblib.dump(content, folder / 'wham_output.pkl', compress=3)
    return folder / 'wham_output.pkl'


def amass(folder):
    poses = np.concatenate([turning()[:, :66], np.zeros((T, 90))], axis=1)
    np.savez(folder / 'walk_poses.npz', poses=poses, trans=np.zeros((T, 3)), betas=np.zeros(16),
             gender=np.array('male'), mocap_framerate=np.array(120.0))  # fmt: skip
    return folder / 'walk_poses.npz'


def hybrik(folder):
    poses = camera(world(SMPL))[0]
    content = {'pred_uvd': list(np.zeros((T, 29, 3))), 'pred_xyz_17': list(np.zeros((T, 17, 3))),
               'pred_xyz_24_struct': list(poses), 'height': [HEIGHT] * T, 'img_path': ['a.jpg'] * T}  # fmt: skip
    (folder / 'res.pk').write_bytes(pickle.dumps(content))
    return folder / 'res.pk'


def phalp(folder):
    poses = padded(camera(world(BODY_25)), 45)
    content = {f'outputs/_DEMO/v/img/{t + 1:06d}.jpg': {
        'time': t, 'shot': 0, 'frame_path': 'a.jpg', 'tid': [m + 1 for m in order(t)], 'tracked_ids': [1, 2],
        '3d_joints': [poses[m, t] for m in order(t)], 'smpl': [{'betas': np.zeros(10)}] * 2,
        'size': [[HEIGHT, WIDTH]] * 2,
    } for t in range(T)}  # fmt: skip
    joblib.dump(content, folder / 'demo_v.pkl')
    return folder / 'demo_v.pkl'


# --- Tables and arrays ----------------------------------------------------------------------------------------------
def csv_table(folder):
    poses = pixels(world(COCO))[0]
    rows = [','.join(f'{name}_{axis}' for name in COCO for axis in 'xy')]
    rows += [','.join(f'{v:.4f}' for v in pose.ravel()) for pose in poses]
    (folder / 'clip.csv').write_text('\n'.join(rows) + '\n')
    return folder / 'clip.csv'


def parquet(folder):
    import pyarrow
    import pyarrow.parquet

    poses = metres(world(NTU))[0]
    columns = {f'{name}_{axis}': poses[:, v, c] for v, name in enumerate(NTU) for c, axis in enumerate('xyz')}
    pyarrow.parquet.write_table(pyarrow.table(columns), folder / 'clip.parquet')
    return folder / 'clip.parquet'


def npz(folder):
    np.savez(folder / 'clip.npz', keypoint=metres(world(NTU)))
    return folder / 'clip.npz'


FORMATS = (
    Format('AlphaPose, tracked, Halpe 26', alphapose, pixels, 2),
    Format('AlphaPose, COCO', alphapose_untracked, pixels, 2),
    Format("AlphaPose, form 'cmu'", alphapose_form('bodies', 'joints'), pixels, 2),
    Format("AlphaPose, form 'open'", alphapose_form('people', 'pose_keypoints_2d'), pixels, 2),
    Format('AlphaPose, tracked by PoseFlow', poseflow, pixels, 2),
    Format('MMPose 1, video demo', mmpose_video, pixels, 2),
    Format('MMPose 1, inferencer', mmpose_inferencer, pixels, 2),
    Format('MMPose 1, a file an image', mmpose_images, pixels, 2),
    Format('MMPose 1, 3D demo', mmpose_3d, z_up, 2),
    Format('MMPose 0, pose results', mmpose_0, pixels, 2),
    Format('OpenPose, BODY_25', openpose(BODY_25), pixels, 2),
    Format('OpenPose, COCO, with person_id', openpose(OPENPOSE, identity=True), pixels, 2),
    Format('OpenPose, MPI', openpose(MPI), pixels, 2),
    Format('OpenPose 1.0', openpose(OPENPOSE, 'pose_keypoints', name='{}.json'), pixels, 2),
    Format('Pose2Sim, 2D (RTMPose as OpenPose)', openpose(HALPE, name='cam1_{:06d}.json'), pixels, 2),
    Format('ST-GCN, Kinetics skeleton', st_gcn, pixels, 2),
    Format('Ultralytics, save_txt', yolo_labels(lambda m: ''), shares, 2),
    Format('Ultralytics, save_txt, tracked', yolo_labels(lambda m: f' 0.9{m} {m + 1}'), shares, 2),
    Format('Ultralytics, to_json', yolo_json, pixels, 2),
    Format('Ultralytics, save_json', yolo_save_json, pixels, 2),
    Format('Detectron2, COCO results', detectron2, pixels, 2),
    Format('COCO annotations', coco_annotations, pixels, 2),
    Format('MoveNet, TensorFlow.js', movenet, pixels, 2, FPS),
    Format('PoseNet, TensorFlow.js', posenet, pixels),
    Format('DeepLabCut, CSV', dlc_csv(False), pixels),
    Format('DeepLabCut, CSV, several individuals', dlc_csv(True), pixels, 2),
    Format('DeepLabCut, HDF5', dlc_h5, pixels, 2, package='h5py'),
    Format('SLEAP, analysis HDF5', sleap_h5, pixels, 2, package='h5py'),
    Format('MediaPipe Pose, lists', mediapipe_pose, image_space),
    Format('MediaPipe Pose, frames with world landmarks', mediapipe_frames, camera, 1, FPS),
    Format('MediaPipe Pose, by name', mediapipe_named, image_space),
    Format("MediaPipe Pose, protobuf's JSON, a line a frame", mediapipe_protobuf, image_space),
    Format('MediaPipe Pose, arrays', blazepose_rows, image_space, names=False),
    Format('MediaPipe Holistic', mediapipe_holistic, image_space),
    Format('MediaPipe Tasks, pose landmarker', mediapipe_tasks, camera, 2, 25.0),
    Format('Azure Kinect, body tracking', azure_kinect, y_down, 2, 30.0),
    Format('Kinect v2, JSON by name', kinect_v2_json, metres, 2),
    Format('Kinect v2, JSON by number', kinect_v2_numbers, metres),
    Format('Kinect v2, CSV of joints without a header', kinect_v2_dump, metres),
    Format('Kinect v1, text by name', kinect_v1_text, metres),
    Format('MSR Action3D, in metres', msr_action(metres), metres),
    Format('MSR Action3D, in pixels', msr_action(pixels), pixels),
    Format('MSR Daily Activity 3D', msr_daily, metres),
    Format('UTKinect', utkinect, metres),
    Format('PKU-MMD', pkummd, metres, 2, names=False),
    Format('NTU RGB+D', ntu, metres, 2),
    Format('Pose2Sim, TRC', trc(POSE2SIM, metres), metres, 1, FPS),
    Format('TRC of Plug-in Gait markers', trc(list(PLUG_IN), z_up, PLUG_IN.get), z_up, 1, FPS),
    Format('Vicon Nexus, CSV', vicon, z_up, 1, FPS),
    Format('OptiTrack Motive, CSV', motive, z_up, 1, FPS),
    Format('C3D of Plug-in Gait markers', c3d, z_up, 1, FPS, package='ezc3d'),
    Format('BVH', bvh, None, 1, 30.0),
    Format('ASF and AMC', amc, None, 1, 120.0),
    Format('VIBE', vibe, camera, 2),
    Format('WHAM', wham, None),
    Format('HybrIK', hybrik, camera),
    Format('PHALP and 4D-Humans', phalp, camera, 2),
    Format('AMASS', amass, None, 1, 120.0),
    Format('CSV', csv_table, pixels),
    Format('Parquet', parquet, metres, package='pyarrow'),
    Format('NPZ', npz, metres, 2, names=False),
)

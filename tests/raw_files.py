"""Writes recordings with known content in the formats of others."""

import json
from pathlib import Path

import numpy as np


def moving(persons=1, frames=6, joints=25, coordinates=3, seed=0) -> np.ndarray:
    """People who stand apart and drift; three decimals, so that text keeps them.  # (M, T, V, C)"""
    rng = np.random.default_rng(seed)
    pose = rng.uniform(-1, 1, (persons, 1, joints, coordinates)) + 10 * np.arange(persons)[:, None, None, None]
    return np.round(pose + 0.02 * np.arange(frames)[:, None, None], 3).astype(np.float32)


def write_skeleton(path: Path, keypoint: np.ndarray):
    """NTU's layout; a person who is all zero in a frame is not in it."""
    lines = [str(keypoint.shape[1])]
    for people in keypoint.swapaxes(0, 1):
        seen = [pose for pose in people if pose.any()]
        lines.append(str(len(seen)))
        for pose in seen:
            lines += ['72057594037931101 0 1 1 1 1 0 0.1 -0.2 2', str(len(pose))]
            lines += [' '.join(f'{value:.3f}' for value in joint) + ' 277.4 191.9 2' for joint in pose]
    path.write_text('\n'.join(lines) + '\n')


def write_pkummd(path: Path, keypoint: np.ndarray):
    """A line a frame of two persons."""
    frames = keypoint.swapaxes(0, 1).reshape(keypoint.shape[1], -1)
    path.write_text(''.join(' '.join(f'{value:.3f}' for value in frame) + '\n' for frame in frames))


def write_openpose(folder: Path, frames: dict[int, list[np.ndarray]]):
    """A file a frame; the people are (V, 3): x, y, score."""
    folder.mkdir(parents=True)
    for number, people in frames.items():
        content = {
            'version': 1.3,
            'people': [{'person_id': [-1], 'pose_keypoints_2d': p.ravel().tolist()} for p in people],
        }
        (folder / f'video_{number:012d}_keypoints.json').write_text(json.dumps(content))


def mmpose_instance(pose: np.ndarray, score: float = 0.9) -> dict:
    return {
        'keypoints': pose.tolist(),
        'keypoint_scores': [score] * len(pose),
        'bbox': [[0, 0, 9, 9]],
        'bbox_score': 1.0,
    }


def replace_line(path: Path, number: int, text: str | None):
    """Another text in a line, counted from 1, or none."""
    lines = path.read_text().splitlines()
    lines[number - 1 : number] = [] if text is None else [text]
    path.write_text('\n'.join(lines) + '\n')

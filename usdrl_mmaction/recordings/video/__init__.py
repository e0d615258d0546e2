"""Joints of the people in a video: one function, and the pose estimators that it can use, a module each."""

import sys
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from time import perf_counter
from typing import Any, NamedTuple, Protocol

import numpy as np
from rich.progress import Progress

from usdrl_mmaction.errors import RecordingError, UsageError, UsdrlError

from ..clip import Clip
from ..tracking import track_people
from .frames import Frames, frame_bar

VIDEOS = ('.mp4', '.m4v', '.mov', '.avi', '.mkv', '.webm', '.mpg', '.mpeg', '.wmv', '.flv', '.3gp', '.mts', '.m2ts')
WHOLE = 0.95  # share of the frames that a file claims to have; containers are not exact


class PoseModels(NamedTuple):
    """Which models find the people and their joints. What is None is chosen by what is installed.

    Args:
        pose (str | None): A name of ``BACKENDS``, a model's file (``.task`` of MediaPipe, ``.onnx`` of rtmlib), or a
            config of MMPose.
        detector (str | None): A detector of people, for back ends that need one: an ``.onnx`` file or a config.
        pose_checkpoint (str | None): The weights of a config of MMPose.
        detector_checkpoint (str | None): The weights of a config of MMDetection.
        device (str | None): By default an accelerator if there is one.
        score_thr (float): The score from which a detection is a person.
    """

    pose: str | None = None
    detector: str | None = None
    pose_checkpoint: str | None = None
    detector_checkpoint: str | None = None
    device: str | None = None
    score_thr: float = 0.5


class PoseEstimator(Protocol):
    """What the module of a back end has under this name; it is made from ``PoseModels``."""

    joints: tuple[str, ...]  # names; empty if they are unknown, or nobody was seen yet
    several: bool  # whether it finds more than one person

    def __call__(self, frames: Iterable[np.ndarray], fps: float) -> Iterator[list[np.ndarray]]:
        """The people of each frame of a video.  # (H, W, 3), BGR -> people of (V, 3), x and y in pixels and a score"""


class Backend(NamedTuple):
    """A pose estimator that may be installed."""

    module: str  # has a class PoseEstimator
    packages: dict[str, str]  # importable names, and what each is
    install: str
    suffixes: tuple[str, ...] = ()  # of its models' files


# The first one that is installed is used: those that find several people come first.
BACKENDS = {
    'mmpose': Backend(
        '.mmpose',
        {'mmcv._ext': 'mmcv with compiled operators', 'mmdet': 'mmdet', 'mmpose': 'mmpose'},
        "pip uninstall -y mmcv-lite && pip install 'usdrl-mmaction[full]'",
        ('.py',),
    ),
    'rtmlib': Backend('.rtmlib', {'rtmlib': 'rtmlib', 'onnxruntime': 'onnxruntime'}, 'pip install rtmlib', ('.onnx',)),
    'mediapipe': Backend(
        '.mediapipe',
        {'mediapipe': 'mediapipe'},
        "pip install 'usdrl-mmaction[video]'",
        ('.task',),
    ),
}


def is_video(content: Any) -> bool:
    return isinstance(content, str | Path) and Path(content).suffix.lower() in VIDEOS


def read_video(path: str | Path, estimator: PoseEstimator | None = None) -> Clip:
    """The people of a video, tracked from frame to frame, the most active first.

    Args:
        estimator (PoseEstimator | None): By default the first back end that is installed, with its own models.
    """
    with frame_bar() as bar:
        return follow(Path(path), estimator or open_estimator(PoseModels()), bar)


def read_videos(paths: Sequence[Path], models: PoseModels) -> tuple[dict[Path, Clip], list[UsdrlError]]:
    """The clips of videos, and the errors of those that cannot be used. A line on stderr says with what they were read,
    and how fast."""
    if not paths:
        return {}, []
    name, estimator = choose_backend(models.pose), open_estimator(models)
    clips, faults, began = {}, [], perf_counter()
    with frame_bar() as bar:
        for number, path in enumerate(paths, 1):
            try:
                clips[path] = follow(path, estimator, bar, f'{number}/{len(paths)} ' if len(paths) > 1 else '')
            except UsdrlError as error:
                faults.append(error)
    if not clips:
        return {}, faults
    frames = sum(int(task.completed) for task in bar.tasks)
    note = '' if estimator.several else ', which follows one person (docs/video.md: several)'
    many = f'{len(clips)} of {len(paths)} videos' if len(paths) > 1 else 'the video'
    print(f'read {many} with {name}{note}: {frames / (perf_counter() - began):.0f} frames a second', file=sys.stderr)
    return clips, faults


def follow(path: Path, estimator: PoseEstimator, bar: Progress, place: str = '') -> Clip:
    frames = Frames(path)
    task = bar.add_task(f'{place}{path.name}', total=frames.expected)
    people = []
    for found in estimator(iter(frames), frames.fps or 30.0):
        people.append(found)
        bar.advance(task)
    bar.update(task, total=len(people), visible=False)
    clip = track_people(people, path, estimator.joints)
    if not clip.keypoint.any():
        raise RecordingError(f'{path}: nobody is seen in it.')
    if frames.expected and len(people) < WHOLE * frames.expected:
        damage = f'{path}: only {len(people)} of {frames.expected} frames can be read. The file is damaged.'
        bar.console.print(damage, soft_wrap=True, markup=False, highlight=False)
    return clip._replace(img_shape=frames.shape, fps=frames.fps)


@lru_cache(maxsize=1)
def open_estimator(models: PoseModels) -> PoseEstimator:
    """The pose estimator of a back end, with its models loaded."""
    backend = BACKENDS[choose_backend(models.pose)]
    return import_module(backend.module, __package__).PoseEstimator(models)


def choose_backend(pose: str | None = None) -> str:
    """The name of the back end for ``PoseModels.pose``; raises unless it is installed."""
    if pose is None:
        name = next((name for name in BACKENDS if not lacking(name)), None)
        if not name:
            several = BACKENDS['rtmlib'].install
            raise UsageError(
                'reading videos needs a pose estimator, and none is installed: '
                f'{BACKENDS["mediapipe"].install} (one person, nothing to download), or {several} (several people).'
            )
        return name
    suffix = '.py' if '::' in pose else Path(pose).suffix.lower()
    name = pose if pose in BACKENDS else next((name for name in BACKENDS if suffix in BACKENDS[name].suffixes), None)
    if not name:
        files = ', '.join(suffix for backend in BACKENDS.values() for suffix in backend.suffixes)
        raise UsageError(f"'{pose}' is no pose estimator: give {', '.join(BACKENDS)}, or a model's file ({files}).")
    if missing := lacking(name):
        raise UsageError(f'{name} needs {", ".join(missing)}: {BACKENDS[name].install}')
    return name


def lacking(name: str) -> list[str]:
    """The packages that a back end needs and that are not installed."""
    return [what for package, what in BACKENDS[name].packages.items() if not is_installed(package)]


def is_installed(package: str) -> bool:
    try:
        return bool(find_spec(package))
    except (ImportError, ValueError):  # its parent is not installed, or is a stub
        return False

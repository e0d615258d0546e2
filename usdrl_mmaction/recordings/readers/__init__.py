"""Recordings from files: each reader takes a path and returns a ``Clip``, or raises an error that names the line."""

from pathlib import Path

from usdrl_mmaction.errors import RecordingError
from usdrl_mmaction.files import missing

from ..clip import Clip
from ..video import is_video, read_video
from .arrays import read_npz
from .bvh import read_bvh
from .csv_table import read_csv
from .mmpose import read_mmpose
from .openpose import is_openpose, read_openpose
from .skeleton_text import read_skeleton_text

READERS = {
    '.csv': read_csv,
    '.json': read_mmpose,
    '.npy': read_npz,
    '.npz': read_npz,
    '.skeleton': read_skeleton_text,
    '.bvh': read_bvh,
}


def read_clip(path: str | Path) -> Clip:
    """A recording in the format of its suffix: CSV, MMPose's JSON, NPZ or NPY, NTU's ``.skeleton``, BVH, a folder of
    OpenPose's JSON files, or a video."""
    path = Path(path)
    if not path.exists():
        raise missing(path, 'recording')
    if is_openpose(path):
        return read_openpose(path)
    if is_video(path):
        return read_video(path)
    if path.suffix.lower() not in READERS:
        raise RecordingError(
            f"{path}: no reader for '{path.suffix}'. Known are {', '.join(READERS)}, folders of *_keypoints.json and "
            'videos.'
        )
    return READERS[path.suffix.lower()](path)

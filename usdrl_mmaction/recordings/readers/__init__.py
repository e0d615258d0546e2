"""Recordings from files: ``READERS`` is the table of formats, a row each. ``read_clip`` takes the first one that fits
the suffix and the content of a file, and returns a ``Clip`` or raises an error that names what is wrong.

A format that is not in the table is added by ``register_reader``, or by a package that has a ``Reader`` under the entry
point ``usdrl_mmaction.readers``.
"""

from collections.abc import Callable, Iterator
from functools import cache
from importlib.metadata import entry_points
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from usdrl_mmaction.errors import RecordingError, UsdrlError
from usdrl_mmaction.files import missing

from ..clip import Clip, seen_only
from ..video import is_video, read_video
from . import asf_amc, coco, hdf5, kinect_text, landmarks, mmpose, mocap_csv, openpose, smpl, trc, yolo
from .arrays import from_arrays, read_npz
from .bvh import read_bvh
from .c3d import read_c3d
from .csv_table import read_csv
from .markers import as_joints
from .nesting import found_in
from .parquet import read_parquet
from .pickles import read_pickled
from .skeleton_text import read_skeleton_text
from .text import read_json, read_lines

GROUP = 'usdrl_mmaction.readers'  # of entry points
LARGEST_FRAME = 1 << 21  # bytes; larger files are recordings, not frames of one
OPENPOSE = '_keypoints.json'  # ends the names of its files
TEXT = ('.csv', '.tsv', '.txt')
PICKLES = ('.pkl', '.pickle', '.pk', '.joblib')
FOLDER = ''  # the suffix of a folder with a file for each frame


def anything(_: Any) -> bool:
    return True


class Reader(NamedTuple):
    """A format. What a file holds is the content of JSON and pickles, the lines of text, and the path of others; what
    a folder holds is a dict of these, by the name of their file."""

    name: str  # that people know it by
    suffixes: tuple[str, ...]
    read: Callable[[Any, Path], Clip]  # of what the file holds, and its path for messages
    fits: Callable[[Any], bool] = anything  # whether what the file, or the first frame of a folder, holds is of it


def is_arrays(content: Any) -> bool:
    return isinstance(content, np.ndarray) or (isinstance(content, dict) and 'keypoint' in content)


def by_path(read: Callable[[Path], Clip]) -> Callable[[Any, Path], Clip]:
    return lambda _, path: read(path)


READERS = [
    Reader('OpenPose', (FOLDER,), openpose.read_frames, openpose.is_frame),
    Reader('MMPose, a file a frame', (FOLDER,), mmpose.read_frames, mmpose.is_frame),
    Reader('landmarks, a file a frame', (FOLDER,), landmarks.read_frames, landmarks.is_frame),
    Reader('Ultralytics labels', (FOLDER,), yolo.read_frames, yolo.is_frame),
    Reader('COCO annotations', ('.json',), coco.read_annotations, coco.is_annotations),
    Reader('COCO, AlphaPose and Detectron2 results', ('.json',), coco.read_results, coco.is_results),
    Reader('AlphaPose tracks', ('.json',), coco.read_by_image, coco.is_by_image),
    Reader('OpenPose in one file', ('.json',), openpose.read_openpose, openpose.is_openpose),
    Reader('MMPose', ('.json',), mmpose.read_mmpose, mmpose.is_mmpose),
    Reader('landmarks', ('.json', '.jsonl', '.ndjson'), landmarks.read_landmarks, landmarks.is_landmarks),
    Reader('TRC', ('.trc', '.txt'), trc.read_trc, trc.is_trc),
    Reader('a frame of Ultralytics', ('.txt',), yolo.read_labels, yolo.is_frame),
    Reader('Vicon Nexus', TEXT, mocap_csv.read_vicon, mocap_csv.is_vicon),
    Reader('OptiTrack Motive', TEXT, mocap_csv.read_motive, mocap_csv.is_motive),
    Reader('joints of a Kinect, a line each', ('.csv', '.txt'), kinect_text.read_dump, kinect_text.is_dump),
    Reader('numbers of a Kinect', ('.txt',), kinect_text.read_numbers, kinect_text.is_numbers),
    Reader('named joints', ('.txt',), kinect_text.read_named, kinect_text.is_named),
    Reader('table', TEXT, by_path(read_csv)),
    Reader('Parquet', ('.parquet',), read_parquet),
    Reader('DeepLabCut and SLEAP', ('.h5', '.hdf5'), hdf5.read_h5),
    Reader('AMASS', ('.npz',), smpl.read_amass, smpl.is_amass),
    Reader('arrays', ('.npy', '.npz'), by_path(read_npz)),
    Reader('PHALP and 4D-Humans', PICKLES, smpl.read_phalp, smpl.is_phalp),
    Reader('HybrIK', PICKLES, smpl.read_hybrik, smpl.is_hybrik),
    Reader('VIBE', PICKLES, smpl.read_vibe, smpl.is_vibe),
    Reader('pickled predictions of MMPose', PICKLES, mmpose.read_mmpose, mmpose.is_mmpose),
    Reader('pickled arrays', PICKLES, from_arrays, is_arrays),
    Reader('NTU RGB+D', ('.skeleton',), by_path(read_skeleton_text)),
    Reader('BVH', ('.bvh',), by_path(read_bvh)),
    Reader('AMC', ('.amc',), asf_amc.read_amc, asf_amc.is_amc),
    Reader('C3D', ('.c3d',), read_c3d),
]
CONTENTS = {
    **dict.fromkeys(('.json', '.jsonl', '.ndjson'), read_json),
    **dict.fromkeys((*TEXT, '.trc', '.amc'), read_lines),
    **dict.fromkeys(PICKLES, read_pickled),
}


def register_reader(reader: Reader):
    """Adds a format. It is looked at before those of the package."""
    readers().insert(0, reader)


@cache
def readers() -> list[Reader]:
    """All formats: those of other packages before those of this one."""
    return [*(point.load() for point in entry_points(group=GROUP)), *READERS]


def suffixes() -> tuple[str, ...]:
    """Of the files that are recordings."""
    return tuple(dict.fromkeys(suffix for reader in readers() for suffix in reader.suffixes if suffix))


def read_clip(path: str | Path) -> Clip:
    """A recording: a file of a known format, a video, or a folder with a file for each frame.

    Examples:
        >>> from pathlib import Path
        >>> from tempfile import TemporaryDirectory
        >>> from usdrl_mmaction.recordings.readers import read_clip
        >>> with TemporaryDirectory() as folder:
        ...     path = Path(folder, 'wave.csv')
        ...     _ = path.write_text('nose_x,nose_y,left_wrist_x,left_wrist_y\\n1,2,3,4\\n1,2,3,5\\n')
        ...     clip = read_clip(path)
        >>> clip.keypoint.shape, clip.joints
        ((1, 2, 2, 2), ('nose', 'left_wrist'))
    """
    path = Path(path)
    if not path.exists():
        raise missing(path, 'recording')
    if is_video(path):
        return read_video(path)
    if path.is_dir():
        content = dict(frames_of(path))
        named = any(name.endswith(OPENPOSE) for name in content)
        found = READERS[0] if named else next(filter(None, map(reader_of_frames, content.values())), None)
    else:
        content = content_of(path)
        found = reader_of(path.suffix, content)
    if found is None:
        raise RecordingError(f'{path}: {unknown(path, content)}')
    return as_joints(checked(guarded(found, content, path), path))


def is_recording(path: Path) -> bool:
    """Whether a reader fits a file."""
    try:
        return reader_of(path.suffix, content_of(path)) is not None
    except UsdrlError:
        return False


def is_frames(path: Path) -> bool:
    """Whether a folder is one recording: its first files with something in them are frames."""
    if not path.is_dir():
        return False
    if next(path.glob(f'*{OPENPOSE}'), None):
        return True
    try:
        return any(reader_of_frames(frame) for _, frame in islice(frames_of(path), 3))
    except UsdrlError:  # a damaged or large file: the folder is one of recordings, or its reader names the file
        return False


def frames_of(folder: Path) -> Iterator[tuple[str, Any]]:
    """What each JSON or text file of a folder holds, if its name has a number."""
    files = sorted(file for file in folder.iterdir() if file.suffix.lower() in ('.json', '.txt') and file.is_file())
    named = [file for file in files if file.name.endswith(OPENPOSE)]
    numbered = [file for file in files if any(letter.isdigit() for letter in file.stem)]
    objects = [file for file in numbered if file.suffix.lower() == '.json']
    for file in named or objects or numbered:
        if file.stat().st_size > LARGEST_FRAME:
            raise RecordingError(f'{file} is too large for one frame.')
        nobody = file.suffix.lower() == '.txt' and not file.stat().st_size
        yield file.name, [] if nobody else content_of(file)


def reader_of_frames(content: Any) -> Reader | None:
    return reader_of(FOLDER, content) if content else None


def reader_of(suffix: str, content: Any) -> Reader | None:
    fitting = (reader for reader in readers() if suffix.lower() in reader.suffixes)
    return next((reader for reader in fitting if guarded_fits(reader, content)), None)


def guarded_fits(reader: Reader, content: Any) -> bool:
    try:
        return reader.fits(content)
    except UNEXPECTED:
        return False


UNEXPECTED = (
    TypeError,
    ValueError,
    KeyError,
    IndexError,
    AttributeError,
    OverflowError,
    ArithmeticError,
    RecursionError,
)


def guarded(reader: Reader, content: Any, path: Path) -> Clip:
    """What the reader returns. Content of another type than the reader expects ends in one line, too."""
    try:
        return reader.read(content, path)
    except RecordingError as error:
        if str(path) in str(error):
            raise
        raise RecordingError(f'{path}: {error}') from error
    except UsdrlError:
        raise
    except UNEXPECTED as error:
        what = f'{type(error).__name__}: {error}'.splitlines()[0][:120]
        raise RecordingError(
            f'{path} looks like {reader.name}, but a part of it is of another kind ({what}).'
        ) from error


def content_of(path: Path) -> Any:
    return CONTENTS.get(path.suffix.lower(), lambda path: path)(path)


def checked(clip: Clip, path: Path) -> Clip:
    """The clip, if its numbers are finite; a joint with NaN was not seen."""
    keypoint = np.asarray(clip.keypoint)
    if keypoint.ndim != 4 or keypoint.dtype.kind not in 'fiu' or (keypoint.size and keypoint.shape[-1] not in (2, 3)):
        raise RecordingError(f'{path}: its reader returns {keypoint.shape}, not people, frames, joints, 2 or 3.')
    if np.isinf(keypoint).any():
        raise RecordingError(f'{path}: the coordinates of a joint are not finite.')
    if clip.joints and (
        len(clip.joints) != keypoint.shape[2] or not all(isinstance(name, str) for name in clip.joints)
    ):
        raise RecordingError(
            f'{path}: its {keypoint.shape[2]} joints have names that are no words, or too many or few.'
        )
    score = None if clip.score is None else np.nan_to_num(clip.score).astype(np.float32, copy=False)
    keypoint, score = seen_only(keypoint.astype(np.float32, copy=False), score)
    return clip._replace(keypoint=keypoint, score=score)


def unknown(path: Path, content: Any) -> str:
    """What was found in a file that no reader knows, and what to do."""
    if path.is_dir():
        files = ', '.join(sorted(file.name for file in path.iterdir())[:5]) or 'nothing'
        found = f'a folder of {files}, and none of them is a frame of people.'
    elif path.suffix.lower() not in suffixes():
        found = f"no reader for '{path.suffix}'. Known are {', '.join(suffixes())}, and folders of frames."
    else:
        found = f'no reader knows what it holds, {found_in(content)}'
    return f'{found} {landmarks.TODO}'

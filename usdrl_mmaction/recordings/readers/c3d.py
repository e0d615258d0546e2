"""C3D, the binary files of motion capture systems, read by the package ezc3d."""

import math
from pathlib import Path

import numpy as np

from usdrl_mmaction.errors import RecordingError, UsageError

from ..clip import Clip

MAGIC = 0x50  # the second byte of a file
PARAMETERS = 2**18  # bytes within which the parameters end: the block they begin in and their number are a byte each


def read_c3d(path: Path, _: Path) -> Clip:
    """The markers of one person, in the unit of the file."""
    try:
        import ezc3d
    except ImportError:
        raise UsageError(f"{path} needs ezc3d: pip install 'usdrl-mmaction[formats]'") from None
    check_whole(path)
    try:
        content = ezc3d.c3d(str(path))
        points = content['data']['points']  # (4, V, T)
        parameters = content['parameters']['POINT']
        labels, rate = names_of(parameters), float(parameters['RATE']['value'][0])
    except Exception as error:  # a damaged file can make it raise anything
        raise RecordingError(f'{path} is not a whole C3D file ({str(error).splitlines()[0][:100]}).') from None
    keypoint = np.nan_to_num(points[:3].transpose(2, 1, 0).astype(np.float32), nan=0.0)  # (T, V, 3)
    residual = content['data']['meta_points']['residuals'][0].T  # (T, V), -1 where a marker was not seen
    keypoint *= (residual >= 0)[..., None]
    names = tuple(labels[: keypoint.shape[1]])
    return Clip(keypoint[None], joints=names, fps=rate if rate > 0 else None)


def names_of(parameters) -> list[str]:
    """More than 255 labels go on in LABELS2, LABELS3."""
    keys = sorted((key for key in parameters if key.startswith('LABELS')), key=lambda key: int(key[6:] or 1))
    return [label for key in keys for label in parameters[key]['value']]


def check_whole(path: Path):
    """Raise unless the data that the header counts are there: ezc3d would ask for any amount of memory."""
    with path.open('rb') as file:
        content = file.read(PARAMETERS)
    size = path.stat().st_size
    if len(content) < 512 or content[1] != MAGIC:
        raise RecordingError(f'{path} is no C3D file.')
    words = np.frombuffer(content[:512], '<u2')
    points, first, last, start = (int(words[place]) for place in (1, 3, 4, 8))
    frames = last - first + 1 if last >= first else 0
    size_of_number = 4 if np.frombuffer(content[12:16], '<f4')[0] < 0 else 2  # a negative scale: they are not integers
    if (start - 1) * 512 + frames * points * 4 * size_of_number > size or not 0 < points < 10000:
        raise RecordingError(f'{path} is not a whole C3D file: it counts {frames} frames of {points} markers.')
    if not parameters_are_whole(content, size):
        raise RecordingError(f'{path} is not a whole C3D file: its parameters are damaged.')


def parameters_are_whole(content: bytes, size: int) -> bool:
    """Whether each parameter has a name and fits into the file, and belongs to a group that is there."""

    def integer(place: int, length: int = 1, signed: bool = True) -> int:
        return int.from_bytes(content[place : place + length], 'little', signed=signed)

    entry, groups, named = max(content[0] - 1, 0) * 512 + 4, set(), set()
    while length := abs(integer(entry)):
        place = entry + 2 + length  # of the distance to the next entry; then of a parameter the type and dimensions
        number, distance, ndim = integer(entry + 1), integer(place, 2, signed=False), integer(place + 3, signed=False)
        needed = (number > 0) * abs(integer(place + 2)) * math.prod(content[place + 4 : place + 4 + ndim])
        name = content[entry + 2 : place]
        if place + distance > size or needed > size or not all(32 <= letter < 127 for letter in name):
            return False
        (groups if number < 0 else named).add(abs(number))
        if not distance:
            break
        entry = place + distance
    return named <= groups

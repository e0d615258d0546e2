"""HDF5 files of DeepLabCut, tables of pandas whose columns are of scorer, perhaps individuals, bodyparts and coords;
and the analysis files of SLEAP."""

import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from usdrl_mmaction.datasets.safe_pickle import SafeUnpickler, finished
from usdrl_mmaction.errors import RecordingError, UsageError

from ..clip import Clip, by_activity

COMPRESSED = 1000  # times smaller than its content is a file, at most
CHANNELS = ('x', 'y', 'z', 'likelihood')


def of_columns(columns: Sequence[tuple[str, str, str]], values: np.ndarray, path: Path) -> Clip:
    """Columns are of an individual, a body part and x, y, z or likelihood; NaN is not seen.  # (T, columns)"""
    people, parts = (list(dict.fromkeys(column[n] for column in columns)) for n in (0, 1))
    channels = [channel for channel in CHANNELS if any(column[2] == channel for column in columns)]
    if channels[:2] != ['x', 'y'] or not len(values):
        raise RecordingError(f'{path} has no columns of x and y, or no frames.')
    gathered = np.full((len(people), len(values), len(parts), len(channels)), np.nan, np.float32)
    for column, (person, part, channel) in zip(values.T, columns, strict=True):
        if channel in channels:
            gathered[people.index(person), :, parts.index(part), channels.index(channel)] = column
    score = np.nan_to_num(gathered[..., -1]) if channels[-1] == 'likelihood' else None
    keypoint = gathered[..., :-1] if score is not None else gathered
    keypoint = np.where(np.isnan(keypoint).any(-1, keepdims=True), 0, keypoint)
    return by_activity(Clip(keypoint, score, joints=tuple(parts)))


def read_h5(path: Path, _: Path) -> Clip:
    try:
        import h5py
    except ImportError:
        raise UsageError(f"{path} needs h5py: pip install 'usdrl-mmaction[formats]'") from None
    try:
        with h5py.File(path) as file:
            check_sizes(file, path)
            return of_sleap(file) if 'node_names' in file else of_pandas(file, path)
    except RecordingError:
        raise
    except Exception as error:  # a damaged file can make h5py raise anything
        raise RecordingError(f'{path} is not a whole HDF5 file of DeepLabCut or SLEAP ({error}).') from None


def check_sizes(file, path: Path):
    """Raise if a dataset says that it is far larger than the file, or has very many words: then the file is damaged."""
    size = path.stat().st_size

    def check(name, item):
        words = getattr(item, 'size', 0) if getattr(item, 'dtype', np.dtype('f4')).kind in 'OSU' else 0
        if getattr(item, 'nbytes', 0) > COMPRESSED * size or words > size:
            raise RecordingError(f"{path}: '{name}' says that it has {item.shape} numbers, more than a file can hold.")

    file.visititems(check)


def of_sleap(file) -> Clip:
    """``tracks`` is (people, 2, joints, frames), NaN where not seen."""
    keypoint = np.asarray(file['tracks'], np.float32).transpose(0, 3, 2, 1)  # (M, T, V, 2)
    keypoint = np.where(np.isnan(keypoint).any(-1, keepdims=True), 0, keypoint)
    scores = np.nan_to_num(np.asarray(file['point_scores'], np.float32)) if 'point_scores' in file else None
    score = scores.transpose(0, 2, 1) if scores is not None and scores.size == keypoint[..., 0].size else None
    return by_activity(Clip(keypoint, score, joints=tuple(text(name) for name in file['node_names'][:])))


def of_pandas(file, path: Path) -> Clip:
    """A table of pandas, whose columns are in attributes ('table'), or which is in blocks ('fixed')."""
    group = next((value for value in file.values() if hasattr(value, 'keys')), None)
    if group is None:
        raise RecordingError(f'{path} has no table of pandas. It has {", ".join(file) or "nothing"}.')
    if 'table' in group:
        columns = columns_of(group.attrs['non_index_axes'])
        table = group['table'][:]
        values = np.concatenate([table[name] for name in table.dtype.names if name.startswith('values')], axis=1)
    else:
        levels = sorted(key for key in group if key.startswith('axis0_level'))
        labels = sorted(key for key in group if key.startswith('axis0_label'))
        columns = list(zip(*(np.asarray(group[level])[np.asarray(group[label])] for level, label in
                             zip(levels, labels, strict=True)), strict=True))  # fmt: skip
        values = np.asarray(group['block0_values'])
    columns = [tuple(text(word) for word in column) for column in columns]
    if not columns or len(columns[0]) not in (3, 4) or len(columns) != values.shape[1]:
        raise RecordingError(f'{path}: its columns are not those of DeepLabCut: {columns[:2]}.')
    people = [('' if len(column) == 3 else column[1], *column[-2:]) for column in columns]
    return of_columns(people, values.astype(np.float32), path)


def columns_of(attribute: Any) -> list[tuple]:
    """The names in an attribute that PyTables pickled."""
    content = attribute if isinstance(attribute, bytes) else bytes(attribute)
    return list(finished(SafeUnpickler(io.BytesIO(content)).load(), {})[0][1])


def text(word: Any) -> str:
    return word.decode() if isinstance(word, bytes) else str(word)

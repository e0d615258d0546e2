"""Rows of a table in their places: persons, frames and joints."""

import re
from math import gcd

import numpy as np

from ..clip import MOST_PEOPLE, Clip, seen_only, shortened
from .columns import role_of
from .flat import with_score
from .grouping import in_blocks
from .table import Table, is_number, order_of
from .text import at, from_first
from .times import fps_of, to_seconds

LARGEST = 2**53  # what is larger counts no frames


def assemble(table, roles, values, channels, names, used, joint=None, joints=None) -> Clip:
    """Rows in their places.

    Args:
        values (np.ndarray): (rows, people in a row, joints in a row, channels).
        joint (np.ndarray | None): In a long table, the joint of each row, of ``joints``.
    """
    persons, person = _persons(table, roles)
    frame, total = _frames(table, roles, person, joint)
    _check_once(table, (person * total + frame) * (joints or 1) + (0 if joint is None else joint), joint is not None)
    notes = []
    if persons > MOST_PEOPLE:
        often = np.sort(np.argsort(-np.bincount(person, minlength=persons), kind='stable')[:MOST_PEOPLE])
        kept = np.isin(person, often)
        values, frame, person = values[kept], frame[kept], np.searchsorted(often, person[kept])
        joint = None if joint is None else joint[kept]
        notes.append(f'the {MOST_PEOPLE} people with the most frames are read, of {persons}')
        persons = MOST_PEOPLE
    wide, width = values.shape[1], values.shape[3]
    shape = (persons, wide, total, joints or values.shape[2], width)
    gathered = np.full(shape, np.nan, np.float32)
    if joint is None:
        gathered[person[:, None], np.arange(wide), frame[:, None]] = values
    else:
        gathered[person, 0, frame, joint] = values[:, 0, 0]
    gathered = gathered.reshape(persons * wide, total, *shape[3:])
    if channels[-1] == 'score':
        keypoint, score = gathered[..., :-1], gathered[..., -1]
        score = np.where(np.isnan(score) & np.isnan(score).all((0, 1)), np.float32(1), score)  # of joints without any
    else:
        keypoint, score = with_score(gathered) if not names else (gathered, None)
    keypoint, score = seen_only(keypoint, score)
    notes += _notes(table, roles, used)
    return Clip(keypoint, score, joints=names, fps=_fps(table, roles, frame, total), notes=tuple(notes))


def _check_once(table: Table, cells: np.ndarray, of_joints: bool):
    """Raises if two rows are of the same person and frame, and joint in a long table."""
    order = np.argsort(cells, kind='stable')
    twice = np.flatnonzero(np.diff(cells[order]) == 0)
    if len(twice):
        first, second = (table.lines[row] for row in sorted((order[twice[0]], order[twice[0] + 1])))
        of = 'the same person, frame and joint' if of_joints else 'the same person and frame'
        raise at(table.path, second, f'{of} as in line {first}. Tell people apart by a column person.')


def _notes(table: Table, roles: dict, used: set[int]) -> list[str]:
    """What is not read of a table."""
    notes, labels = [], roles.get('label', ())
    if labels and len(set(table.column(labels[0]))) > 1:
        notes.append(f'{table.header[labels[0]]} changes within the recording: it is no label of it')
    ignored = [
        name for column, name in enumerate(table.header) if column not in used and name and role_of(name) != 'frame'
    ]
    if ignored:
        column = 'column is' if len(ignored) == 1 else 'columns are'
        notes.append(f'{len(ignored)} {column} not used: {shortened(ignored)}')
    return notes


def _persons(table, roles) -> tuple[int, np.ndarray]:
    """How many people there are, and the person of each row."""
    columns = list(roles.get('person', ()))
    if not columns:  # an id that is another one in each row is none of a person
        columns = [
            column
            for column in roles.get('perhaps_person', ())
            if not in_blocks(table.column(column)) and len(set(table.column(column))) <= max(1, len(table.rows) // 3)
        ]
    if not columns:
        return 1, np.zeros(len(table.rows), int)
    words = table.column(columns[0])
    numbers = order_of(words)
    return len(numbers), np.array([numbers[word] for word in words])


def _frames(table, roles, person, joint) -> tuple[np.ndarray, int]:
    """The frame of each row from the first one on, and the number of frames."""
    columns = roles.get('frame') or ()
    if columns:
        words = table.column(columns[0])
        numbers = _whole(words, table)
        if numbers.max() - numbers.min() < 100 * len(numbers):
            found, total = from_first((numbers // stride_of(numbers)).tolist(), table.path)
            return np.array(found), total
        return _by_value(words)
    if 'time' in roles:
        frame, total = _by_value(table.column(roles['time'][0]))
        cells = np.stack([frame, person, np.zeros_like(frame) if joint is None else joint])
        if np.unique(cells, axis=1).shape[1] == len(frame):
            return frame, total
    return _by_repetition(person, joint)


def stride_of(numbers: np.ndarray) -> int:
    """How far frames are apart, such as 5 if each fifth is there."""
    there = np.unique(numbers)
    return gcd(*np.unique(np.diff(there)).tolist()) if len(there) > 3 else 1


def _by_value(words):
    numbers = order_of(words)
    return np.array([numbers[word] for word in words]), len(numbers)


def _by_repetition(person, joint) -> tuple[np.ndarray, int]:
    """A frame ends where a person, or a joint of a person, comes again; or each person has frames of its own if the
    rows of each are together."""
    key = person if joint is None else person * (joint.max() + 1) + joint
    if joint is None and np.count_nonzero(np.diff(person)) + 1 == len(np.unique(person)):
        starts = np.flatnonzero(np.diff(person, prepend=-1))
        frame = np.arange(len(person)) - np.repeat(starts, np.diff([*starts, len(person)]))
        return frame, int(frame.max()) + 1
    frame, seen, number = [], set(), 0
    for each in key.tolist():
        if each in seen:
            seen, number = set(), number + 1
        seen.add(each)
        frame.append(number)
    return np.array(frame), number + 1


def _whole(words: list[str], table: Table) -> np.ndarray:
    """Whole numbers of words such as 3, 3.0 (as pandas writes a column that has had gaps) and img_0003.png."""
    try:
        numbers = np.fromiter(map(float, words), np.float64, len(words))
        if (np.abs(numbers) < LARGEST).all() and (numbers == numbers.round()).all():
            return numbers.astype(np.int64)
    except ValueError:
        pass
    found = [re.fullmatch(r'(\d+)(?:\.0*)?|.*?(\d+)(?:\.[A-Za-z]\w*)?', word) for word in words]
    found = [match and int(match[1] or match[2]) for match in found]
    if bad := [row for row, number in enumerate(found) if number is None or number >= LARGEST]:
        row = bad[0]
        raise at(table.path, table.lines[row], f"'{words[row]}' is not a whole number, but a frame was expected.")
    return np.array(found)


def _fps(table, roles, frame, total) -> float | None:
    if 'fps' in roles:
        word = table.rows[0][roles['fps'][0]]
        stride = stride_of(_whole(table.column(roles['frame'][0]), table)) if 'frame' in roles else 1
        return float(word) / stride if is_number(word) and float(word) > 0 else None
    if 'time' not in roles:
        return None
    column = roles['time'][0]
    times = to_seconds(table.column(column), table.header[column])
    return None if times is None or len(times) != len(frame) else fps_of(times[np.unique(frame, return_index=True)[1]])

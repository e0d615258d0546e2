"""Recordings as tables of text, in one of three forms:

- wide, a line per frame, or per frame and person, with columns that name joints ('left_wrist_x'; ``columns.py``);
- long, a line per joint: its name or number, x, y and perhaps z and a score;
- without names, a line per frame with the numbers of a known layout (``flat.py``).

Other columns may say frame, time, person, clip, subject and label. A table may hold many clips (``parts_of``)."""

import re
from collections import Counter
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import numpy as np

from usdrl_mmaction.errors import RecordingError

from ..clip import Clip, shortened
from .columns import SIZES, Joints, in_order, joints_of, place_of, role_of
from .flat import unflatten, without_others
from .grouping import groups_of, keys_of, named_column
from .placing import assemble
from .table import SAMPLE, Table, is_number, with_header
from .text import NOTHING, at, to_values
from .times import fps_of

MOST_LIST = 20  # numbers of a field that is none of a list of joints
NUMBER = re.compile(r'(?<![\w.])[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?|nan|NaN')
PARTS = re.compile('left|right|hand|face')  # of the body, beside its pose


class Part(NamedTuple):
    """A clip of a table that has many."""

    path: Path
    name: str
    label: str | None
    subject: str | None = None


# --- Clips ----------------------------------------------------------------------------------------------------------
def read_csv(path: str | Path) -> Clip:
    """The clip of a table; people are in the order of their first line."""
    return clip_of(with_header(path))


def clip_of(table: Table) -> Clip:
    roles = _roles(table)
    groups = groups_of(table, roles)
    if len(groups) > 1:
        keys = ', '.join(table.header[column] for column in keys_of(table, roles)) or table.header[roles['label'][0]]
        raise RecordingError(
            f'{table.path} holds {len(groups)} clips, told apart by {keys}: read it by find_recordings.'
        )
    return _clip(table, roles)


def parts_of(path: Path) -> list[Part]:
    """The clips of a table, with their labels and subjects if it has such columns."""
    table, roles, groups = _grouped(str(path), path.stat().st_mtime_ns)
    labels, subjects = (named_column(table, roles.get(role, ())) for role in ('label', 'subject'))
    return [
        Part(path, name, labels[rows[0]] if labels else None, subjects[rows[0]] if subjects else None)
        for name, rows in groups.items()
    ]


def read_part(part: Part) -> Clip:
    table, roles, groups = _grouped(str(part.path), part.path.stat().st_mtime_ns)
    return _clip(table.take(groups[part.name]), roles)


def tells_parts(path: Path) -> bool:
    """Whether the first lines of a table have a column of clips, subjects or labels."""
    with path.open('rb') as file:
        head = file.readline(1 << 16)
    words = re.split(r'[,;\t|]', head.decode('utf-8', 'replace').lstrip('\ufeff').strip())
    return any(role_of(word.strip(' "')) in ('clip', 'subject', 'label') for word in words)


@lru_cache(maxsize=1)  # the clips of a table are read one after another
def _grouped(path: str, _changed: int) -> tuple[Table, dict[str, list[int]], dict[str, list[int]]]:
    table = with_header(path)
    roles = _roles(table)
    return table, roles, groups_of(table, roles)


def _roles(table: Table) -> dict[str, list[int]]:
    """The columns of each role."""
    roles, lists = {}, _lists(table)
    for column, name in enumerate(table.header):
        if (role := role_of(name)) and column not in lists:
            roles.setdefault(role, []).append(column)
    return roles


def _lists(table: Table) -> list[int]:
    """Columns whose fields are lists of the numbers of all joints."""
    for row in table.rows[:SAMPLE]:
        if found := [
            n for n, word in enumerate(row) if len(word) > MOST_LIST and len(NUMBER.findall(word)) > MOST_LIST
        ]:
            return found
    return []


def _from_lists(table: Table, column: int) -> np.ndarray:
    """The numbers of such a column; none for an empty list.  # (rows, W)"""
    found = [NUMBER.findall(row[column]) for row in table.rows]
    width = max(map(len, found))
    for words, line in zip(found, table.lines, strict=True):
        if len(words) not in (0, width):
            raise at(table.path, line, f'a list of {len(words)} numbers, but others have {width}.')
    return to_values([words or [''] * width for words in found], table.path, table.lines)


# --- Joints ---------------------------------------------------------------------------------------------------------
def _clip(table: Table, roles: dict[str, list[int]]) -> Clip:
    taken = {column for columns in roles.values() for column in columns}
    repeated = [name for name, count in Counter(table.header).items() if count > 1 and (place_of(name) or [''])[0]]
    if repeated:
        raise at(table.path, 1, f"two columns have the same name, '{repeated[0]}'.")
    alone = {place[1]: column for column, place in reversed([*_alone(table, taken)])}
    if 'joint' in roles and {'x', 'y'} <= set(alone):
        return _long(table, roles, alone)
    if lists := _lists(table):
        return _flat(table, roles, _from_lists(table, lists[0]), lists[:1])
    joints = joints_of(table.header, taken) if table.header else None
    if joints and (sum(map(len, joints.columns)) > 2 or not _bare(table, taken)):
        return _wide(table, roles, joints)
    return _nameless(table, roles, taken)


def _alone(table, taken):
    """Columns that name no joint."""
    for column, name in enumerate(table.header):
        place = place_of(name)
        if column not in taken and place and not place.joint:
            yield column, place


def _bare(table, taken):
    return not table.header or len(table.header) - len(taken) > 4


def _wide(table: Table, roles: dict, joints: Joints) -> Clip:
    people = len(joints.columns)
    flat = [column for person in joints.columns for joint in person for column in joint]
    there = [column for column in dict.fromkeys(flat) if column is not None]
    place = {column: index for index, column in enumerate(there)}
    values = np.concatenate([table.numbers(there), np.full((len(table.rows), 1), np.nan, np.float32)], axis=1)
    values = values[:, [place.get(column, -1) for column in flat]]
    shape = (len(table.rows), people, -1, len(joints.channels))
    used = {*there, *_used(table, roles)}
    return assemble(table, roles, values.reshape(shape), joints.channels, joints.names, used)


def _long(table: Table, roles: dict, alone: dict[str, int]) -> Clip:
    channels = [channel for channel in ('x', 'y', 'z', 'score') if channel in alone]
    words = named_column(table, roles['joint'])
    plain = {word: word.removesuffix('.0') if is_number(word) else word for word in set(words)}
    words = [plain[word] for word in words]
    if 'group' in roles:  # of landmarks, such as pose and left_hand
        parts = {group: '_'.join(PARTS.findall(group.lower())) for group in set(table.column(roles['group'][0]))}
        groups = map(parts.get, table.column(roles['group'][0]))
        words = [f'{group}_{word}' if group else word for group, word in zip(groups, words, strict=True)]
    names, slots = in_order(list(dict.fromkeys(words)))
    place = {joint: index for index, joint in enumerate(slots)}
    values = table.numbers([alone[channel] for channel in channels])  # (rows, C)
    used = {*alone.values(), *roles['joint'], *roles.get('group', ()), *_used(table, roles)}
    joint = np.array([place[word] for word in words])
    return assemble(table, roles, values[:, None, None], channels, names, used, joint, len(slots))


def _nameless(table: Table, roles: dict, taken: set[int]) -> Clip:
    first = table.rows[0]
    columns = [
        column
        for column, word in enumerate(first)
        if column not in taken
        and (is_number(word) or word.lower() in NOTHING)
        and (not table.header or _plain(table, column))
    ]
    return _flat(
        table, roles, table.numbers(columns) if columns else np.zeros((len(table.rows), 0), np.float32), columns
    )


def _flat(table: Table, roles: dict, values: np.ndarray, columns: list[int]) -> Clip:
    """Rows of the numbers of all joints, from these columns."""
    count = values.shape[1]
    values, index = without_others(values) if count else (values, None)
    found = unflatten(values)
    if found is None:
        what = f'no columns of x and y of joints in: {shortened(table.header)}'
        what = what if table.header else f'{_numbers(count)} in each line'
        raise at(
            table.path,
            table.lines[0] if not table.header else 1,
            f'{what}. Name them like left_wrist_x,left_wrist_y, or give 2, 3 or 4 numbers for each joint of a layout '
            f'({", ".join(map(str, sorted(SIZES)))} joints).',
        )
    keypoint, score = found
    parts = [keypoint, *([score[..., None]] if score is not None else [])]
    values = np.concatenate(parts, axis=-1).swapaxes(0, 1)  # (T, M, V, C)
    channels = ['x', 'y', 'z'][: keypoint.shape[-1]] + ['score'] * (score is not None)
    clip = assemble(table, roles, values, channels, (), {*columns, *_used(table, roles)})
    if index is not None and not clip.fps:
        clip = clip._replace(fps=fps_of(index.astype(np.float64)))
    return clip


def _plain(table, column):
    return not (place_of(table.header[column]) is None and re.search(r'[A-Za-z]{4}', table.header[column]))


def _numbers(count):
    return 'no number' if not count else '1 number' if count == 1 else f'{count} numbers'


def _used(table: Table, roles: dict) -> set[int]:
    """Columns that are taken for what they say."""
    named = ('frame', 'time', 'fps', 'person', 'clip', 'subject', 'label')
    return {column for role in named for column in roles.get(role, ())}

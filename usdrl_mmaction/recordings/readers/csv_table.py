"""Recordings as tables of text, in one of three forms:

- wide, a line per frame, or per frame and person, with columns that name joints ('left_wrist_x'; ``columns.py``);
- long, a line per joint: its name or number, x, y and perhaps z and a score;
- without names, a line per frame with the numbers of a known layout (``flat.py``).

Other columns may say frame, time, person, clip, subject and label. The first line tells the delimiter. A table may hold
many clips (``parts_of``)."""

import csv
import re
from collections import Counter
from collections.abc import Sequence
from functools import lru_cache
from itertools import pairwise
from math import gcd
from operator import itemgetter
from pathlib import Path
from typing import NamedTuple

import numpy as np

from usdrl_mmaction.errors import RecordingError

from ..clip import MOST_PEOPLE, Clip, seen_only, shortened
from .columns import SIZES, Joints, in_order, is_joint, joints_of, place_of, role_of
from .flat import unflatten, with_score, without_others
from .text import NOTHING, at, from_first, read_lines, to_values
from .times import fps_of, to_seconds

DELIMITERS = '\t;|,'  # before space; a comma comes last, as it may be the decimal point
BLOCK = 4096  # rows that become numbers at a time
SAMPLE = 40  # lines that tell the delimiter and the header
LEAST_ROWS = 5  # of a frame in a long table
MOST_BLOCKS = 4  # people, one after another
PARTS = re.compile('left|right|hand|face')  # of the body, beside its pose


class Table(NamedTuple):
    """The fields of a table, and the line of each row. Without a header, columns have no names."""

    path: str | Path
    header: list[str]
    rows: list[list[str]]
    lines: list[int]

    def column(self, index: int) -> list[str]:
        return [row[index].strip() for row in self.rows]

    def numbers(self, columns: Sequence[int]) -> np.ndarray:
        """(rows, columns)"""
        take = itemgetter(*columns) if len(columns) > 1 else lambda row: (row[columns[0]],)
        blocks = range(0, len(self.rows), BLOCK)
        return np.concatenate(
            [to_values([*map(take, self.rows[n : n + BLOCK])], self.path, self.lines[n : n + BLOCK]) for n in blocks]
        )

    def take(self, rows: Sequence[int]) -> 'Table':
        return self._replace(rows=[self.rows[row] for row in rows], lines=[self.lines[row] for row in rows])


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
    groups = _groups(table, roles)
    if len(groups) > 1:
        keys = ', '.join(table.header[column] for column in _keys(table, roles)) or table.header[roles['label'][0]]
        raise RecordingError(
            f'{table.path} holds {len(groups)} clips, told apart by {keys}: read it by find_recordings.'
        )
    return _clip(table, roles)


def parts_of(path: Path) -> list[Part]:
    """The clips of a table, with their labels and subjects if it has such columns."""
    table, roles, groups = _grouped(str(path), path.stat().st_mtime_ns)
    labels, subjects = (_named_column(table, roles.get(role, ())) for role in ('label', 'subject'))
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
    return table, roles, _groups(table, roles)


def _roles(table: Table) -> dict[str, list[int]]:
    """The columns of each role."""
    roles = {}
    for column, name in enumerate(table.header):
        if role := role_of(name):
            roles.setdefault(role, []).append(column)
    return roles


def _groups(table: Table, roles: dict[str, list[int]]) -> dict[str, list[int]]:
    """The rows of each clip, by its name; one without a name if the table is one clip."""
    keys = _keys(table, roles)
    if keys:
        words = ['_'.join(filter(None, parts)) for parts in zip(*map(table.column, keys), strict=True)]
    elif 'label' in roles and not _continues(table, roles):
        words = _runs(table.column(roles['label'][0]))
    else:
        words = [''] * len(table.rows)
    groups = {}
    for row, word in enumerate(words):
        groups.setdefault(word, []).append(row)
    return groups


def _runs(labels: list[str]) -> list[str]:
    """A name for each row: the label and a number that goes up where the label comes again. One name for all if the
    label changes from row to row."""
    changes = [True, *(one != other for one, other in pairwise(labels))]
    if sum(changes) > len(labels) / 2:
        return [''] * len(labels)
    names, counts = [], Counter()
    for label, new in zip(labels, changes, strict=True):
        counts[label] += new
        names.append(f'{label}_{counts[label]}')
    return names


def _keys(table: Table, roles: dict) -> list[int]:
    """Columns that tell clips apart: not the same in all rows, not different in each frame, not told by others."""
    least = 2 * (LEAST_ROWS if 'joint' in roles else 1)  # rows of a clip
    keys, clips = [], [()] * len(table.rows)
    perhaps = [column for column in roles.get('perhaps_person', ()) if _in_blocks(table.column(column))]
    for column in [*roles.get('clip', ()), *roles.get('subject', ()), *perhaps]:
        words = table.column(column)
        further = [(*clip, word) for clip, word in zip(clips, words, strict=True)]
        distinct = len(set(words))
        if 1 < distinct <= len(words) / least and len(set(further)) > len(set(clips)):
            keys, clips = [*keys, column], further
    return sorted(keys)


def _in_blocks(ids: list[str]) -> bool:
    """Whether ids are of one clip after another: words, or more numbers than there are people."""
    there = set(ids)
    runs = 1 + sum(one != other for one, other in pairwise(ids))
    return runs == len(there) and (len(there) > MOST_BLOCKS or not all(map(_is_number, there)))


def _continues(table: Table, roles: dict) -> bool:
    """Whether frames or times go on where the label changes: then the table is one recording."""
    column = next((roles[role][0] for role in ('frame', 'time') if role in roles), None)
    if column is None:
        return False
    values = to_seconds(table.column(column))
    return values is not None and bool((np.diff(values) >= 0).all() and values[-1] > values[0])


def _named_column(table: Table, columns: Sequence[int]) -> list[str] | None:
    """The first column of words, or else of numbers."""
    found = [table.column(column) for column in columns]
    return next((words for words in found if not _is_number(words[0])), found[0] if found else None)


# --- Rows -----------------------------------------------------------------------------------------------------------
def read_table(path: str | Path) -> Table:
    """A table whose first line is its header."""
    rows, lines = _read_rows(path)
    header, rows, lines = rows[0], rows[1:], lines[1:]
    for row, line in zip(rows, lines, strict=True):
        if len(row) != len(header):
            raise at(path, line, f'{_fields(len(row))}, but the header has {len(header)}.')
    if not rows:
        raise RecordingError(f'{path} has a header and nothing below it.')
    if len(set(header)) < len(header):
        raise at(path, 1, 'two columns have the same name.')
    return Table(path, header, rows, lines)


def with_header(path: str | Path) -> Table:
    """A table whose header has one line, several (as pandas and DeepLabCut write them) or none."""
    rows, lines = _read_rows(path)
    width = Counter(len(row) for row in rows[len(rows) // 2 :]).most_common(1)[0][0]
    while len(rows) > 1 and len(rows[0]) not in (width, width - 1) and len(rows[1]) in (width, width - 1, len(rows[0])):
        if not _is_text(rows[0]) or place_of(rows[0][0]) or len(rows[0]) > width:
            break
        rows, lines = rows[1:], lines[1:]  # a title above the table
    depth = _header_lines(rows)
    header, rows, lines = rows[:depth], rows[depth:], lines[depth:]
    if not rows:
        raise RecordingError(f'{path} has a header and nothing below it.')
    if header and len(header[-1]) == width - 1:
        if all(not row[-1] for row in rows if len(row) == width):  # a delimiter ends each line
            rows = [row[:-1] if len(row) == width else row for row in rows]
        else:  # R names the columns after the first
            header = [['', *row] for row in header]
    width = len(header[-1]) if header else width
    for row, line in zip(rows, lines, strict=True):
        if len(row) != width:
            what = f'the header has {width}' if header else f'others have {width}'
            raise at(path, line, f'{_fields(len(row))}, but {what}.')
    return Table(path, _one_line(header) or _names_of_long(rows), rows, lines)


def _names_of_long(rows: list[list[str]]) -> list[str]:
    """Names of the columns of a table without a header that has a line per joint: perhaps a frame, the joint, its
    coordinates and perhaps a score. Other tables have none."""
    sample = rows[:SAMPLE]
    at = next((column for column, word in enumerate(rows[0]) if not _is_number(word) and word), None)
    after = 0 if at is None else len(rows[0]) - at - 1
    if at is None or at > 1 or not 2 <= after <= 4 or not all(is_joint(row[at]) for row in sample):
        return []
    return [*['frame'][:at], 'joint', *['x', 'y', 'z', 'score'][:after]]


def _fields(count: int) -> str:
    return '1 field' if count == 1 else f'{count} fields'


def _read_rows(path: str | Path) -> tuple[list[list[str]], list[int]]:
    """Fields of the lines that are not empty, and the numbers of these lines."""
    text = read_lines(path)
    if text[0].startswith('sep='):  # as Excel writes it
        text[0] = ''
    lines = [number for number, line in enumerate(text, 1) if line.strip()]
    text = [line for line in text if line.strip()]
    comments = 0
    while comments < len(text) - 1 and text[comments].lstrip().startswith(('#', '%')):
        comments += 1
    if comments:  # the last one may be the header, as NumPy writes it
        text, lines = text[comments - 1 :], lines[comments - 1 :]
        text[0] = text[0].lstrip()[1:].strip()
    delimiter = _delimiter(text[:SAMPLE])
    if comments and len(_split(text[0], delimiter)) != len(_split(text[1], delimiter)):
        text, lines = text[1:], lines[1:]
    if delimiter == ' ':
        return [line.split() for line in text], lines
    reader = csv.reader(text, delimiter=delimiter, skipinitialspace=True)
    try:
        rows = list(reader)
    except csv.Error as error:
        raise at(path, lines[reader.line_num - 1], f'no line of a table ({error}).') from None
    rows[:SAMPLE] = [[field.strip() for field in row] for row in rows[:SAMPLE]]
    return rows, lines[: len(rows)]  # a quoted field of two lines moves the numbers, and no more


def _split(line: str, delimiter: str) -> list[str]:
    return line.split() if delimiter == ' ' else line.split(delimiter)


def _delimiter(lines: list[str]) -> str:
    data = lines[len(lines) // 2 :]
    for delimiter in DELIMITERS:
        width, often = Counter(len(line.split(delimiter)) for line in data).most_common(1)[0]
        if width > 1 and 2 * often > len(data):
            return delimiter
    return ' ' if ' ' in data[0].strip() and not any(',' in line for line in lines) else ','


def _is_number(word: str) -> bool:
    try:
        float(word.replace(',', '.'))
    except ValueError:
        return False
    return True


def _is_text(row: list[str]) -> bool:
    """Whether a row has more words than numbers."""
    numbers = sum(map(_is_number, row))
    words = sum(word.lower() not in NOTHING for word in row) - numbers
    return words > numbers


def _header_lines(rows: list[list[str]]) -> int:
    """Rows above the first one with data."""
    like_data = rows[min(len(rows) - 1, SAMPLE // 2)]
    numeric = [column for column, word in enumerate(like_data) if _is_number(word) or word.lower() in NOTHING]

    def is_header(row: list[str]) -> bool:
        return _is_text([row[column] for column in numeric if column < len(row)] or row)

    if len(rows) == 1:
        return int(_is_text(rows[0]))
    counts = rows[0][:1] == [''] and [word for word in rows[0] if word] == [
        str(number) for number in range(len(rows[0]) - 1)
    ]
    first = 1 if not is_header(rows[0]) and (counts or is_header(rows[1])) else 0  # numbers of joints above x, y, z
    if not first and [*map(str, range(len(rows[0])))] == rows[0] and len(rows[0]) > 3:
        return 1  # as pandas numbers columns
    depth = first
    while depth < min(len(rows), SAMPLE // 4) and is_header(rows[depth]):
        depth += 1
    return depth if depth > first or counts else 0


def _one_line(header: list[list[str]]) -> list[str]:
    """The names of columns from the lines of a header, without words that are the same in all columns."""
    if len(header) < 2:
        return header[0] if header else []
    filled = []
    for row in header:
        if sum(not word for word in row[1:]) > len(row) / 2 - 1 and any(row[1:]):  # a name stands above its columns
            row = [
                word or next((other for other in reversed(row[:column]) if other), '')
                for column, word in enumerate(row)
            ]
        filled.append(row)
    telling = [row for row in filled if len(set(row[1:])) > 1] or filled[-1:]
    words = zip(*telling, strict=True)
    names = [' '.join(word for word in column if not word.startswith('Unnamed:')).strip() for column in words]
    if (place_of(filled[-1][0]) or [''])[0] or place_of(filled[-1][0]) is None:  # names of the levels, and of the index
        names[0] = next((row[0] for row in filled[::-1] if role_of(row[0]) in ('frame', 'time')), '')
    return names


def _order(words: list[str]) -> dict[str, int]:
    return {word: index for index, word in enumerate(dict.fromkeys(words))}


# --- Joints ---------------------------------------------------------------------------------------------------------
def _clip(table: Table, roles: dict[str, list[int]]) -> Clip:
    taken = {column for columns in roles.values() for column in columns}
    repeated = [name for name, count in Counter(table.header).items() if count > 1 and (place_of(name) or [''])[0]]
    if repeated:
        raise at(table.path, 1, f"two columns have the same name, '{repeated[0]}'.")
    alone = {place[1]: column for column, place in reversed([*_alone(table, taken)])}
    if 'joint' in roles and {'x', 'y'} <= set(alone):
        return _long(table, roles, alone)
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
    return _assemble(table, roles, values.reshape(shape), joints.channels, joints.names, used)


def _long(table: Table, roles: dict, alone: dict[str, int]) -> Clip:
    channels = [channel for channel in ('x', 'y', 'z', 'score') if channel in alone]
    words = _named_column(table, roles['joint'])
    plain = {word: word.removesuffix('.0') if _is_number(word) else word for word in set(words)}
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
    return _assemble(table, roles, values[:, None, None], channels, names, used, joint, len(slots))


def _nameless(table: Table, roles: dict, taken: set[int]) -> Clip:
    first = table.rows[0]
    columns = [
        column
        for column, word in enumerate(first)
        if column not in taken
        and (_is_number(word) or word.lower() in NOTHING)
        and (not table.header or _plain(table, column))
    ]
    values = table.numbers(columns) if columns else np.zeros((len(table.rows), 0), np.float32)
    values, index = without_others(values) if columns else (values, None)
    found = unflatten(values)
    if found is None:
        what = f'no columns of x and y of joints in: {shortened(table.header)}'
        what = what if table.header else f'{_numbers(len(columns))} in each line'
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
    clip = _assemble(table, roles, values, channels, (), {*columns, *_used(table, roles)})
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


def _assemble(table, roles, values, channels, names, used, joint=None, joints=None) -> Clip:
    """Rows in their places.

    Args:
        values (np.ndarray): (rows, people in a row, joints in a row, channels).
        joint (np.ndarray | None): In a long table, the joint of each row, of ``joints``.
    """
    persons, person = _persons(table, roles)
    frame, total = _frames(table, roles, person, joint)
    wide, width = values.shape[1], values.shape[3]
    cell = (person * total + frame) * (joints or 1) + (0 if joint is None else joint)
    order = np.argsort(cell, kind='stable')
    twice = np.flatnonzero(np.diff(cell[order]) == 0)
    if len(twice):
        first, second = sorted((order[twice[0]], order[twice[0] + 1]))
        of = 'the same person, frame and joint' if joint is not None else 'the same person and frame'
        raise at(
            table.path,
            table.lines[second],
            f'{of} as in line {table.lines[first]}. Tell people apart by a column person.',
        )
    notes = []
    if persons > MOST_PEOPLE:
        often = np.sort(np.argsort(-np.bincount(person, minlength=persons), kind='stable')[:MOST_PEOPLE])
        kept = np.isin(person, often)
        values, frame, person = values[kept], frame[kept], np.searchsorted(often, person[kept])
        joint = None if joint is None else joint[kept]
        notes.append(f'the {MOST_PEOPLE} people with the most frames are read, of {persons}')
        persons = MOST_PEOPLE
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
    ignored = [
        name for column, name in enumerate(table.header) if column not in used and name and role_of(name) != 'frame'
    ]
    if ignored:
        column = 'column is' if len(ignored) == 1 else 'columns are'
        notes.append(f'{len(ignored)} {column} not used: {shortened(ignored)}')
    return Clip(keypoint, score, joints=names, fps=_fps(table, roles, frame, total), notes=tuple(notes))


def _persons(table, roles) -> tuple[int, np.ndarray]:
    """How many people there are, and the person of each row."""
    columns = list(roles.get('person', ()))
    if not columns:  # an id that is another one in each row is none of a person
        columns = [
            column
            for column in roles.get('perhaps_person', ())
            if not _in_blocks(table.column(column)) and len(set(table.column(column))) <= max(1, len(table.rows) // 3)
        ]
    if not columns:
        return 1, np.zeros(len(table.rows), int)
    words = table.column(columns[0])
    numbers = _order(words)
    return len(numbers), np.array([numbers[word] for word in words])


def _frames(table, roles, person, joint) -> tuple[np.ndarray, int]:
    """The frame of each row from the first one on, and the number of frames."""
    columns = roles.get('frame') or ()
    if columns:
        words = table.column(columns[0])
        numbers = _whole(words, table)
        if numbers.max() - numbers.min() < 100 * len(numbers):
            found, total = from_first((numbers // _stride(numbers)).tolist(), table.path)
            return np.array(found), total
        return _by_value(words)
    if 'time' in roles:
        frame, total = _by_value(table.column(roles['time'][0]))
        cells = np.stack([frame, person, np.zeros_like(frame) if joint is None else joint])
        if np.unique(cells, axis=1).shape[1] == len(frame):
            return frame, total
    return _by_repetition(person, joint)


def _stride(numbers: np.ndarray) -> int:
    """How far frames are apart, such as 5 if each fifth is there."""
    there = np.unique(numbers)
    return gcd(*np.unique(np.diff(there)).tolist()) if len(there) > 3 else 1


def _by_value(words):
    numbers = _order(words)
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
        if (numbers == numbers.round()).all():
            return numbers.astype(np.int64)
    except ValueError:
        pass
    found = [re.fullmatch(r'(\d+)(?:\.0*)?|.*?(\d+)(?:\.[A-Za-z]\w*)?', word) for word in words]
    if None in found:
        row = found.index(None)
        raise at(table.path, table.lines[row], f"'{words[row]}' is not a whole number, but a frame was expected.")
    return np.array([int(match[1] or match[2]) for match in found])


def _fps(table, roles, frame, total) -> float | None:
    if 'fps' in roles:
        word = table.rows[0][roles['fps'][0]]
        stride = _stride(_whole(table.column(roles['frame'][0]), table)) if 'frame' in roles else 1
        return float(word) / stride if _is_number(word) and float(word) > 0 else None
    if 'time' not in roles:
        return None
    column = roles['time'][0]
    times = to_seconds(table.column(column), table.header[column])
    return None if times is None or len(times) != len(frame) else fps_of(times[np.unique(frame, return_index=True)[1]])

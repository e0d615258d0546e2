"""Which rows of a table are of which clip, by columns that name clips, subjects or labels."""

from collections import Counter
from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from .table import Table, is_number
from .times import to_seconds

LEAST_ROWS = 5  # of a frame in a long table
MOST_BLOCKS = 4  # people, one after another


def groups_of(table: Table, roles: dict[str, list[int]]) -> dict[str, list[int]]:
    """The rows of each clip, by its name; one without a name if the table is one clip."""
    keys = keys_of(table, roles)
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


def keys_of(table: Table, roles: dict) -> list[int]:
    """Columns that tell clips apart: not the same in all rows, not different in each frame, not told by others."""
    least = 2 * (LEAST_ROWS if 'joint' in roles else 1)  # rows of a clip
    keys, clips = [], [()] * len(table.rows)
    perhaps = [column for column in roles.get('perhaps_person', ()) if in_blocks(table.column(column))]
    for column in [*roles.get('clip', ()), *roles.get('subject', ()), *perhaps]:
        words = table.column(column)
        further = [(*clip, word) for clip, word in zip(clips, words, strict=True)]
        distinct = len(set(words))
        if 1 < distinct <= len(words) / least and len(set(further)) > len(set(clips)):
            keys, clips = [*keys, column], further
    return sorted(keys)


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


def in_blocks(ids: list[str]) -> bool:
    """Whether ids are of one clip after another: words, or more numbers than there are people."""
    there = set(ids)
    runs = 1 + sum(one != other for one, other in pairwise(ids))
    return runs == len(there) and (len(there) > MOST_BLOCKS or not all(map(is_number, there)))


def _continues(table: Table, roles: dict) -> bool:
    """Whether frames or times go on where the label changes: then the table is one recording."""
    column = next((roles[role][0] for role in ('frame', 'time') if role in roles), None)
    if column is None:
        return False
    values = to_seconds(table.column(column))
    return values is not None and bool((np.diff(values) >= 0).all() and values[-1] > values[0])


def named_column(table: Table, columns: Sequence[int]) -> list[str] | None:
    """The first column of words, or else of numbers."""
    found = [table.column(column) for column in columns]
    return next((words for words in found if not is_number(words[0])), found[0] if found else None)

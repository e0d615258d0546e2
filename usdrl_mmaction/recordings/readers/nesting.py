"""Frames and people in JSON, whatever their keys: what poses are nested in."""

from collections.abc import Hashable, Iterator
from typing import Any

from usdrl_mmaction.errors import RecordingError

from .persons import number_of, plain
from .points import LEAST, Pose, is_row, pose_of, with_scores

DEPTH = 8
FRAMES = ('frame', 'frameid', 'frameindex', 'framenumber', 'frameno', 'framenum', 'frameidx', 'imageid', 'imagename')
PEOPLE = ('trackid', 'trackingid', 'personid', 'bodyid', 'userid', 'playerid', 'skeletonid', 'bodyindex', 'personindex',
          'id', 'idx')  # fmt: skip
# What is not the body, looked at last, and what is no pose at all.
PARTS = ('hand', 'face', 'iris', 'foot')
OTHERS = ('orientation', 'rotation', 'quaternion', 'box', 'bone', 'edge', 'connection', 'segment', 'embedding',
          'velocity', 'heatmap', 'color', 'depthposition', 'skeletonlink')  # fmt: skip
BODIES = ('pose', 'body', 'skeleton', 'landmark', 'keypoint', 'joint', 'point')


def frames_of(content: Any, depth: int = 0) -> Iterator[tuple[Hashable, Any]]:
    """Each frame with its number, if the file gives it."""
    if depth > DEPTH:
        return
    if isinstance(content, list) and not pose_of(content):
        for item in content:
            yield number_in(item), item
    elif isinstance(content, dict) and not pose_of(content):
        if len(content) > 1 and len({number_of(key) for key in content} - {None}) == len(content):
            yield from content.items()
            return
        longest = max(
            (value for key, value in content.items() if isinstance(value, list | dict) and not is_part(key)),
            key=lambda value: (is_series(value), len(value)),
            default=None,
        )
        if longest is None:
            return
        if is_series(longest):
            yield from frames_of(longest, depth + 1)
        elif people_of(content):
            yield number_in(content), content
        else:
            yield from frames_of(longest, depth + 1)
    elif content:
        yield None, content


def by_frame(content: Any) -> Any:
    """Frames of what lists them for each joint ('nose': [[x, y], …]) or for each person ('person_1': [frame, …])."""
    if not isinstance(content, dict) or len({len(value) for value in content.values() if isinstance(value, list)}) > 1:
        return content
    lists = {key: value for key, value in content.items() if isinstance(value, list) and value}
    joints = {key: value for key, value in lists.items() if number_of(key) is None and all(map(is_row, value))}
    if len(joints) >= LEAST and len(next(iter(joints.values()))) > 1:
        return [dict(zip(joints, rows, strict=True)) for rows in zip(*joints.values(), strict=True)]
    people = {key: value for key, value in lists.items() if is_person(key) and not str(key).isdigit()}
    if len(people) > 1 and len(people) == len(lists):
        return [dict(zip(people, frame, strict=True)) for frame in zip(*people.values(), strict=True)]
    return content


def is_series(value: Any) -> bool:
    """Whether these are frames: a list or numbered dict of what has people, but is no pose and no people itself."""
    items = list(value.values()) if isinstance(value, dict) else value
    if isinstance(value, dict) and None in map(number_of, value):
        return False
    if pose_of(value) or not all(isinstance(item, dict | list) for item in items[:20]):
        return False
    return len(items) > 1 and any(people_of(item) for item in items[:200])


def people_of(value: Any, known: set | None = None, depth: int = 0) -> list[Pose]:
    """The poses of a frame. ``known`` are the keys that frames before had poses under: those of this one have to be
    poses, too."""
    known = set() if known is None else known
    if depth > DEPTH:
        return []
    if pose := pose_of(value):
        return [pose]
    if isinstance(value, list):
        return [pose for item in value if isinstance(item, dict | list) for pose in people_of(item, known, depth + 1)]
    if not isinstance(value, dict):
        return []
    if len(value) > 1 and all(is_person(key) and isinstance(item, dict | list) for key, item in value.items()):
        found = [(key, pose) for key, item in value.items() for pose in people_of(item, known, depth + 1)]
        return [pose._replace(id=key if pose.id is None else pose.id) for key, pose in found]
    identity = next((value[key] for key in value if plain(key) in PEOPLE and is_id(value[key])), None)
    for key in sorted(value, key=rank):
        if isinstance(value[key], list | dict) and not any(other in plain(key) for other in OTHERS):
            found = people_of(value[key], known, depth + 1)
            if not found and key in known and value[key]:
                raise RecordingError(f"'{key}' of a frame is no pose. It holds {found_in(value[key])}")
            if len(found) == 1:
                found = [with_scores(found[0], value)]
                found = [found[0]._replace(id=identity if found[0].id is None else found[0].id)]
            if found:
                known.add(key)
                return found
    return []


def number_in(frame: Any) -> Hashable:
    known = {plain(key): value for key, value in frame.items()} if isinstance(frame, dict) else {}
    return next((known[key] for key in FRAMES if isinstance(known.get(key), int | str)), None)


def rank(key: Any) -> tuple[int, str]:
    word = plain(key)
    if any(part in word for part in PARTS):
        return 3, word
    return (0 if 'world' in word or '3d' in word else 1 if any(part in word for part in BODIES) else 2), word


def is_part(key: Any) -> bool:
    return any(part in plain(key) for part in (*PARTS, *OTHERS))


def is_person(key: Any) -> bool:
    word = plain(key)
    return word.isdigit() or (word[-1:].isdigit() and word.rstrip('0123456789') in (
        'person', 'body', 'player', 'user', 'id', 'track', 'skeleton', 'people', 'p', 'human', 'subject',
    ))  # fmt: skip


def is_id(value: Any) -> bool:
    return isinstance(value, int | str) and not isinstance(value, bool) and value != -1


def found_in(content: Any) -> str:
    """What a file holds, in a few words."""
    if isinstance(content, dict):
        return f'a dict of {listed(content)}.'
    if isinstance(content, list) and content:
        kinds = f' of {listed(content[0])}' if isinstance(content[0], dict) else ''
        return f'a list of {len(content)}, the first {type(content[0]).__name__}{kinds}.'
    return f'{type(content).__name__} {content!r:.60}.'


def listed(content: dict) -> str:
    return ', '.join([repr(str(key))[:40] for key in list(content)[:8]] + ['…'] * (len(content) > 8)) or 'nothing'

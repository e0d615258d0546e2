"""The segments of videos, as annotation tools write them: tables, ELAN, ActivityNet's and Label Studio's JSON."""

from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import NamedTuple
from urllib.parse import unquote, urlparse
from xml.etree import ElementTree

from usdrl_mmaction.errors import RecordingError
from usdrl_mmaction.files import missing

from .readers.table import read_table
from .readers.text import read_json, to_numbers

SECONDS = ('start_s', 'end_s')


class Segment(NamedTuple):
    """``start`` and ``end`` are frames, the end exclusive, or seconds."""

    video: str
    label: str
    start: float
    end: float
    where: str  # in the file, for messages


def read_segments(path: Path) -> tuple[list[Segment], bool]:
    """The segments of a file, or of a folder of ELAN's, and whether they are in seconds."""
    if not path.exists():
        raise missing(path, 'file of segments')
    if path.is_dir():
        files = sorted(path.rglob('*.eaf'))
        if not files:
            raise RecordingError(f'{path} has no .eaf files of ELAN.')
        return [segment for file in files for segment in of_elan(file)], True
    if path.suffix.lower() == '.eaf':
        return list(of_elan(path)), True
    return of_json(path) if path.suffix.lower() == '.json' else of_table(path)


def of_table(path: Path) -> tuple[list[Segment], bool]:
    """A table with the columns video, label, start, end or start_s, end_s, and perhaps others."""
    table = read_table(path)
    seconds = set(SECONDS) <= set(table.header)
    columns = ['video', 'label', *(SECONDS if seconds else ('start', 'end'))]
    if not set(columns) <= set(table.header):
        raise RecordingError(
            f'{path}, line 1: the columns are video,label,start,end or start_s,end_s in place of the last two, not '
            f'{",".join(table.header)}.'
        )
    found = []
    for row, line in zip(table.rows, table.lines, strict=True):
        video, label, *span = (dict(zip(table.header, row, strict=True))[column] for column in columns)
        start, end = to_numbers([span], 2, path, [line])[0].tolist()
        found.append(Segment(video, label, start, end, f'{path}, line {line}'))
    return found, seconds


def of_elan(path: Path) -> Iterator[Segment]:
    """The time-aligned annotations of all tiers of an ELAN file, in seconds. The video is that of the media, or has the
    name of the file."""
    try:
        root = ElementTree.parse(path).getroot()
    except (ElementTree.ParseError, UnicodeDecodeError) as error:
        raise RecordingError(f'{path} is no ELAN file: {error}.') from None
    media = root.find('.//MEDIA_DESCRIPTOR')
    video = path.stem if media is None else name_in(media.get('MEDIA_URL') or path.stem)
    times = {slot.get('TIME_SLOT_ID'): slot.get('TIME_VALUE') for slot in root.iter('TIME_SLOT')}
    for number, annotation in enumerate(root.iter('ALIGNABLE_ANNOTATION'), 1):
        label = (annotation.findtext('ANNOTATION_VALUE') or '').strip()
        start, end = (times.get(annotation.get(f'TIME_SLOT_REF{end}')) for end in (1, 2))
        where = f'{path}, annotation {number}'
        if not label or not (start or '').isdigit() or not (end or '').isdigit():
            raise RecordingError(f'{where} lacks a label or a time. Correct it in ELAN.')
        yield Segment(video, label, int(start) / 1000, int(end) / 1000, where)


def of_json(path: Path) -> tuple[list[Segment], bool]:
    """ActivityNet's ``database``, or the tasks that Label Studio exports."""
    content = read_json(path)
    if isinstance(content, dict):
        content = content.get('database', content)
        if isinstance(content, dict) and any(
            isinstance(each, dict) and 'annotations' in each for each in content.values()
        ):
            return [each for video, item in content.items() for each in of_activitynet(path, video, item)], True
    elif isinstance(content, list):
        found = [each for number, task in enumerate(content) for each in of_task(path, number, task)]
        if found:
            if len({seconds for _, seconds in found}) > 1:
                raise RecordingError(f'{path} has spans in seconds and in frames: export them apart.')
            return [segment for segment, _ in found], found[0][1]
    raise RecordingError(
        f"{path} is neither ActivityNet's JSON, a 'database' of videos with 'annotations', nor Label Studio's, a list "
        "of tasks with 'timelinelabels'."
    )


def of_activitynet(path: Path, video: str, item: dict) -> Iterator[Segment]:
    for number, annotation in enumerate(item.get('annotations') or []):
        where = f"{path}: video '{video}', annotation {number}"
        try:
            start, end = map(float, annotation['segment'])
            yield Segment(video, str(annotation['label']), start, end, where)
        except (KeyError, TypeError, ValueError):
            raise RecordingError(f"{where} has no 'label' and 'segment' of two numbers.") from None


def of_task(path: Path, number: int, task: dict) -> Iterator[tuple[Segment, bool]]:
    """The spans of a task of Label Studio, in the full or the short form (JSON_MIN). Those of its timeline are frames
    that are counted from 1, both ends included; those of audio and time series are seconds."""
    where = f'{path}: task {number}'
    data = task.get('data', task) if isinstance(task, dict) else {}
    urls = [value for key, value in data.items() if isinstance(value, str) and ('/' in value or key == 'video')]
    chosen = [value for each in (task.get('annotations') or [task]) for value in spans(each)] if urls else []
    for value in chosen:
        labels = next((each for key, each in value.items() if key.endswith('labels') and isinstance(each, list)), [])
        for span in value.get('ranges', [value]):
            try:
                start, end, label = float(span['start']), float(span['end']), str(labels[0])
            except (KeyError, TypeError, ValueError, IndexError):
                raise RecordingError(f'{where} has a span without a label, a start or an end.') from None
            seconds = 'ranges' not in value
            yield Segment(name_in(urls[0]), label, start if seconds else start - 1, end, where), seconds


def spans(node) -> Iterator[dict]:
    """The spans in a task, at any depth, but for what a model predicted."""
    if isinstance(node, dict):
        if any(key.endswith('labels') for key in node) and ('ranges' in node or {'start', 'end'} <= set(node)):
            yield node
            return
        for key, each in node.items():
            if key != 'predictions':
                yield from spans(each)
    elif isinstance(node, list):
        for each in node:
            yield from spans(each)


def name_in(url: str) -> str:
    """The name of the video in a URL or path. Label Studio puts eight characters and a dash before an uploaded file."""
    parsed = urlparse(url.replace('\\', '/'))
    name = PurePosixPath(unquote(parsed.query.rpartition('=')[2] or parsed.path)).name
    head, dash, rest = name.partition('-')
    uploaded = '/upload/' in url and dash and len(head) == 8 and set(head) <= set('0123456789abcdef')
    return rest if uploaded else name

"""Ground truth and results in ActivityNet's JSON: seconds and class names there, frames and labels from 1 here."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from usdrl_mmaction.errors import PredictionError
from usdrl_mmaction.files import missing, replacing


def write_ground_truth(
    path: str | Path, ground_truth: Mapping, classes: Sequence[str], fps: float, num_frames: Mapping[str, int]
):
    """``ground_truth[video]`` lists (label, start, end) in frames; ``num_frames[video]`` is the video's length."""
    database = {
        video: {
            'subset': 'validation',
            'duration': num_frames[video] / fps,
            'annotations': [_named(segment, classes, fps) for segment in ground_truth[video]],
        }
        for video in sorted(ground_truth)
    }
    _write(path, {'version': 'VERSION 1.3', 'taxonomy': [], 'database': database})


def read_ground_truth(path: str | Path, classes: Sequence[str], fps: float, subset: str | None = None) -> dict:
    """The ground truth of each video of a subset (by default of all) as a list of (label, start, end)."""
    read, database = {}, _read(path, 'database')
    for video, info in database.items():
        field = f'database[{video!r}]'
        _expect(isinstance(info, dict), path, field, info, 'an object')
        if subset is None or info.get('subset') == subset:
            read[video] = _numbered(path, f'{field}.annotations', info.get('annotations'), classes, fps)
    if subset is not None and not read:
        subsets = sorted({str(info.get('subset')) for info in database.values()})
        raise PredictionError(f"{path} has no video of subset '{subset}'. It has: {', '.join(subsets)}.")
    return read


def write_results(path: str | Path, proposals: Mapping, classes: Sequence[str], fps: float):
    """``proposals[video]`` lists (label, start, end, score) in frames."""
    results = {
        video: [_named(segment, classes, fps) | {'score': float(segment[3])} for segment in proposals[video]]
        for video in sorted(proposals)
    }
    _write(path, {'version': 'VERSION 1.3', 'results': results, 'external_data': {}})


def read_results(path: str | Path, classes: Sequence[str], fps: float) -> dict:
    """The proposals of each video as a list of (label, start, end, score)."""
    results = _read(path, 'results').items()
    return {
        video: _numbered(path, f'results[{video!r}]', rows, classes, fps, with_score=True) for video, rows in results
    }


def _named(segment, classes, fps):
    label, start, end = segment[:3]
    return {'label': classes[int(label) - 1], 'segment': [float(start) / fps, float(end) / fps]}


def _numbered(path, field, rows, classes, fps, with_score=False):
    _expect(isinstance(rows, list), path, field, rows, 'a list')
    labels = {name: number for number, name in enumerate(classes, start=1)}
    segments = []
    for nth, row in enumerate(rows):
        here = f'{field}[{nth}]'
        _expect(isinstance(row, dict), path, here, row, 'an object')
        name, segment, score = row.get('label'), row.get('segment'), row.get('score')
        known = isinstance(name, str) and name in labels
        _expect(known, path, f'{here}.label', name, f'one of the {len(classes)} class names')
        span = isinstance(segment, list) and len(segment) == 2 and all(map(_is_number, segment))
        _expect(span and segment[0] <= segment[1], path, f'{here}.segment', segment, '[start, end] in seconds')
        # Rounded: the seconds of a whole frame seldom give exactly a whole frame.
        start, end = (round(seconds * fps, 6) for seconds in segment)
        _expect(not with_score or _is_number(score), path, f'{here}.score', score, 'a number')
        segments.append((labels[name], start, end, score) if with_score else (labels[name], start, end))
    return segments


def _read(path, field):
    try:
        content = json.loads(Path(path).read_text(encoding='utf-8'))
    except FileNotFoundError as error:
        raise missing(path) from error
    except ValueError as error:
        raise PredictionError(f'{path} is not JSON ({error}). It may be damaged. Write it again.') from error
    _expect(isinstance(content, dict), path, 'the top level', content, f"an object with '{field}'")
    _expect(isinstance(content.get(field), dict), path, field, content.get(field), 'an object of videos')
    return content[field]


def _write(path, content):
    with replacing(path) as draft:
        draft.write_text(json.dumps(content), encoding='utf-8')


def _is_number(value):
    return isinstance(value, int | float) and not isinstance(value, bool) and bool(np.isfinite(value))


def _expect(condition, path, field, found, expected):
    if not condition:
        shown = 'nothing' if found is None else repr(found)
        raise PredictionError(f'{path}: {field} must be {expected}, found {shown[:80]}.')

"""Detect actions in live input: a recording played at its frame rate, or standard input with a JSON line for each
frame. In a terminal the result is a live table, elsewhere JSON lines. docs/stream.md shows examples."""

import json
import sys
import time
from collections import deque
from collections.abc import Iterable, Iterator

import numpy as np
from rich.console import Console, Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from usdrl_mmaction.apis import Detections, StreamingDetector
from usdrl_mmaction.datasets.segments import BACKGROUND
from usdrl_mmaction.errors import RecordingError, UsageError
from usdrl_mmaction.recordings.clip import keep_people
from usdrl_mmaction.recordings.recording import find_recordings

from .common import read_config

SHOWN = 10  # segments


def main(args):
    model = args.model
    if args.checkpoint or model.endswith('.py'):
        model = read_config(model, args.cfg_options)
    live = args.input == '-'
    layout = args.layout if live else None
    detector = StreamingDetector(model, args.checkpoint, args.device, args.threshold, args.img_shape, layout)
    if live:
        frames = read_lines(sys.stdin)
    else:
        frames = play(recorded(args.input, args.video, detector, args.layout), args.fps, args.speed)
    console = Console(highlight=False)
    if console.is_terminal:
        show(detect(detector, frames), detector, args.fps, console)
        return
    for found in detect(detector, frames):
        for line in as_json(found, detector.classes):
            print(json.dumps(line), flush=True)


def recorded(path: str, video: str | None, detector: StreamingDetector, layout: str | None = None) -> np.ndarray:
    """The people of a recording, with scores after the coordinates if there are any.  # (M, T, V, C)"""
    recordings = find_recordings(path)
    named = [recording for recording in recordings if video in (None, recording.name)]
    if len(named) != 1:
        names = ', '.join(recording.name for recording in recordings[:3])
        raise UsageError(f'{path} has {len(recordings)} recordings: choose one with --video, e.g. of {names}.')
    detector.scorer.set_layout(None)  # reading maps the joints
    prepare = detector.scorer.prepare
    clip = keep_people(prepare.read(named[0], layout), prepare.num_person)
    detector.img_shape = detector.img_shape or clip.img_shape
    return clip.keypoint if clip.score is None else np.concatenate([clip.keypoint, clip.score[..., None]], axis=-1)


def play(keypoint: np.ndarray, fps: float, speed: float) -> Iterator[np.ndarray]:
    """The frames that are due, at most those of a second: several together when the model could not keep up."""
    start, t, total = time.monotonic(), 0, keypoint.shape[1]
    while t < total:
        time.sleep(max(start + t / fps / speed - time.monotonic(), 0))
        due = min((time.monotonic() - start) * fps * speed, total - 1) if speed < np.inf else total
        end = min(max(int(due), t) + 1, t + max(int(fps), 1), total)
        yield keypoint[:, t:end]
        t = end


def read_lines(lines: Iterable[str]) -> Iterator[list]:
    for number, line in enumerate(lines, 1):
        try:
            people = json.loads(line)
            yield [np.array(person, dtype=np.float32) for person in people]
        except (ValueError, TypeError) as error:
            message = f'line {number} is not a JSON list of people, each a list of joints, each a list of numbers'
            raise RecordingError(f'{message}: {error}.') from error


def detect(detector: StreamingDetector, frames: Iterable) -> Iterator[Detections]:
    for batch in frames:
        yield detector(batch)
    yield detector.finish()


def as_json(found: Detections, classes: list[str]) -> Iterator[dict]:
    """A line for each frame, with its best label, and one for each segment when it has ended."""
    ended = deque(sorted(found.segments, key=lambda segment: segment['end']))
    for frame, scores in enumerate(found.scores, found.start):
        while ended and ended[0]['end'] <= frame:
            yield {'segment': ended.popleft()}
        label = int(scores.argmax())
        name = {'name': [BACKGROUND, *classes][label]} if label <= len(classes) else {}
        yield {'frame': frame, 'label': label, **name, 'score': round(float(scores[label]), 4)}
    yield from ({'segment': segment} for segment in ended)


def show(detections: Iterable[Detections], detector: StreamingDetector, fps: float, console: Console):
    """A live table of the best actions of the newest frame with scores, and of the last segments."""
    segments, scores, reported = deque(maxlen=SHOWN), None, 0
    with Live(console=console, auto_refresh=False) as live:
        for found in detections:
            segments.extend(found.segments)
            if len(found.scores):
                scores, reported = found.scores[-1], found.start + len(found.scores)
            live.update(screen(scores, segments, reported, detector, fps), refresh=True)


def screen(scores: np.ndarray | None, segments: Iterable[dict], reported: int, detector: StreamingDetector, fps: float):
    title = f'{reported / fps:.1f} s, delay {detector.delay / fps:.1f} s'
    now = Table(title=title, box=None, title_justify='left')
    now.add_column('now', width=24)
    now.add_column('', width=32)
    for label in [] if scores is None else np.argsort(-scores)[:3]:
        names = [BACKGROUND, *detector.classes]
        name = names[label] if label < len(names) else f'label {label}'
        now.add_row(name, Text('█' * round(float(scores[label]) * 32), 'green' if label else 'dim'))
    past = Table('from', 'to', 'action', 'score', title='Segments', title_justify='left')
    for segment in segments:
        seconds = [f'{segment[end] / fps:.1f} s' for end in ('start', 'end')]
        past.add_row(*seconds, segment.get('name', f'label {segment["label"]}'), f'{segment["score"]:.0%}')
    return Group(now, past)

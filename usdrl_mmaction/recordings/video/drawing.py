"""Skeletons and answers, drawn over the video that they come from."""

from collections.abc import Callable
from contextlib import nullcontext
from functools import lru_cache
from operator import itemgetter
from pathlib import Path

import cv2
import numpy as np

from usdrl_mmaction.errors import RecordingError, UsageError
from usdrl_mmaction.files import remove, replacing
from usdrl_mmaction.skeletons import LAYOUTS, layout_of

from ..clip import Clip
from .frames import Frames, frame_bar, without_stderr

# What the OpenCV of PyPI can write. Browsers play WebM.
CODECS = {'.mp4': 'mp4v', '.mov': 'mp4v', '.mkv': 'mp4v', '.avi': 'MJPG', '.webm': 'VP80'}
COLOURS = ((80, 200, 255), (255, 170, 60), (120, 230, 120), (230, 120, 255), (90, 120, 255))  # of people, BGR
FAR = 1e5  # pixels; farther joints have no place that OpenCV takes
LEAST = 0.3  # score of a joint that is drawn
LINES = 4  # of answers


def draw_video(path: str | Path, out: str | Path, clip: Clip, answers: Callable[[int], list[str]]):
    """Writes a copy of a video with the bones of its people and a few lines of text.

    Args:
        clip (Clip): The people of all frames, in pixels of the video.
        answers (Callable): From the number of a frame to the lines at its top.
    """
    frames, out = Frames(path), Path(out)
    if out.suffix.lower() not in CODECS:
        raise UsageError(f'{out}: videos are written as {", ".join(CODECS)}.')
    bones, codec = bones_of(clip), cv2.VideoWriter_fourcc(*CODECS[out.suffix.lower()])
    with replacing(out) as draft, frame_bar() as bar:
        draft = draft.with_name(f'{draft.name}{out.suffix}')  # OpenCV goes by the suffix
        try:
            writer = None
            for number, frame in enumerate(bar.track(frames, frames.expected, description=out.name)):
                size = frame.shape[1::-1]
                with nullcontext() if writer else without_stderr():
                    writer = writer or cv2.VideoWriter(str(draft), codec, frames.fps or 30.0, size)
                if not writer.isOpened():
                    raise RecordingError(f'OpenCV cannot write {out} ({size[0]} × {size[1]}): try another suffix.')
                draw_people(frame, clip, number, bones)
                draw_lines(frame, answers(number))
                writer.write(frame)
            writer.release()
            draft.replace(draft.with_suffix(''))
        finally:
            remove(draft)


def bones_of(clip: Clip) -> list[tuple[int, int]]:
    """Pairs of joints to connect; none in a layout that is not known."""
    layout = layout_of(clip.joints)
    return (
        [(joint, parent) for joint, parent in enumerate(LAYOUTS[layout].parents) if joint != parent] if layout else []
    )


def draw_people(frame: np.ndarray, clip: Clip, number: int, bones: list[tuple[int, int]]):
    """Bones and joints of the people of a frame, and a number for each if there are several."""
    if number >= clip.keypoint.shape[1]:
        return
    width = max(1, round(min(frame.shape[:2]) / 250))
    for person, joints in enumerate(clip.keypoint[:, number]):  # (V, C)
        shown = joints.any(-1)
        if clip.score is not None:
            shown &= clip.score[person, number] >= LEAST
        if not shown.any():
            continue
        colour = COLOURS[person % len(COLOURS)]
        places = [tuple(map(int, joint)) for joint in joints[:, :2].clip(-FAR, FAR).round()]
        for joint, parent in bones:
            if shown[joint] and shown[parent]:
                cv2.line(frame, places[joint], places[parent], colour, width, cv2.LINE_AA)
        for place, seen in zip(places, shown, strict=True):
            if seen:
                cv2.circle(frame, place, width + 1, (255, 255, 255), -1, cv2.LINE_AA)
        if len(clip.keypoint) > 1:
            x, y = min((place for place, seen in zip(places, shown, strict=True) if seen), key=itemgetter(1))
            put(frame, str(person + 1), x - text_size(frame), y - 2 * text_size(frame))


def draw_lines(frame: np.ndarray, lines: list[str]):
    size = text_size(frame)
    for row, line in enumerate(lines[:LINES]):
        put(frame, line, size // 2, size // 2 + row * size * 3 // 2)


def put(frame: np.ndarray, text: str, x: int, y: int):
    """Text on a dark box, moved into the picture where it would leave it."""
    box = text_box(text, text_size(frame))[: frame.shape[0], : frame.shape[1]]
    height, width = box.shape[:2]
    x, y = (
        int(np.clip(at, 0, whole - part))
        for at, whole, part in ((x, frame.shape[1], width), (y, frame.shape[0], height))
    )
    frame[y : y + height, x : x + width] = box


def text_size(frame: np.ndarray) -> int:
    return max(10, min(frame.shape[:2]) // 24)


@lru_cache(maxsize=256)
def text_box(text: str, size: int) -> np.ndarray:
    """White on dark grey, in any alphabet of DejaVu, which OpenCV's own letters lack.  # (H, W, 3)"""
    from matplotlib import get_data_path
    from PIL import Image, ImageDraw, ImageFont

    font = ImageFont.truetype(str(Path(get_data_path(), 'fonts/ttf/DejaVuSans.ttf')), size)
    box = Image.new('RGB', (int(font.getlength(text)) + size, size * 3 // 2), (40, 40, 40))
    ImageDraw.Draw(box).text((size // 2, size // 8), text, (255, 255, 255), font)
    return np.asarray(box)

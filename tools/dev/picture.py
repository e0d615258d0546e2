"""Draws the moving picture of the README: generated people, what they do and what a detector finds. The detector was
fitted to videos of other people; the video that is shown is the first of its seed.

    python tools/dev/picture.py                # docs/images/detection.gif
"""

import argparse
from functools import partial
from pathlib import Path

import numpy as np
from matplotlib import colormaps
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from PIL import Image
from rich.console import Console
from rich.progress import track

import usdrl_mmaction
from usdrl_mmaction.datasets.synthetic import make_untrimmed
from usdrl_mmaction.files import replacing
from usdrl_mmaction.reports.film_strip import is_seen
from usdrl_mmaction.skeletons import LAYOUTS

SKELETON = LAYOUTS['nturgb+d']
HEAD = SKELETON.joint('head')
EVERY = 3  # frames of the video to one of the picture: 10 a second
SIZE = (7.2, 4.05)  # inches, at 100 dots each
COLOURS = 64
INK, PALE, LEFT, RIGHT = '#263238', '#eceff1', '#1e88e5', '#fb8c00'
bar = partial(track, console=Console(stderr=True))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--out', type=Path, default=Path('docs/images/detection.gif'))
    parser.add_argument('--videos', type=int, default=32, help='videos to fit the detector to')
    parser.add_argument('--seconds', type=float, default=24, help='of the video to draw')
    args = parser.parse_args()
    train = make_untrimmed(args.videos, seed=0, progress=partial(bar, description='Videos to fit to'))
    shown = make_untrimmed(1, seed=1)['annotations'][0]
    names = train['meta']['classes']
    videos = [item['keypoint'] for item in train['annotations']]
    segments = [as_named(item['segments'], names) for item in train['annotations']]
    print(f'Fitting the detector to {len(videos)} videos ...')
    detector = usdrl_mmaction.ActionDetector('body', layout='nturgb+d').fit(videos, segments)
    (found,) = detector.predict([shown['keypoint']])
    frames = min(round(args.seconds * train['meta']['fps']), shown['total_frames'])
    true = [
        (name, start, min(end, frames)) for name, start, end in as_named(shown['segments'], names) if start < frames
    ]
    found = [(one['label'], one['start'], min(one['end'], frames)) for one in found if one['start'] < frames]
    pictures = draw(shown['keypoint'][:, :frames], true, found, train['meta']['fps'])
    write(pictures, args.out, EVERY / train['meta']['fps'])
    print(f'{args.out}: {len(pictures)} frames, {args.out.stat().st_size / 1e6:.1f} MB')


def as_named(segments: np.ndarray, names: list[str]) -> list[tuple]:
    return [(names[label - 1], int(start), int(end)) for label, start, end in segments]


def draw(keypoint: np.ndarray, true: list[tuple], found: list[tuple], fps: int) -> list[Image.Image]:
    """A picture of every ``EVERY``-th frame.  # (M, T, V, 3)"""
    canvas = FigureCanvasAgg(figure := Figure(figsize=SIZE, dpi=100, facecolor='white'))
    stage = figure.add_axes((0.02, 0.3, 0.5, 0.68))
    words = figure.add_axes((0.54, 0.3, 0.44, 0.68))
    line = figure.add_axes((0.11, 0.1, 0.86, 0.17))
    colours = colours_of(true + found)
    cursor = draw_timeline(line, true, found, colours, keypoint.shape[1], fps)
    size = extent(keypoint)
    pictures = []
    for frame in bar(range(0, keypoint.shape[1], EVERY), description='Drawing'):
        draw_people(stage, keypoint[:, frame], size)
        draw_words(words, frame, {'true': true, 'predicted': found}, colours)
        cursor.set_xdata([frame / fps] * 2)
        canvas.draw()
        pictures.append(Image.fromarray(np.asarray(canvas.buffer_rgba())[..., :3].copy()))
    return pictures


def colours_of(segments: list[tuple]) -> dict[str, tuple]:
    labels = list(dict.fromkeys(label for label, _, _ in segments))
    return {label: colormaps['tab20'](number % 20) for number, label in enumerate(labels)}


def draw_timeline(plot, true, found, colours, frames, fps):
    """Draws true and predicted segments in two rows, and returns the line that marks the present."""
    for row, segments in ((1, true), (0, found)):
        for label, start, end in segments:
            plot.barh(row, (end - start) / fps, left=start / fps, height=0.7, color=colours[label])
    plot.set(xlim=(0, frames / fps), ylim=(-0.5, 1.5), yticks=[1, 0], yticklabels=['true', 'predicted'])
    plot.set_xlabel('seconds', fontsize=8, color=INK, labelpad=1)
    plot.tick_params(labelsize=9, length=2, colors=INK)
    plot.set_facecolor(PALE)
    for spine in plot.spines.values():
        spine.set_visible(False)
    return plot.axvline(0, color=INK, linewidth=1.5)


def draw_people(plot, people: np.ndarray, size: tuple):
    """The bones of the people from the front, left blue and right orange.  # (M, V, 3)"""
    plot.clear()
    (left, right), (bottom, top) = size
    plot.set(xlim=(left, right), ylim=(bottom, top), aspect='equal')
    plot.axis('off')
    sides = {joint: colour for pair in SKELETON.mirror for joint, colour in zip(pair, (LEFT, RIGHT), strict=True)}
    for person in people:
        seen = is_seen(person)
        for joint, parent in enumerate(SKELETON.parents):
            if joint != parent and seen[joint] and seen[parent]:
                x, y, _ = person[[joint, parent]].T
                plot.plot(x, y, color=sides.get(joint, INK), linewidth=4, solid_capstyle='round')
        plot.plot(*person[seen, :2].T, 'o', color=INK, markersize=3)
        plot.plot(*person[HEAD, :2][None][seen[[HEAD]]].T, 'o', color=INK, markersize=16)


def extent(keypoint: np.ndarray) -> tuple[tuple[float, float], tuple[float, float]]:
    """The least and the largest x and y of all frames, with a margin.  # (M, T, V, 3)"""
    joints = keypoint[is_seen(keypoint)]
    low, high = np.percentile(joints, 0.1, axis=0) - 0.1, np.percentile(joints, 99.9, axis=0) + 0.1
    return (low[0], high[0]), (low[1], high[1])


def draw_words(plot, frame: int, rows: dict[str, list[tuple]], colours: dict):
    plot.clear()
    plot.axis('off')
    for height, (title, segments) in zip((0.78, 0.42), rows.items(), strict=True):
        label = next((label for label, start, end in segments if start <= frame < end), None)
        plot.text(0, height, title, fontsize=11, color='#607d8b', transform=plot.transAxes)
        plot.text(0.06, height - 0.14, label or '–', fontsize=16, color=INK, transform=plot.transAxes)
        plot.plot([0.02] * 2, [height - 0.16, height - 0.04], color=colours.get(label, PALE), linewidth=6)
    plot.set(xlim=(0, 1), ylim=(0, 1))


def write(pictures: list[Image.Image], path: Path, seconds: float):
    """Writes pictures as a GIF of one palette, without dithering: what stands still costs nothing."""
    palette = Image.fromarray(np.vstack([np.asarray(each) for each in pictures[:: max(1, len(pictures) // 12)]]))
    palette = palette.quantize(COLOURS, dither=Image.Dither.NONE)
    first, *others = (each.quantize(palette=palette, dither=Image.Dither.NONE) for each in pictures)
    with replacing(path) as draft:
        first.save(draft, format='GIF', save_all=True, append_images=others, duration=round(1000 * seconds), loop=0)


if __name__ == '__main__':
    main()

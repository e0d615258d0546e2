"""The parts of a report, with pictures, bars and timelines. The template report.html lays them out."""

import base64
import io
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.colors import to_hex
from matplotlib.figure import Figure

STYLE = {
    'font.size': 10,
    'axes.spines.top': False,
    'axes.spines.right': False,
    'axes.edgecolor': '#9aa5b1',
    'xtick.color': '#52606d',
    'ytick.color': '#52606d',
    'axes.labelcolor': '#52606d',
    'grid.color': '#e4e7eb',
    'legend.frameon': False,
    'legend.fontsize': 9,
    'svg.fonttype': 'none',  # keeps text as text
    'svg.hashsalt': 'report',  # the same input gives the same page
}


class Picture(NamedTuple):
    """An image with its title; ``size`` is small, large or strip."""

    title: str
    source: str
    size: str = 'small'


class Bar(NamedTuple):
    name: str
    value: float  # 0 to 1
    note: str


class Span(NamedTuple):
    """A segment on a timeline, in shares of the timeline's length."""

    start: float
    length: float
    colour: str
    title: str
    opacity: float = 1.0


class Timeline(NamedTuple):
    title: str
    duration: str
    rows: dict[str, list[Span]]
    legend: dict[str, str]  # class -> colour


@dataclass
class Part:
    """A card of the page."""

    key: str
    title: str
    text: str
    pictures: list[Picture] = field(default_factory=list)
    legend: dict[str, str] = field(default_factory=dict)  # class -> colour
    bars: list[Bar] = field(default_factory=list)
    timelines: list[Timeline] = field(default_factory=list)
    table: dict[str, dict[str, str]] = field(default_factory=dict)  # row -> column -> text


def new_figure(width: float = 4.4, height: float = 2.8) -> tuple[Figure, Axes]:
    """A figure, by default as wide as a phone."""
    figure = Figure(figsize=(width, height), layout='constrained')
    return figure, figure.add_subplot()


def picture(figure: Figure, title: str, size: str = 'small', form: str = 'svg') -> Picture:
    """The figure as a data URI."""
    drawn = io.BytesIO()
    kind, metadata = ('svg+xml', {'Date': None}) if form == 'svg' else (form, None)
    cut = None if size == 'small' else 'tight'
    figure.savefig(drawn, format=form, dpi=150, transparent=True, metadata=metadata, bbox_inches=cut, pad_inches=0.05)
    return Picture(title, f'data:image/{kind};base64,{base64.b64encode(drawn.getvalue()).decode()}', size)


def draw_precision_recall(curves: dict[str, tuple[np.ndarray, np.ndarray]]) -> Picture:
    """Draw curves of recall and precision, by name."""
    figure, axes = new_figure(4.4, 3.4)
    for name, (recall, precision) in curves.items():
        axes.plot(recall, precision, label=name)
    axes.set(xlabel='recall', ylabel='precision', xlim=(0, 1.02), ylim=(0, 1.02))
    axes.legend(loc='best')
    axes.grid()
    return picture(figure, 'Precision-recall curve')


def colours(count: int) -> list[str]:
    """Colours that differ as much as possible, neighbours most of all."""
    if count <= 10:
        return [to_hex(colour) for colour in colormaps['tab10'].colors[:count]]
    if count <= 20:
        bold, pale = colormaps['tab20'].colors[::2], colormaps['tab20'].colors[1::2]
        return [to_hex(colour) for colour in (*bold, *pale)[:count]]
    ranks = (np.arange(count) * 0.618 % 1).argsort().argsort()  # steps of the golden ratio keep neighbours apart
    return [to_hex(colormaps['turbo'](0.05 + 0.9 * rank / count)) for rank in ranks]


def class_label(label: int, classes: list[str]) -> str:
    """A class by its number and, if known, its name."""
    return f'{label} {classes[label]}' if label < len(classes) else str(label)

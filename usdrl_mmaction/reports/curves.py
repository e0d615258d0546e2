"""Curves of what was measured during training and testing."""

from collections import defaultdict

import numpy as np

from usdrl_mmaction.engine.hooks.embedding_health_hook import PANELS

from .page import Part, Picture, colours, new_figure, picture
from .runs import NOT_MEASURED, Run

Series = tuple[list[float], list[float]]  # places and values
OBSERVED = 'early/acc@'


def training_curves(run: Run) -> Part | None:
    """A panel for each group of related numbers."""
    unit, series = all_series(run.scalars)
    panels = defaultdict(dict)
    for name in sorted(series, key=lambda name: (name != 'loss', name == 'lr')):
        alone = name == 'loss' or series[name] != series.get('loss')  # a loss of one term is logged twice
        if alone and not name.startswith('health/') and len(series[name][0]) > 1:
            panels[panel_of(name, series)][name] = series[name]
    pictures = [draw_panel(title, panel, unit) for title, panel in panels.items()]
    text = 'What was logged during training and validation.'
    return Part('curves', 'Training curves', text, pictures) if pictures else None


def embedding_diagnostics(run: Run) -> Part | None:
    unit, series = all_series(run.scalars)
    pictures = [
        draw_panel(f'{title}: {points[1][-1]:.3g}', {name: points}, unit)
        for name, title in PANELS.items()
        if (points := series.get(f'health/{name}'))
    ]
    text = (
        'The embedding of held-out clips during pretraining. The titles give the last values. An effective rank near '
        '1 and a spread near 0 mean that the embedding has collapsed, however low the loss is.'
    )
    return Part('diagnostics', 'Embedding diagnostics', text, pictures) if pictures else None


def early_prediction(run: Run) -> Part | None:
    """Accuracy over the observed share of a clip."""
    accuracies = {name: value for name, value in run.metrics.items() if name.startswith(OBSERVED)}
    if not accuracies:
        return None
    points = sorted((100 * float(name.removeprefix(OBSERVED)), 100 * value) for name, value in accuracies.items())
    figure, axes = new_figure()
    axes.plot(*zip(*points, strict=True), marker='o')
    for point in (points[0], points[-1]):
        axes.annotate(f'{point[1]:.1f}', point, (0, 7), textcoords='offset points', ha='center')
    axes.set(xlabel='observed part of the clip, %', ylabel='top-1 accuracy, %', xlim=(0, 105), ylim=(0, 105))
    axes.grid()
    area = f' The area under the curve is {run.metrics["early/auc"]:.4g}.' if 'early/auc' in run.metrics else ''
    text = f'Accuracy when only the beginning of each clip has been observed.{area}'
    return Part('early', 'Early prediction', text, [picture(figure, 'Accuracy over the observed part')])


def all_series(lines: list[dict]) -> tuple[str, dict[str, Series]]:
    """The unit of the x-axis, and the places and values of each logged number. Lines of one epoch are spread over it:
    MMEngine logs only the epoch's number."""
    by_epoch = any('epoch' in line for line in lines) or not any('iter' in line for line in lines)
    counts = np.unique([line['epoch'] for line in lines if 'epoch' in line], return_counts=True)
    per_epoch = max(counts[1], default=1)
    series, seen = defaultdict(lambda: ([], [])), defaultdict(int)
    for line in lines:
        if by_epoch and 'epoch' in line:
            seen[line['epoch']] += 1
            place = line['epoch'] - 1 + seen[line['epoch']] / per_epoch
        else:
            place = line.get('iter', line.get('step', 0))
        for name, value in line.items():
            if name not in NOT_MEASURED and isinstance(value, int | float):
                series[name][0].append(place)
                series[name][1].append(value)
    return 'epoch' if by_epoch else 'iteration', dict(series)


def panel_of(name: str, series: dict[str, Series]) -> str:
    """The title of a number's panel: its metric if it is of validation, else its last word if others share that."""
    if '/' in name:
        metric = name.split('@')[0] if '@' in name else name.split('/')[0]
        return f'{metric}, validation'
    last = name.split('_')[-1]
    shared = [other for other in series if '/' not in other and other != name and other.split('_')[-1] == last]
    return last if shared else name


def draw_panel(title: str, panel: dict[str, Series], unit: str) -> Picture:
    figure, axes = new_figure()
    lines = {}  # equal ones are drawn as one line with all their names
    for name, points in panel.items():
        lines.setdefault(np.float32(points).tobytes(), (points, []))[1].append(name.split('/')[-1])
    for ((places, values), names), colour in zip(lines.values(), colours(len(lines)), strict=True):
        marker = '.' if len(places) < 30 else None
        axes.plot(places, values, color=colour, label=', '.join(names), marker=marker, linewidth=1.6)
    values = [value for _, values in panel.values() for value in values]
    if min(values) > 0 and max(values) > 50 * min(values):
        axes.set_yscale('log')
    axes.set_xlabel(unit)
    axes.locator_params(axis='x', integer=True)
    axes.grid()
    if len(panel) > 1:
        axes.legend(loc='best')
    return picture(figure, title)

"""An HTML report of the runs in a work dir, in one file that needs no network."""

import json
import re
from functools import partial
from pathlib import Path
from typing import Any

import matplotlib
from jinja2 import Environment, PackageLoader, StrictUndefined

from usdrl_mmaction.errors import MissingFileError
from usdrl_mmaction.evaluation.predictions import read_predictions
from usdrl_mmaction.files import missing, replacing

from .classification import average_precisions, confusion, draw_confusions
from .clips import class_names, clips_of
from .curves import OBSERVED, early_prediction, embedding_diagnostics, training_curves
from .detection import action_precisions, read_detections, timelines
from .embedding import embedding_map
from .page import STYLE, Part
from .reasons import reasons
from .runs import Run, find_runs, settings

LOADER = PackageLoader('usdrl_mmaction.reports', '')
TEMPLATES = Environment(loader=LOADER, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)


def write_report(work_dir: Path, path: Path) -> list[str]:
    """Write the report, and return a sentence for each thing that could not be shown."""
    todo = 'Give the --work-dir of usdrl train or usdrl test, or a folder of several.'
    if not work_dir.is_dir():
        raise missing(work_dir, 'folder', todo)
    runs, results = find_runs(work_dir), read_results(work_dir / 'results.json')
    if not runs and not results:
        raise MissingFileError(f'{work_dir} contains no run. {todo}')
    with matplotlib.rc_context(STYLE):
        sections = [section(run) for run in runs]
    title = work_dir.resolve().name
    page = TEMPLATES.get_template('report.html').render(title=title, results=results, sections=sections)
    with replacing(path) as draft:
        draft.write_text(page, encoding='utf-8')
    return [f'{shown["name"]}: {reason}' for shown in sections for reason in shown['left_out']]


def section(run: Run) -> dict:
    """The variables of a run's section in the template."""
    left_out = []
    parts = [part for part in all_parts(run, partial(attempt, left_out)) if part]
    metrics, metrics_at = {}, {}
    for name, value in run.metrics.items():
        metric, _, threshold = name.partition('@')
        if threshold and not name.startswith(OBSERVED):
            metrics_at.setdefault(metric.split('/')[-1], {})[f'@{threshold}'] = rounded(value)
        elif not threshold:
            metrics[name] = rounded(value)
    config = run.trained_config.pretty_text if run.trained_config else ''
    shown = dict(metrics=metrics, metrics_at=metrics_at, settings=settings(run), config=config, parts=parts)
    return dict(name=run.name, key=re.sub(r'\W+', '-', run.name), **shown, left_out=left_out)


def all_parts(run: Run, attempt) -> list[Part | None]:
    """The parts of a run, in the order of the page."""
    parts = [attempt(make, run) for make in (training_curves, embedding_diagnostics, early_prediction)]
    clips = attempt(clips_of, run) if run.dumps or run.checkpoint else None
    if clips and run.checkpoint:
        parts += [attempt(embedding_map, run, clips), attempt(reasons, run, clips)]
    classes = clips.classes if clips else class_names(run)
    for path in run.dumps:
        if predictions := attempt(read_predictions, path):
            parts += [make(predictions, classes, path.name) for make in (confusion, average_precisions)]
            parts += [attempt(draw_confusions, predictions, clips)] if clips else []
    for prefix in run.detections:
        if found := attempt(read_detections, prefix):
            parts += [action_precisions(found), timelines(found)]
    return parts


def attempt(left_out: list[str], make, *inputs) -> Any:
    """The result of ``make``; if the inputs cannot be used, the reason is noted."""
    try:
        return make(*inputs)
    except (ImportError, KeyError, OSError, RuntimeError, ValueError) as error:  # also of models of other packages
        left_out.append(str(error) if isinstance(error, ValueError) else f'{type(error).__name__}: {error}')
        return None


def read_results(path: Path) -> dict[str, dict[str, str]]:
    """Nested results as a table: the last key is the column, those before it the row."""
    try:
        content = json.loads(path.read_text(encoding='utf-8'))
    except (OSError, ValueError):
        return {}
    rows = {}

    def walk(node, keys):
        if isinstance(node, dict):
            for key, value in node.items():
                walk(value, (*keys, str(key)))
        elif keys:
            values = node if isinstance(node, list) else [node]
            value = ', '.join(rounded(value) if isinstance(value, float) else str(value) for value in values)
            rows.setdefault(', '.join(keys[:-1]), {})[keys[-1]] = value

    walk(content, ())
    return rows


def rounded(value: float) -> str:
    """Four digits and four decimals, more decimals if all of those are zero."""
    return f'{round(value, 4) or value:.4g}'

"""The embedding of clips in two dimensions."""

import numpy as np
import torch
from matplotlib import patheffects
from mmengine.device import get_device
from mmengine.utils import import_modules_from_strings
from rich.console import Console
from rich.progress import track
from sklearn.manifold import TSNE
from sklearn.preprocessing import normalize

from usdrl_mmaction.apis.model import load_model
from usdrl_mmaction.apis.preparation import Preparation
from usdrl_mmaction.datasets.annotations import counted, make_annotation
from usdrl_mmaction.engine.features import encode
from usdrl_mmaction.recordings.clip import keep_people
from usdrl_mmaction.recordings.recording import in_file

from .clips import Clips
from .page import Part, Picture, class_label, colours, new_figure, picture
from .runs import Run

MOST = 500  # the most clips that are drawn
BATCH = 50
OUTLINE = [patheffects.withStroke(linewidth=2.5, foreground='white')]


def embedding_map(run: Run, clips: Clips) -> Part:
    rows = np.unique(np.linspace(0, len(clips.items) - 1, MOST).astype(int))
    items = [clips.items[row] for row in rows]
    points = tsne(features_of(run, items, clips.layout))
    labels = np.array([item['label'] for item in items])
    text = (
        f'{counted(len(items), "clip", "clips")}, encoded by {run.checkpoint.name}, coloured by class. t-SNE reduces '
        'features of unit length to two dimensions. Clips that are close have similar features; axes and large '
        'distances have no meaning.'
    )
    palette = dict(zip(np.unique(labels).tolist(), colours(len(np.unique(labels))), strict=True))
    legend = {class_label(label, clips.classes): colour for label, colour in palette.items()}
    return Part('embedding', 'Embedding (t-SNE)', text, [draw_map(points, labels, palette)], legend)


def features_of(run: Run, items: list[dict], layout: str | dict | None = None) -> np.ndarray:
    """Pooled features of the clips, preprocessed as for a test.  # (N, 2D)"""
    import_modules_from_strings(**run.config.get('custom_imports', {'imports': []}))
    model = load_model(run.config, run.checkpoint, get_device())
    prepare, features = Preparation(model), []
    recordings = in_file({'meta': {'layout': layout}}, items)
    batches = [recordings[start : start + BATCH] for start in range(0, len(recordings), BATCH)]
    for batch in track(batches, f'Encoding clips of {run.name}', console=Console(stderr=True), transient=True):
        clips = [(each.name, keep_people(prepare.read(each), prepare.num_person)) for each in batch]
        data = prepare([make_annotation(name, -1, clip) for name, clip in clips])
        features.append(encode(model, data)[0].cpu())
    return torch.cat(features).double().numpy()


def tsne(features: np.ndarray) -> np.ndarray:
    """Points in two dimensions, the same for the same features.  # (N, D) -> (N, 2)"""
    features = normalize(features)
    if not np.ptp(features, axis=0).any():
        return np.zeros((len(features), 2))  # collapsed: there are no principal components to start from
    perplexity = min(30, (len(features) - 1) / 3)
    # Barnes-Hut sums in the order in which threads end, which no seed fixes.
    return TSNE(init='pca', random_state=0, method='exact', perplexity=perplexity).fit_transform(features)


def draw_map(points: np.ndarray, labels: np.ndarray, palette: dict[int, str]) -> Picture:
    """A scatter plot with the number of each class in the middle of its clips."""
    figure, axes = new_figure(4.6, 4.2)
    axes.scatter(*points.T, s=16, c=[palette[label] for label in labels], linewidths=0, alpha=0.85)
    middles = apart(np.array([np.median(points[labels == label], axis=0) for label in palette]), np.ptp(points) / 20)
    for label, middle in zip(palette, middles, strict=True):
        axes.text(*middle, label, ha='center', va='center', weight='bold', path_effects=OUTLINE, clip_on=True)
    axes.set_axis_off()
    return picture(figure, 'Clips by class', 'large')


def apart(places: np.ndarray, distance: float) -> np.ndarray:
    """The places, moved until no two are closer than ``distance``.  # (N, 2)"""
    for _ in range(100):
        gaps = places[:, None] - places  # (N, N, 2)
        distances = np.maximum(np.linalg.norm(gaps, axis=-1), 1e-9)
        push = np.maximum(distance - distances, 0) / distances
        places = places + (push[..., None] * gaps).sum(1) / 2
    return places

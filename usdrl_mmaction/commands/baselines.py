"""Classify the clips of a config without an encoder: 1-NN and linear classifiers on the joints, and, with the package
aeon, MiniRocket and MultiRocket. A pretrained encoder has to beat these."""

import json
import statistics

import numpy as np
from mmaction.registry import DATASETS
from mmengine.registry import init_default_scope
from rich.console import Console
from rich.progress import track

from usdrl_mmaction.engine.baselines import KERNELS, baselines, predict_baseline
from usdrl_mmaction.engine.runner.settings import complete
from usdrl_mmaction.errors import UsageError
from usdrl_mmaction.files import replacing

from .common import number_table, read_config


def main(args):
    cfg = complete(read_config(args.config, args.cfg_options))
    if not cfg.get('train_dataloader') or not cfg.get('test_dataloader'):
        raise UsageError(f'{args.config} has no training clips: choose a config that trains, e.g. linear_custom.')
    init_default_scope('mmaction')
    (train, labels), (test, truth) = (clips_of(cfg[name].dataset) for name in ('train_dataloader', 'test_dataloader'))
    console, names = Console(highlight=False, soft_wrap=True), baselines()
    cases = [(name, seed) for name in names for seed in (args.seeds if name in KERNELS else [0])]
    accuracies = {name: [] for name in names}
    for name, seed in track(cases, 'Classifying', console=Console(stderr=True), transient=True):
        predicted = predict_baseline(name, train, labels, test, seed)
        accuracies[name].append(round(float((predicted == truth).mean()), 4))
    table = number_table(f'{len(train)} training clips, {len(test)} test clips', 'classifier', 'accuracy')
    for name, values in accuracies.items():
        spread = f' ± {100 * statistics.stdev(values):.1f}' if len(values) > 1 else ''
        table.add_row(name, f'{statistics.mean(values):.1%}{spread}')
    console.print(table)
    if set(KERNELS) - set(names):
        console.print(f"{' and '.join(KERNELS)} need aeon: pip install 'usdrl-mmaction[baselines]'.", markup=False)
    if args.out:
        with replacing(args.out) as draft:
            draft.write_text(json.dumps(accuracies, indent=1) + '\n')


def clips_of(dataset: dict) -> tuple[np.ndarray, np.ndarray]:
    """The clips of a data set and their labels.  # (N, M, T, V, C), (N,)"""
    items = list(DATASETS.build(dataset))
    clips = np.stack([item['inputs'][0].numpy() for item in items])
    return clips, np.array([int(item['data_samples'].gt_label) for item in items])

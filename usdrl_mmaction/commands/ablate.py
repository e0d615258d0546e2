"""Measure what each part of the method is worth: pretrain without it, evaluate, compare (docs/ablation.md)."""

import contextlib
import copy
import json
import os
import re
import statistics
import time
from pathlib import Path

from matplotlib.figure import Figure
from mmengine.config import Config
from rich.console import Console

from usdrl_mmaction.engine.runner.settings import complete
from usdrl_mmaction.errors import TrainingError, UsageError
from usdrl_mmaction.files import replacing
from usdrl_mmaction.skeletons import get_skeleton

from .common import build_runner, read_config

RANDOM, COMPLETE = 'random encoder', 'complete'
FINETUNED = 'complete, fine-tuned'
# Trained with labels from nothing, STGCN++ by MMAction2's recipe.
SUPERVISED = {'DSTE, supervised': 'complete', 'STGCN++, supervised': 'STGCN++'}
STGCN_RECIPE = dict(
    optim_wrapper=dict(
        _delete_=True,
        type='OptimWrapper',
        optimizer=dict(type='SGD', lr=0.1, momentum=0.9, weight_decay=5e-4, nesterov=True),
    ),
    param_scheduler=[dict(type='CosineAnnealingLR', eta_min=0, convert_to_iter_based=True)],
    train_cfg=dict(max_epochs=80),
)
PAPERS = dict(
    crop=dict(ratio=(0.1, 1.0), min_frames=64),
    augmentations=[
        dict(type='JointCorruption', prob=0.5, share=0.6, zero_prob=0.5),
        dict(type='Shear', prob=0.5, amplitude=1.0),
    ],
)
console = Console(highlight=False, soft_wrap=True)


def main(args):
    names = [RANDOM, *SUPERVISED, FINETUNED, *variants('nturgb+d')]
    if unknown := set(args.variants or ()) - set(names):
        raise UsageError(f"there is no variant '{min(unknown)}'; there are: {', '.join(names)}.")
    args.variants = args.variants or names
    data = {name: getattr(args, name) for name in ('ann_file', 'layout') if getattr(args, name)}
    runs = [(name, seed) for seed in args.seeds for name in args.variants]
    results = {name: [] for name in args.variants}
    for number, (name, seed) in enumerate(runs, start=1):
        result = remembered(args, data, name, seed)
        results[name].append(result)
        console.print(f'{number}/{len(runs)} {name}, seed {seed}: {", ".join(f"{k} {v}" for k, v in result.items())}')
    with replacing(args.out / 'table.md') as draft:
        draft.write_text(table(results))
    with replacing(args.out / 'plot.png') as draft:
        plot(results).savefig(draft, format='png', dpi=120)
    console.print(table(results) + f'\nWritten: {args.out}/table.md and plot.png', markup=False)


def variants(layout: str | dict, in_channels: int = 3) -> dict[str, dict]:
    """What each variant changes in the model of the pretraining config."""
    skeleton = get_skeleton(layout)
    inward = [(joint, parent) for joint, parent in enumerate(skeleton.parents) if joint != parent]
    graph = dict(layout=dict(num_node=len(skeleton), inward=inward, center=skeleton.root), mode='spatial')
    stgcnpp = dict(
        type='STGCN',
        in_channels=in_channels,
        gcn_adaptive='init',
        gcn_with_res=True,
        tcn_type='mstcn',
        base_channels=32,
    )
    return {
        COMPLETE: {},
        "the papers' views": dict(data_preprocessor=PAPERS),
        'two views': dict(views=('joint', 'joint')),
        'multi-modal': dict(backbone=dict(modalities=('joint', 'bone', 'motion'))),
        'no consistency': dict(head=dict(consistency_weight=0.0)),
        'no variance': dict(head=dict(variance_weight=0.0)),
        'no cross-correlation': dict(head=dict(cross_weight=0.0)),
        'no decorrelation': dict(head=dict(variance_weight=0.0, cross_weight=0.0)),
        'no instance domain': dict(head=dict(domains=dict(instance=0.0))),
        'no temporal domain': dict(head=dict(domains=dict(temporal=0.0))),
        'no spatial domain': dict(head=dict(domains=dict(spatial=0.0))),
        'STTR': dict(backbone=dict(type='STTR')),
        'STGCN++': dict(backbone=dict(_delete_=True, graph_cfg=graph, **stgcnpp)),
    }


def remembered(args, data: dict, name: str, seed: int) -> dict:
    """The result of a run, which is not run again when its file is there."""
    folder = '_'.join(re.findall(r'\w+', name))
    path = args.out / f'{folder}_seed{seed}_epochs{args.epochs}' / 'result.json'
    if not path.exists():
        with (
            open(os.devnull, 'w') as nowhere,
            contextlib.redirect_stdout(nowhere),
        ):  # of what loading and encoding print
            result = measure(args.epochs, data, name, seed, path.parent)
        with replacing(path) as draft:
            draft.write_text(json.dumps(result) + '\n')
    return json.loads(path.read_text())


def measure(epochs: int, data: dict, name: str, seed: int, work_dir: Path) -> dict:
    """Pretrain, then linear and 1-NN accuracy; with labels, the accuracy of the model that was trained with them."""
    started = time.time()
    if name in SUPERVISED:
        return supervise(data, name, seed, work_dir)
    backbone = load('pretrain', data, seed, work_dir, {}).model.backbone
    layout, in_channels = backbone.get('layout', 'nturgb+d'), backbone.get('in_channels', 3)
    changes = {} if name == RANDOM else variants(layout, in_channels)[COMPLETE if name == FINETUNED else name]
    encoder = {'backbone': changes['backbone']} if 'backbone' in changes else {}
    linear = load('linear', data, seed, work_dir, encoder)
    rank = None
    if name != RANDOM:
        pretrain = load('pretrain', data, seed, work_dir, changes)
        pretrain.train_cfg.max_epochs = pretrain.default_hooks.checkpoint.interval = epochs
        runner = build_runner(pretrain)
        try:
            runner.train()
        except TrainingError as error:
            return {'stopped': str(error).split(', below')[0]}
        rank = runner.message_hub.get_info('health')[-1]['effective_rank']
        linear.load_from = str(work_dir / 'pretrain' / f'epoch_{epochs}.pth')
        if name == FINETUNED:
            return supervise(data, name, seed, work_dir, linear.load_from) | {'rank': round(rank, 2)}
    runner = build_runner(linear)
    runner.train()
    knn = load('knn', data, seed, work_dir, encoder)
    knn.load_from = str(work_dir / 'linear' / f'epoch_{runner.max_epochs}.pth')
    accuracies = {'linear': runner.test()['acc/top1'], '1-NN': build_runner(knn).test()['acc/top1']}
    rounded = {key: round(float(value), 4) for key, value in accuracies.items()}
    return rounded | {'rank': rank and round(rank, 2), 'seconds': round(time.time() - started)}


def supervise(data: dict, name: str, seed: int, work_dir: Path, load_from: str | None = None) -> dict:
    """Train with labels, from nothing or from a checkpoint."""
    started = time.time()
    backbone = load('finetune', data, seed, work_dir, {}).model.backbone
    layout, in_channels = backbone.get('layout', 'nturgb+d'), backbone.get('in_channels', 3)
    changes = variants(layout, in_channels)[SUPERVISED.get(name, COMPLETE)]
    cfg = load('finetune', data, seed, work_dir, changes)
    if 'STGCN++' in name:
        cfg.merge_from_dict(copy.deepcopy(STGCN_RECIPE))
    cfg.load_from = load_from
    runner = build_runner(cfg)
    runner.train()
    accuracy = round(float(runner.test()['acc/top1']), 4)
    return {'linear': accuracy, '1-NN': None, 'rank': None, 'seconds': round(time.time() - started)}


def load(task: str, data: dict, seed: int, work_dir: Path, changes: dict) -> Config:
    """The config of a task on the data, quiet, its model changed."""
    cfg = complete(read_config(f'{task}_{"custom" if data else "synthetic"}', data))
    cfg.model.backbone.pop('whiten', None)  # the papers do not, and graph networks have none
    cfg.merge_from_dict(
        dict(
            model=copy.deepcopy(changes),  # merging takes _delete_ out of it
            work_dir=str(work_dir / task),
            experiment_name=f'{work_dir.name}_{task}',
            launcher='none',
            randomness=dict(seed=seed),
            load_from=None,
            log_level='ERROR',
        )
    )
    return cfg


def table(results: dict) -> str:
    """Mean and standard deviation over the runs that were not stopped, as Markdown."""
    lines = ['| variant | runs | linear or trained | 1-NN | effective rank |', '| --- | --- | --- | --- | --- |']
    for name, runs in results.items():
        finished = [run for run in runs if 'stopped' not in run]
        stopped = len(runs) - len(finished)
        count = f'{len(runs)}, {stopped} stopped' if stopped else str(len(runs))
        cells = [count, *(summary(finished, key) for key in ('linear', '1-NN', 'rank'))]
        lines.append(f'| {name} | {" | ".join(cells)} |')
    return '\n'.join(lines) + '\n'


def summary(runs: list[dict], key: str) -> str:
    values = [run[key] for run in runs if run[key] is not None]
    if not values:
        return ''
    mean, spread = statistics.mean(values), statistics.stdev(values) if len(values) > 1 else 0.0
    return f'{mean:.1f} ± {spread:.1f}' if key == 'rank' else f'{mean:.1%} ± {100 * spread:.1f}'


def plot(results: dict) -> Figure:
    """A dot a seed, variants one below the other, the complete method's mean as a line."""
    figure = Figure(figsize=(10, 1 + 0.35 * len(results)), layout='constrained')
    for axes, key in zip(figure.subplots(1, 2, sharey=True), ('linear', '1-NN'), strict=True):
        for row, (name, runs) in enumerate(results.items()):
            values = [100 * run[key] for run in runs if run.get(key) is not None]
            axes.plot(values, [row] * len(values), 'o', alpha=0.7, color='tab:red' if name == COMPLETE else 'tab:blue')
            if name == COMPLETE and values:
                axes.axvline(statistics.mean(values), color='tab:red', alpha=0.4)
        axes.set_title(f'{key} accuracy, %')
        axes.grid(alpha=0.3)
    axes.set_yticks(range(len(results)), list(results))
    axes.invert_yaxis()
    return figure

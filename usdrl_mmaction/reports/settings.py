"""The most important settings of a run."""

from contextlib import suppress
from datetime import datetime

from .runs import Run


def settings(run: Run) -> dict[str, str]:
    """Settings by name, without those that the run does not have."""
    config = run.trained_config
    if config is None:
        return {}
    model, train = config.get('model', {}), config.get('train_dataloader') or {}
    test = run.config.get('test_dataloader') or run.config.get('val_dataloader') or {}
    loop, schedule = config.get('train_cfg') or {}, config.get('param_scheduler') or []
    rows = {
        'started': start_time(run),
        'model': model.get('type'),
        'encoder': formatted(model.get('backbone')),
        'head': formatted(model.get('head') or model.get('cls_head')),
        'trained on': data(train),
        'tested on': data(test),
        'batch size': train.get('batch_size') or test.get('batch_size'),
        'epochs': loop.get('max_epochs'),
        'iterations': loop.get('max_iters'),
        'optimizer': formatted((config.get('optim_wrapper') or {}).get('optimizer')),
        'schedule': '; '.join(map(formatted, schedule if isinstance(schedule, list) else [schedule])),
        'seed': (config.get('randomness') or {}).get('seed'),
        'initialized from': config.get('load_from'),
        'checkpoint': run.checkpoint,
    }
    return {name: str(value) for name, value in rows.items() if value not in (None, '')}


def start_time(run: Run) -> str:
    """The time of the first start, from the name of its folder."""
    name = run.starts[0].name
    with suppress(ValueError):  # a folder that somebody renamed
        name = f'{datetime.strptime(name, "%Y%m%d_%H%M%S"):%Y-%m-%d %H:%M}'
    return name if len(run.starts) == 1 else f'{name} ({len(run.starts)} starts)'


def formatted(part: dict | None) -> str:
    """'SGD, lr=0.3, momentum=0.9'."""
    if not part:
        return ''
    values = [f'{key}={value}' for key, value in part.items() if key != 'type']
    return ', '.join([str(part.get('type', '')), *values]).strip(', ')


def data(loader: dict) -> str:
    dataset = loader.get('dataset') or {}
    return ', '.join(str(dataset[key]) for key in ('ann_file', 'split') if dataset.get(key))

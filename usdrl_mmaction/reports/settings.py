"""A run's settings, the ones that people ask for first."""

from datetime import datetime

from .runs import Run


def settings(run: Run) -> dict[str, str]:
    """In plain words; what a run does not have is left out."""
    config = run.trained_config
    if config is None:
        return {}
    model, train = config.get('model', {}), config.get('train_dataloader') or {}
    test = run.config.get('test_dataloader') or run.config.get('val_dataloader') or {}
    loop = config.get('train_cfg') or {}
    rows = {
        'started': times(run),
        'model': model.get('type'),
        'encoder': told(model.get('backbone')),
        'head': told(model.get('head') or model.get('cls_head')),
        'trained on': data(train),
        'tested on': data(test),
        'batch size': train.get('batch_size') or test.get('batch_size'),
        'epochs': loop.get('max_epochs'),
        'iterations': loop.get('max_iters'),
        'optimizer': told((config.get('optim_wrapper') or {}).get('optimizer')),
        'schedule': '; '.join(told(step) for step in listed(config.get('param_scheduler'))),
        'seed': (config.get('randomness') or {}).get('seed'),
        'began with': config.get('load_from'),
        'checkpoint': run.checkpoint,
    }
    return {name: str(value) for name, value in rows.items() if value not in (None, '')}


def times(run: Run) -> str:
    """When it was started, by the names of its folders."""
    try:
        first = datetime.strptime(run.starts[0].name, '%Y%m%d_%H%M%S')
    except ValueError:
        return run.starts[0].name
    again = {1: '', 2: ', and once more'}.get(len(run.starts), f', and {len(run.starts) - 1} more times')
    return f'{first:%Y-%m-%d %H:%M}{again}'


def told(part: dict | None) -> str:
    """'SGD, lr=0.3, momentum=0.9'."""
    if not part:
        return ''
    values = [f'{key}={value}' for key, value in part.items() if key != 'type']
    return ', '.join([str(part.get('type', '')), *values]).strip(', ')


def data(loader: dict) -> str:
    dataset = loader.get('dataset') or {}
    return ', '.join(str(dataset[key]) for key in ('ann_file', 'split') if dataset.get(key))


def listed(value) -> list:
    return value if isinstance(value, list) else [value] if value else []

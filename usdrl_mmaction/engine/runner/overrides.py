"""Overrides of a config file. Those that cannot take effect are refused, whichever tool sets them."""

import difflib
from collections.abc import Iterator
from inspect import signature
from pathlib import Path

from mmengine.config import Config
from mmengine.runner import FlexibleRunner, Runner
from torch.utils.data import DataLoader

from usdrl_mmaction.errors import ConfigError

from .settings import SETTINGS, markers

# What a runner reads at the top level of a config, as an argument or later from the config.
FIELDS = {*signature(Runner).parameters, *signature(FlexibleRunner).parameters} - {'cfg'} | {
    'runner_type', 'custom_imports', 'model_wrapper_cfg', 'sync_bn', 'find_unused_parameters', 'begin_from',
    'activation_checkpointing', 'efficient_conv_bn_eval', 'init_weights_for_test_or_val', 'force',
}  # fmt: skip
LOADER = {*signature(DataLoader).parameters, 'num_batch_per_epoch'}
# What dicts without a type take, besides the keys that they have.
ARGUMENTS = {
    **dict.fromkeys(('train_dataloader', 'val_dataloader', 'test_dataloader', 'gallery'), LOADER),
    'env_cfg': {'cudnn_benchmark', 'resource_limit'},
    'paramwise_cfg': {'norm_decay_mult', 'bias_decay_mult', 'bias_lr_mult', 'flat_decay_mult', 'dwconv_decay_mult',
                      'dcn_offset_lr_mult', 'bypass_duplicate'},
}  # fmt: skip
OPEN = ('custom_keys', 'dist_cfg')  # dicts of any keys


def override(cfg: Config, options: dict):
    """Overrides settings of a config, by keys such as 'train_cfg.max_epochs'."""
    source, before = Path(cfg.filename or 'the config').name, cfg.to_dict()
    for key in options:
        check_place(before, key, source)
    cfg.merge_from_dict(options)
    compare(before, cfg.to_dict(), source)


def check_overrides(cfg: Config):
    """Refuses what was set since a config was read from its file and cannot take effect."""
    if cfg.filename and Path(cfg.filename).is_file():
        compare(Config.fromfile(cfg.filename).to_dict(), cfg.to_dict(), Path(cfg.filename).name)


def check_place(cfg: dict, key: str, source: str):
    """Raises unless all but the last part of a key lead to a dict."""
    node, path = cfg, []
    for part in key.split('.'):
        place = '.'.join(path)
        if isinstance(node, list | tuple):
            if not (part.isdecimal() and int(part) < len(node)):
                raise ConfigError(f"{key}: {place} of {source} is a list of {len(node)}, without '{part}'.")
            if not isinstance(node[int(part)], dict) or key == f'{place}.{part}':
                raise ConfigError(f'{key}: one value of a list cannot be set. Set {place} as a whole.')
            node = node[int(part)]
        elif not isinstance(node, dict):
            raise ConfigError(f"{key}: {place} of {source} is {node!r}, which has no '{part}'.")
        elif part not in node:
            return
        else:
            node = node[part]
        path.append(part)


def compare(before: dict, after: dict, source: str):
    settings = SETTINGS if markers(before) else ()
    for path, owner, value in changes(before, after):
        *place, name = path
        if path[0] in before and path[0] not in (*FIELDS, *settings):
            raise ConfigError(
                f'{".".join(path)}: {source} uses {path[0]} while it is read, and nothing reads it later. '
                f'{read_instead(before, path) or "Leave it out."}'
            )
        if owner is not None and not takes(owner, path, value):
            known = {*owner} - {name} if place else {*FIELDS, *settings}
            close = difflib.get_close_matches(name, known, 1)
            has = f'It has: {", ".join(sorted(known if place else known & set(before)))}.'
            todo = f"Did you mean '{close[0]}'?" if close else has
            todo = todo if place else read_instead(before, path) or todo
            raise ConfigError(f"{'.'.join(path)}: {'.'.join(place) or source} has no '{name}'. {todo}")


def changes(before, after, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], dict | None, object]]:
    """The path of each change and its new value; for a new key, also the dict that gained it."""
    if isinstance(before, dict) and isinstance(after, dict):
        for key, value in after.items():
            if key in before:
                yield from changes(before[key], value, (*path, str(key)))
            else:
                yield (*path, str(key)), after, value
    elif isinstance(before, list | tuple) and isinstance(after, list | tuple) and len(before) == len(after):
        for number, pair in enumerate(zip(before, after, strict=True)):
            yield from changes(*pair, (*path, str(number)))
    elif before != after and not markers(before):
        yield path, None, after


def takes(owner: dict, path: tuple[str, ...], value) -> bool:
    """Whether a dict takes a key that the file does not have. What has a type checks its arguments itself."""
    *place, key = path
    if not place:
        return key in FIELDS
    if 'type' in owner or place[-1] in OPEN:
        return True
    if place == ['default_hooks']:
        return not isinstance(value, dict) or 'type' in value
    return key in ARGUMENTS.get(place[-1], ())


def read_instead(before: dict, path: tuple[str, ...]) -> str:
    """What to set instead: settings that are read, with the same name or else with the same value."""
    read = {'.'.join(found): value for found, value in places(before) if found[0] in FIELDS}
    same = [found for found in read if found.endswith(f'.{path[-1]}')]
    same = same or [found for found, value in read.items() if value == before.get(path[0]) is not None]
    return f'Set {", ".join(same[:4])}.' if same else ''


def places(node, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], object]]:
    """Every path in a config, with what is there."""
    pairs = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list | tuple) else ()
    for key, value in pairs:
        found = (*path, str(key))
        yield found, value
        yield from places(value, found)

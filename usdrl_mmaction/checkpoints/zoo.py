"""Checkpoints by name: ``usdrl://NAME`` wherever MMEngine takes a checkpoint, from ``index.json``."""

import difflib
import json
import os
from pathlib import Path

import torch

from usdrl_mmaction.errors import DownloadError

from .authors import convert
from .download import check, download, location
from .reading import read_checkpoint, weights_of

INDEX = Path(__file__).with_name('weights') / 'index.json'
PREFIX = 'usdrl://'


def load_from_zoo(filename: str, map_location=None) -> dict:
    """The checkpoint ``usdrl://NAME``, with this package's names also if the file has the authors'."""
    path = checkpoint_path(filename)
    checkpoint = read_checkpoint(path, map_location)
    return convert(weights_of(checkpoint, path)).checkpoint() if find(filename)['convert'] else checkpoint


def checkpoint_path(name: str) -> Path:
    """The file of a model, with or without ``usdrl://`` before its name, downloaded unless it is here.

    Downloads are kept in the folder ``usdrl`` of torch's hub folder. The environment variable ``USDRL_ZOO`` names a
    folder or server to download from instead.
    """
    entry = find(name)
    file, url, size, sha256 = (entry[key] for key in ('file', 'url', 'size', 'sha256'))
    if url is None:
        check(INDEX.with_name(file), size, sha256, 'It belongs to usdrl-mmaction: install that again.')
        return INDEX.with_name(file)
    target = Path(torch.hub.get_dir(), 'usdrl', file)
    mirror = os.environ.get('USDRL_ZOO')
    download(location(mirror, file) if mirror else url, target, size, sha256)
    return target


def models() -> dict[str, dict]:
    """The entries of the index, by name. No ``url``: the file is in this package. No ``sha256``: it is not published,
    and is recorded on first use. ``convert``: the file has the authors' names."""
    return json.loads(INDEX.read_text())


def packaged_model() -> str:
    """The name of the first model that is in this package."""
    for name, entry in models().items():
        if entry['url'] is None:
            return name
    raise DownloadError(f'This package comes without a model: name one of the zoo ({", ".join(models())}).')


def find(name: str) -> dict:
    name, known = name.removeprefix(PREFIX), models()
    if name in known:
        return known[name]
    close = difflib.get_close_matches(name, known, 1)
    hint = f" Did you mean '{PREFIX}{close[0]}'?" if close else ''
    raise DownloadError(f"The zoo has no model '{name}'.{hint} It has: {', '.join(known)}.")

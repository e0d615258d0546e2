"""A model as a folder: ``model.safetensors`` with its numbers, ``config.json``, which says what they are, and a model
card, ``README.md``. The Hugging Face hub takes such folders. Nothing in one is run."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from usdrl_mmaction.errors import CheckpointError
from usdrl_mmaction.files import missing, replacing

from .build import build
from .card import model_card
from .describe import FORMAT, complete_arguments, listed, plain, with_layouts

WEIGHTS, CONFIG, CARD = 'model.safetensors', 'config.json', 'README.md'
HIGHEST = 1e12  # number of a model; a flipped bit makes higher ones, and from these NaN


def is_folder(path: str | Path) -> bool:
    """Whether a path is a folder of a model."""
    return Path(path, CONFIG).is_file()


def write_folder(folder: str | Path, model: nn.Module, arrays: dict[str, np.ndarray], about: dict):
    """Writes an encoder (a model with ``backbone`` and ``cfg``), arrays of any names, and a description for JSON."""
    tensors = {f'backbone.{name}': value for name, value in model.backbone.state_dict().items()}
    tensors |= {name: torch.from_numpy(np.ascontiguousarray(value)) for name, value in arrays.items()}
    encoder = complete_arguments(model.cfg.model.backbone)
    write_tensors(folder, tensors, {'format': FORMAT, **about, 'encoder': encoder})


def write_tensors(folder: str | Path, tensors: dict[str, Tensor], about: dict):
    """Writes tensors and their description."""
    folder, about = Path(folder), with_layouts(listed(plain(about)))
    with replacing(folder / WEIGHTS) as draft:
        save_file({name: value.contiguous() for name, value in tensors.items()}, draft)
    with replacing(folder / CONFIG) as draft:
        draft.write_text(json.dumps(about, indent=1) + '\n', encoding='utf-8')
    with replacing(folder / CARD) as draft:
        draft.write_text(model_card(folder.resolve().name, about), encoding='utf-8')


def read_folder(folder: str | Path) -> tuple[nn.Module, dict[str, np.ndarray], dict]:
    """The encoder, the arrays and the description of a folder."""
    tensors, about = read_tensors(folder)
    weights = {name: value for name, value in tensors.items() if name.startswith('backbone.')}
    described = dict(format=about.get('format'), model='FrozenRecognizer', encoder=about.get('encoder'))
    model = build(described, weights, folder)
    return model, {name: value.numpy() for name, value in tensors.items() if name not in weights}, about


def read_tensors(folder: str | Path) -> tuple[dict[str, Tensor], dict]:
    """The tensors and the description of a folder."""
    about = read_about(folder)
    tensors = part(Path(folder), WEIGHTS, load_file)
    if broken := next((name for name, value in tensors.items() if not (value.abs() <= HIGHEST).all()), None):
        path = Path(folder) / WEIGHTS
        raise CheckpointError(f'{path} is damaged: {broken} has values above {HIGHEST:g}. Copy it again.')
    return tensors, about


def read_about(folder: str | Path) -> dict:
    """The description of a folder."""
    about = part(Path(folder), CONFIG, lambda path: json.loads(path.read_text(encoding='utf-8')))
    if not isinstance(about, dict):
        raise CheckpointError(f'{Path(folder) / CONFIG} describes no model: it holds a {type(about).__name__}.')
    return about


def part(folder: Path, name: str, read: Callable):
    """What ``read`` makes of a file of the folder."""
    if not (folder / name).is_file():
        raise missing(folder / name, 'part of the model', f'A model is a folder of {CONFIG} and {WEIGHTS}.')
    try:
        return read(folder / name)
    except (ValueError, SafetensorError, OSError, RecursionError) as error:
        raise CheckpointError(f'{folder} holds a damaged model: {error}. Copy it again.') from None

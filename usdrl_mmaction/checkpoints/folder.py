"""A model as a folder: ``model.safetensors`` with its numbers and ``config.json``, which says what they are. Nothing in
it is run."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from mmaction.registry import MODELS
from mmengine.config import Config
from mmengine.registry import init_default_scope
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from usdrl_mmaction.errors import CheckpointError
from usdrl_mmaction.files import missing, replacing

WEIGHTS, CONFIG = 'model.safetensors', 'config.json'
FORMAT = 1
ENCODERS = ('DSTE', 'STTR')
LARGEST = 4096  # width of an encoder that a folder may ask for
HIGHEST = 1e6  # number of a model; a flipped bit makes higher ones, and from these NaN


def write_folder(folder: str | Path, model: nn.Module, arrays: dict[str, np.ndarray], about: dict):
    """Writes an encoder (a model with ``backbone`` and ``cfg``), arrays of any names, and a description for JSON."""
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    tensors = {f'backbone.{name}': value.contiguous() for name, value in model.backbone.state_dict().items()}
    tensors |= {name: torch.from_numpy(np.ascontiguousarray(value)) for name, value in arrays.items()}
    description = {'format': FORMAT, **about, 'encoder': plain(model.cfg.model.backbone)}
    with replacing(folder / WEIGHTS) as draft:
        save_file(tensors, draft)
    with replacing(folder / CONFIG) as draft:
        draft.write_text(json.dumps(description, indent=1) + '\n')


def read_folder(folder: str | Path) -> tuple[nn.Module, dict[str, np.ndarray], dict]:
    """The encoder, the arrays and the description of a folder."""
    folder = Path(folder)
    about, tensors = read_about(folder), part(folder, WEIGHTS, load_file)
    if broken := next((name for name, value in tensors.items() if not (value.abs() <= HIGHEST).all()), None):
        raise CheckpointError(f'{folder / WEIGHTS} is damaged: {broken} has values above {HIGHEST:g}. Copy it again.')
    encoder = about.get('encoder')
    width = encoder.get('embed_dims', 1024) if isinstance(encoder, dict) else None
    if not isinstance(width, int) or not 0 < width <= LARGEST or encoder.get('type') not in ENCODERS:
        raise CheckpointError(f"{folder / CONFIG} describes no encoder: 'encoder' has a 'type', one of {ENCODERS}.")
    weights = {name.removeprefix('backbone.'): value for name, value in tensors.items() if name.startswith('backbone.')}
    model = build(encoder, weights, folder)
    arrays = {name: value.numpy() for name, value in tensors.items() if not name.startswith('backbone.')}
    return model, arrays, about


def read_about(folder: str | Path) -> dict:
    """The description of a folder."""
    about = part(Path(folder), CONFIG, lambda path: json.loads(path.read_text(encoding='utf-8')))
    if not isinstance(about, dict):
        raise CheckpointError(f'{Path(folder) / CONFIG} describes no encoder: it holds a {type(about).__name__}.')
    return about


def part(folder: Path, name: str, read: Callable):
    """What ``read`` makes of a file of the folder."""
    if not (folder / name).is_file():
        raise missing(folder / name, 'part of the model', f'A model is a folder of {CONFIG} and {WEIGHTS}.')
    try:
        return read(folder / name)
    except (ValueError, SafetensorError, OSError, RecursionError) as error:
        raise CheckpointError(f'{folder} holds a damaged model: {error}. Copy it again.') from None


def build(encoder: dict, weights: dict[str, Tensor], folder: Path) -> nn.Module:
    """The encoder with its weights, which have to be those that its description asks for."""
    init_default_scope('mmaction')
    cfg = Config(dict(model=dict(type='FrozenRecognizer', backbone=encoder)))
    try:
        with torch.device('meta'):  # nothing is allocated before the shapes are known to be right
            expected = MODELS.build(cfg.model).backbone.state_dict()
    except (TypeError, ValueError, KeyError, RuntimeError, OverflowError, MemoryError) as error:
        raise CheckpointError(f'{folder / CONFIG} describes an encoder that cannot be built: {error}') from None
    shapes, found = ({name: tuple(value.shape) for name, value in each.items()} for each in (expected, weights))
    if shapes != found:
        name = next(name for name in {**shapes, **found} if shapes.get(name) != found.get(name))
        raise CheckpointError(
            f'{folder / WEIGHTS} and {CONFIG} do not belong together: {name} is {found.get(name, "missing")}, not '
            f'{shapes.get(name, "a weight of the encoder")}.'
        )
    model = MODELS.build(cfg.model)
    model.backbone.load_state_dict(weights)
    model.cfg = cfg
    return model.eval()


def plain(value):
    """Values of a config as JSON takes them."""
    if isinstance(value, dict):
        return {str(key): plain(each) for key, each in value.items()}
    return [plain(each) for each in value] if isinstance(value, list | tuple) else value

"""Loads a trained model: from a config and a checkpoint, or from what describes itself."""

from pathlib import Path

import numpy as np
from mmaction.registry import MODELS
from mmengine.config import Config
from mmengine.registry import init_default_scope
from mmengine.runner import CheckpointLoader
from torch import Tensor, nn

from usdrl_mmaction.checkpoints.build import build
from usdrl_mmaction.checkpoints.describe import description_of, meta_of
from usdrl_mmaction.checkpoints.folder import is_folder, read_tensors
from usdrl_mmaction.checkpoints.hub import HUB, fetch
from usdrl_mmaction.checkpoints.reading import weights_of
from usdrl_mmaction.checkpoints.saving import newest_checkpoint
from usdrl_mmaction.checkpoints.zoo import PREFIX, models
from usdrl_mmaction.engine.novelty import Known, Novelty
from usdrl_mmaction.engine.runner.settings import complete
from usdrl_mmaction.errors import CheckpointError, UsageError
from usdrl_mmaction.files import missing
from usdrl_mmaction.models import MPCT


def load_model(model: str | Path | Config, checkpoint: str | Path | None = None, device='cpu') -> nn.Module:
    """A recognizer or localizer in evaluation mode, with ``cfg`` and ``dataset_meta``, which describe its clips.

    With a pretraining config, it is the encoder alone. A classifier without weights in the checkpoint is left out.

    Args:
        model (str | Path | Config): A config, which needs a checkpoint as well; or, by itself, what describes itself:
            a work dir or checkpoint of usdrl train, a file or folder of usdrl publish, the name of a model in the zoo,
            or hf://OWNER/NAME.
        checkpoint (str | Path | None): File, URL or ``usdrl://NAME`` of the weights of a config.
    """
    init_default_scope('mmaction')
    is_config = isinstance(model, Config) or str(model).endswith('.py')
    if is_config != (checkpoint is not None):
        raise UsageError(
            "A config goes with a checkpoint (--checkpoint); a work dir, a checkpoint or a model's name goes alone."
        )
    if is_config and not isinstance(model, Config) and not Path(model).is_file():
        raise missing(model, 'config')
    built = with_config(model, checkpoint) if is_config else described(model)
    return built.to(device).eval()


def described(source: str | Path) -> nn.Module:
    """The model that a work dir, file, folder or name holds."""
    source = find_model(source)
    if Path(source).is_dir():
        weights, about = read_tensors(source)
        kept = {name.removeprefix('unknown.'): value for name, value in weights.items() if name.startswith('unknown.')}
    else:
        content = load_checkpoint(source)
        weights = plain_names(weights_of(content, source))
        about, kept = description_of(content, weights, source), content.get('unknown') or {}
    model = build(about, weights, source)
    model.novelty = novelty_of(about.get('unknown'), kept, model, source)
    return model


def find_model(source: str | Path) -> str:
    """The path of the folder or file that a source stands for, or its name in the zoo."""
    source = str(source)
    if source.startswith(HUB):
        return str(fetch(source))
    path = Path(source).expanduser()
    if not path.is_dir() or is_folder(path):
        return source
    newest = newest_checkpoint(path)[0]
    if newest is None:
        raise CheckpointError(
            f'{path} holds no model: neither a checkpoint of usdrl train (*.pth) nor the config.json of a saved model.'
        )
    return str(newest)


def with_config(model: str | Path | Config, checkpoint: str | Path) -> nn.Module:
    """The model of a config, with the weights of a checkpoint that may say nothing of itself."""
    content = load_checkpoint(str(checkpoint))
    weights = plain_names(weights_of(content, checkpoint))
    cfg = complete(model if isinstance(model, Config) else Config.fromfile(model))
    if MODELS.get(cfg.model.type) is MPCT:
        cfg.model = dict(type='FrozenRecognizer', backbone=cfg.model.backbone)
    if not any(name.startswith('cls_head.') for name in weights):
        cfg.model.pop('cls_head', None)
    built = MODELS.build(cfg.model)
    load_weights(built, weights, checkpoint)
    built.cfg, built.dataset_meta = cfg, meta_of(content).get('dataset_meta') or {}
    if getattr(built, 'with_cls_head', False):
        numbers = (meta_of(content).get('description') or {}).get('unknown')
        built.novelty = novelty_of(numbers, content.get('unknown') or {}, built, checkpoint)
    return built


def plain_names(weights: dict[str, Tensor]) -> dict[str, Tensor]:
    """Weights by the names that they have in a model that is not wrapped."""
    return {name.removeprefix('module.'): value for name, value in weights.items()}


def novelty_of(numbers, kept: dict, model: nn.Module, source: str | Path) -> Novelty | None:
    """What a checkpoint says of clips that are unlike its training."""
    if numbers is None:
        return None
    try:
        features, labels = (kept[name].float().numpy() for name in ('features', 'labels'))
        known = Known(*(numbers[key] for key in Known._fields))
        (one, two), (three, four), five, factor = *known, numbers['factor']
        right = np.isfinite([one, two, three, four, five, factor]).all() and three > 0 < four and factor > 0
        right &= features.ndim == 2 and labels.shape == features.shape[:1] and len(labels) > 0
        right &= np.isfinite(features).all() and labels.min() >= 0 and labels.max() < model.cls_head.num_classes
        right &= features.shape[1] == 2 * getattr(model.backbone, 'embed_dims', features.shape[1] / 2)
    except (KeyError, TypeError, ValueError, AttributeError):
        right = False
    if not right:
        raise CheckpointError(f"{source}: what it says of unknown clips ('unknown') is not as this package writes it.")
    return Novelty(known, float(factor), features, labels.astype(int))


def load_checkpoint(source: str) -> dict:
    """A checkpoint by its path, URL or name."""
    if '://' not in source and not Path(source).expanduser().is_file():
        if source not in models():
            raise missing(
                source,
                'checkpoint',
                f'The zoo has no model of that name; it has: {", ".join(models())}. A config needs a checkpoint.',
            )
        source = f'{PREFIX}{source}'
    return CheckpointLoader.load_checkpoint(source, map_location='cpu', logger='silent')


def load_weights(model: nn.Module, weights: dict[str, Tensor], source: str | Path):
    """Loads all weights of the model from a checkpoint that may have more."""
    state = model.state_dict()
    lacking = [name for name in state if name not in weights]
    if lacking:
        raise CheckpointError(
            f'{source} has no weights for {len(lacking)} of the {len(state)} tensors of the model, such as '
            f'{lacking[0]}; it has {", ".join(list(weights)[:3])}. Does it belong to this config?'
        )
    for name, value in state.items():
        if weights[name].shape != value.shape:
            raise CheckpointError(
                f'{source} has {name} of the shape {tuple(weights[name].shape)}, the model {tuple(value.shape)}. Set '
                'the sizes of the config (embed_dims, layout, num_person, num_frames, num_classes) to those it was '
                'trained with.'
            )
    model.load_state_dict({name: weights[name] for name in state})

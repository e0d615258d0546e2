"""Loads a trained model, from a config and a checkpoint, or from a checkpoint that describes its encoder."""

from pathlib import Path

from mmaction.registry import MODELS
from mmengine.config import Config
from mmengine.registry import init_default_scope
from mmengine.runner import CheckpointLoader
from torch import Tensor, nn

from usdrl_mmaction.checkpoints.describe import meta_of, model_of
from usdrl_mmaction.checkpoints.reading import weights_of
from usdrl_mmaction.checkpoints.zoo import PREFIX, models
from usdrl_mmaction.engine.runner.settings import complete
from usdrl_mmaction.errors import CheckpointError, UsageError
from usdrl_mmaction.files import missing
from usdrl_mmaction.models import MPCT


def load_model(model: str | Path | Config, checkpoint: str | Path | None = None, device='cpu') -> nn.Module:
    """A recognizer or localizer in evaluation mode, with ``cfg`` and ``dataset_meta``, which describe its clips.

    With a pretraining config, it is the encoder alone. A classifier without weights in the checkpoint is left out.

    Args:
        model (str | Path | Config): A config, which needs a checkpoint as well; or, by itself, the name of a model in
            the zoo, or a checkpoint that usdrl publish wrote.
        checkpoint (str | Path | None): File, URL or ``usdrl://NAME`` of the weights.
    """
    init_default_scope('mmaction')
    is_config = isinstance(model, Config) or str(model).endswith('.py')
    if is_config != (checkpoint is not None):
        raise UsageError("A config goes with a checkpoint; a checkpoint or a model's name goes alone.")
    if is_config and not isinstance(model, Config) and not Path(model).is_file():
        raise missing(model, 'config')
    source = checkpoint if is_config else model
    content = load_checkpoint(str(source))
    weights = {name.removeprefix('module.'): value for name, value in weights_of(content, source).items()}
    if is_config:
        cfg = complete(model if isinstance(model, Config) else Config.fromfile(model))
    else:
        cfg = Config(dict(model=model_of(content, weights, source)))
    if MODELS.get(cfg.model.type) is MPCT:
        cfg.model = dict(type='FrozenRecognizer', backbone=cfg.model.backbone)
    if not any(name.startswith('cls_head.') for name in weights):
        cfg.model.pop('cls_head', None)
    built = MODELS.build(cfg.model)
    load_weights(built, weights, source)
    built.cfg, built.dataset_meta = cfg, meta_of(content).get('dataset_meta') or {}
    return built.to(device).eval()


def load_checkpoint(source: str) -> dict:
    """A checkpoint by its path, URL or name."""
    if '://' not in source and not Path(source).expanduser().is_file():
        if source not in models():
            raise missing(source, 'checkpoint', f'The zoo has no model of that name; it has: {", ".join(models())}.')
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

"""Refuses a checkpoint that does not fit the encoder, of which MMEngine would load only the part that fits."""

import logging

from mmaction.registry import HOOKS
from mmengine.hooks import Hook
from mmengine.logging import print_log
from mmengine.model import is_model_wrapper

from usdrl_mmaction.errors import CheckpointError
from usdrl_mmaction.models import FrozenRecognizer

ENCODER, WHITENING = 'backbone.', 'backbone.whitening.'
REASONS = {
    'spatial_position': 'The persons times joints differ: set num_person and layout of the backbone to those of the '
    'checkpoint. An absent person is zeros, and the transform MapLayout maps joints to another layout.',
    'embeddings': 'The persons, joints, frames or coordinates of a clip differ, or embed_dims does.',
}
OTHERWISE = 'Set the backbone of the config (type, embed_dims, num_layers, modalities, …) to that of the checkpoint.'


@HOOKS.register_module()
class TransferHook(Hook):
    """Compares the encoder in a checkpoint with the model's, by names and shapes. Weights of a classifier of other
    classes are left out."""

    priority = 'LOWEST'  # a checkpoint that cannot be resumed at all is reported before

    def before_train(self, runner):
        model = runner.model.module if is_model_wrapper(runner.model) else runner.model
        drawn = not runner._load_from and not getattr(model.backbone, 'init_cfg', None)
        if isinstance(model, FrozenRecognizer) and drawn:
            runner.logger.warning(
                'The encoder is random: its weights stay as they were drawn. Set load_from to a checkpoint, such as '
                'usdrl://body, or is that meant?'
            )

    def after_load_checkpoint(self, runner, checkpoint):
        weights, source = checkpoint.get('state_dict', checkpoint), runner._load_from or 'The checkpoint'
        expected, given = shapes(runner.model.state_dict()), shapes(weights)
        compare_encoders(expected, given, source)
        for name in list(weights):
            plain = name.removeprefix('module.')
            if expected.get(plain, given[plain]) != given[plain]:
                print_log(f'{source}: {name} has another shape and is left out.', 'current', logging.INFO)
                weights.pop(name)


def shapes(weights: dict) -> dict[str, tuple]:
    """By the names that they have in a model that is not wrapped."""
    return {name.removeprefix('module.'): tuple(value.shape) for name, value in weights.items()}


def compare_encoders(expected: dict[str, tuple], given: dict[str, tuple], source: str):
    expected, given = (
        {name: shape for name, shape in side.items() if name.startswith(ENCODER) and not name.startswith(WHITENING)}
        for side in (expected, given)
    )  # without whitening an encoder is the same encoder
    if not given:
        raise CheckpointError(
            f"{source} holds no encoder: nothing in it is named '{ENCODER}…'. A checkpoint of the authors goes through "
            'usdrl convert-checkpoint first.'
        )
    differing = [name for name in expected if name in given and expected[name] != given[name]]
    for name in sorted(differing, key=lambda name: 'spatial_position' not in name):
        reason = next((REASONS[part] for part in REASONS if part in name), OTHERWISE)
        raise CheckpointError(f'{source} has {name} of the shape {given[name]}, the model {expected[name]}. {reason}')
    lacking, unknown = (sorted(a.keys() - b.keys()) for a, b in ((expected, given), (given, expected)))
    if lacking or unknown:
        what = f'lacks {lacking[0]} of the model' if lacking else f'has {unknown[0]}, which the model lacks'
        raise CheckpointError(f'{source} {what} (names that differ: {len(lacking) + len(unknown)}). {OTHERWISE}')

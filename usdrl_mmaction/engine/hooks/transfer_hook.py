"""A checkpoint that does not fit the encoder is refused. MMEngine would load the part that fits and go on, with the
rest at random."""

import logging

from mmaction.registry import HOOKS
from mmengine.hooks import Hook
from mmengine.logging import print_log

from usdrl_mmaction.errors import CheckpointError

ENCODER = 'backbone.'
REASONS = {
    'spatial_position': 'The persons times joints differ: set num_person and layout of the backbone to those of the '
    'checkpoint. A person who is not there is zeros, and the transform MapLayout maps joints to another layout.',
    'embeddings': 'The persons, joints, frames or coordinates of a clip differ, or embed_dims does.',
}
OTHERWISE = 'Set the backbone of the config (type, embed_dims, num_layers, modalities, …) to that of the checkpoint.'


@HOOKS.register_module()
class TransferHook(Hook):
    """Compares the encoder in a checkpoint with the model's, by names and shapes. A classifier of other classes is left
    out, and begins anew."""

    priority = 'LOWEST'  # a checkpoint that cannot be resumed at all is said before

    def after_load_checkpoint(self, runner, checkpoint):
        wanted, weights = runner.model.state_dict(), checkpoint.get('state_dict', checkpoint)
        source = runner._load_from or 'The checkpoint'
        compare(encoder(wanted), encoder(weights), source)
        for name in heads_of_other_shape(wanted, weights):
            print_log(f'{source}: {name} has another shape and is left out.', 'current', logging.INFO)
            weights.pop(name)


def shapes(weights: dict) -> dict[str, tuple]:
    """By the names that they have in a model that is not wrapped."""
    return {name.removeprefix('module.'): tuple(value.shape) for name, value in weights.items()}


def encoder(weights: dict) -> dict[str, tuple]:
    return {name: shape for name, shape in shapes(weights).items() if name.startswith(ENCODER)}


def compare(wanted: dict[str, tuple], given: dict[str, tuple], source: str):
    if not given:
        raise CheckpointError(
            f"{source} holds no encoder: nothing in it is named '{ENCODER}…'. A checkpoint of the authors goes through "
            'usdrl convert-checkpoint first.'
        )
    differing = [name for name in wanted if name in given and wanted[name] != given[name]]
    for name in sorted(differing, key=lambda name: 'spatial_position' not in name):
        reason = next((REASONS[part] for part in REASONS if part in name), OTHERWISE)
        raise CheckpointError(f'{source} has {name} of the shape {given[name]}, the model {wanted[name]}. {reason}')
    lacking, unknown = (sorted(a.keys() - b.keys()) for a, b in ((wanted, given), (given, wanted)))
    if lacking or unknown:
        said = f'lacks {lacking[0]} of the model' if lacking else f'has {unknown[0]}, which the model lacks'
        raise CheckpointError(f'{source} {said} ({len(lacking) + len(unknown)} such names). {OTHERWISE}')


def heads_of_other_shape(model: dict, weights: dict) -> list[str]:
    wanted = {name: shape for name, shape in shapes(model).items() if not name.startswith(ENCODER)}
    given = zip(weights, shapes(weights).items(), strict=True)
    return [name for name, (plain, shape) in given if wanted.get(plain, shape) != shape]

"""Converts the authors' checkpoints to this package's names."""

import re
from typing import NamedTuple

from torch import Tensor

from usdrl_mmaction.errors import CheckpointError

LAYER = r'backbone\.(?P<stream>[ts])_tr(?P<index>1?)\.'
STREAMS = {'t': 'temporal', 's': 'spatial', 'i': 'instance'}
# The authors' name, without 'module.', and ours. Tensors without a name of ours are computed, or second copies.
NAMES = [
    (r'backbone\.tpe\.pe', None),
    (LAYER + r'DSA\.attn\..*', None),
    (r'backbone\.spe', 'backbone.spatial_position'),
    (r'backbone\.ske_emb\.(?P<stream>[ts])_embedding\.', 'backbone.embeddings.0.{stream}.'),
    (LAYER + r'CA\.attn\.in_proj_', 'backbone.{stream}.{index}.attention.qkv.'),
    (LAYER + r'CA\.attn\.out_proj\.', 'backbone.{stream}.{index}.attention.out.'),
    (LAYER + r'CA\.conv1\.', 'backbone.{stream}.{index}.conv.'),
    (LAYER + r'CA\.mlp\.fc1\.', 'backbone.{stream}.{index}.conv_branch.mlp.0.'),
    (LAYER + r'CA\.mlp\.fc2\.', 'backbone.{stream}.{index}.conv_branch.mlp.2.'),
    (LAYER + r'CA\.(?=norm)', 'backbone.{stream}.{index}.conv_branch.'),
    (LAYER + r'DSA\.wt(?=[12])', 'backbone.{stream}.{index}.shift.mix'),
    (LAYER + r'DSA\.mlp\.fc1\.', 'backbone.{stream}.{index}.shift_branch.mlp.0.'),
    (LAYER + r'DSA\.mlp\.fc2\.', 'backbone.{stream}.{index}.shift_branch.mlp.2.'),
    (LAYER + r'DSA\.(?=norm)', 'backbone.{stream}.{index}.shift_branch.'),
    (r'backbone\.(?P<stream>[ts])_tr\.layers\.', 'backbone.{stream}.layers.'),
    (r'(?P<stream>[tsi])_proj\.', 'head.projectors.{stream}.'),
    (r'fc\.', 'cls_head.fc.'),
]


class Converted(NamedTuple):
    """An authors' checkpoint in our names."""

    encoder: dict  # arguments of the encoder
    state_dict: dict[str, Tensor]
    mapped: dict[str, str]  # their name -> ours
    dropped: list[str]  # computed here, or a second copy
    left: list[str]  # unknown names

    def checkpoint(self) -> dict:
        """In MMEngine's format."""
        return {'meta': {'encoder': self.encoder}, 'state_dict': self.state_dict}


def convert(weights: dict[str, Tensor]) -> Converted:
    """Renames the parameters of the authors' pretraining and downstream models."""
    result = Converted(describe(weights), {}, {}, [], [])
    for theirs, value in weights.items():
        known, ours = rename(theirs.removeprefix('module.'))
        if ours:
            result.mapped[theirs] = ours
            result.state_dict[ours] = value
        else:
            (result.dropped if known else result.left).append(theirs)
    return result


def rename(name: str) -> tuple[bool, str | None]:
    """Whether a name is one of the authors', and ours for it."""
    for pattern, ours in NAMES:
        match = re.match(pattern, name)
        if match:
            groups = match.groupdict()
            stream, index = STREAMS.get(groups.get('stream')), groups.get('index') or '0'
            return True, ours and ours.format(stream=stream, index=index) + name[match.end() :]
    return False, None


def describe(weights: dict[str, Tensor]) -> dict:
    """The arguments of the encoder that follow from the shapes in an authors' checkpoint."""
    weights = {name.removeprefix('module.'): value for name, value in weights.items()}
    names = ['backbone.spe'] + [f'backbone.ske_emb.{stream}_embedding.0.weight' for stream in 'ts']
    missing = [name for name in names if name not in weights]
    if missing:
        raise CheckpointError(
            f'This is not a checkpoint of the USDRL authors: it has no {", ".join(missing)}. '
            f'It has {len(weights)} entries, such as {", ".join(list(weights)[:3])}.'
        )
    tokens, width = weights[names[0]].shape[1:]
    channels = weights[names[1]].size(1) // tokens
    persons = 2 if tokens % 2 == 0 else 1
    return dict(
        type='STTR' if 'backbone.t_tr.layers.0.linear1.weight' in weights else 'DSTE',
        layout={25: 'nturgb+d', 17: 'coco'}.get(tokens // persons, f'{tokens // persons} joints'),
        num_person=persons,
        num_frames=weights[names[2]].size(1) // channels,
        in_channels=channels,
        embed_dims=width,
    )

"""The authors' checkpoints in this package's names."""

import re
import zipfile
from pathlib import Path
from typing import NamedTuple

import torch
from torch import Tensor

from usdrl_mmaction.errors import CheckpointError

LAYER = r'backbone\.(?P<stream>[ts])_tr(?P<index>1?)\.'
STREAMS = {'t': 'temporal', 's': 'spatial', 'i': 'instance'}
# The authors' name, without 'module.', and ours. What has no name of ours is computed, or a second copy.
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

    encoder: dict  # arguments of the encoder that the shapes tell
    state_dict: dict[str, Tensor]
    mapped: dict[str, str]  # their name -> ours
    dropped: list[str]  # computed here, or a second copy
    left: list[str]  # not known to belong to such a file

    def checkpoint(self) -> dict:
        """As MMEngine loads it."""
        return {'meta': {'encoder': self.encoder}, 'state_dict': self.state_dict}


def read_weights(path: str) -> dict[str, Tensor]:
    """The ``state_dict`` of a checkpoint file. Only tensors and plain containers are read; nothing in it is run."""
    return read_checkpoint(path)['state_dict']


def read_checkpoint(path: str, map_location='cpu') -> dict:
    """A checkpoint file that has a ``state_dict``, read in the same way."""
    try:
        check_sums(path)
        content = torch.load(path, map_location=map_location, weights_only=True)
    except Exception as error:  # a damaged file makes torch raise whatever the damage spells
        reason = str(error).split('\n')[0]
        raise CheckpointError(f'{path} cannot be read as a file of weights: {reason}') from error
    weights = content.get('state_dict') if isinstance(content, dict) else None
    if not isinstance(weights, dict) or not all(isinstance(value, Tensor) for value in weights.values()):
        found = sorted(map(str, content)) if isinstance(content, dict) else type(content).__name__
        raise CheckpointError(f"{path} holds no 'state_dict' of tensors; it holds {found}.")
    return content


def check_sums(path: str | Path):
    """Whether all that a file holds is as it was written: torch does not look at the checksums that it writes."""
    if not zipfile.is_zipfile(path):
        return  # the format of before torch 1.6, which has none, or no checkpoint
    with zipfile.ZipFile(path) as archive:
        packed = [entry.filename for entry in archive.infolist() if entry.compress_type != zipfile.ZIP_STORED]
        broken = packed[0] if packed else archive.testzip()
    if broken:
        raise CheckpointError(f'the checksum of {broken} is wrong')


def convert(weights: dict[str, Tensor]) -> Converted:
    """Rename the parameters of the authors' pretraining and downstream models."""
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
    """What the shapes of an authors' checkpoint tell about its encoder."""
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

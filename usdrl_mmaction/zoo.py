"""Checkpoints from elsewhere: the authors' files in this package's names."""

import re

import torch

LAYER = r'backbone\.(?P<stream>[ts])_tr(?P<index>1?)'
STREAM = {'t': 'temporal', 's': 'spatial', 'i': 'instance'}
# The authors' name, without 'module.', -> ours. A name that maps to None is not a weight, or is a copy of one.
NAMES = [
    (r'backbone\.spe', 'backbone.spatial_position'),
    (r'backbone\.tpe\.pe', None),
    (r'backbone\.ske_emb\.(?P<stream>[ts])_embedding\.', 'backbone.embeddings.0.{stream}.'),
    (LAYER + r'\.DSA\.attn\..*', None),
    (LAYER + r'\.CA\.attn\.in_proj_', 'backbone.{stream}.{index}.attention.qkv.'),
    (LAYER + r'\.CA\.attn\.out_proj\.', 'backbone.{stream}.{index}.attention.out.'),
    (LAYER + r'\.CA\.conv1\.', 'backbone.{stream}.{index}.conv.'),
    (LAYER + r'\.CA\.mlp\.fc1\.', 'backbone.{stream}.{index}.conv_branch.mlp.0.'),
    (LAYER + r'\.CA\.mlp\.fc2\.', 'backbone.{stream}.{index}.conv_branch.mlp.2.'),
    (LAYER + r'\.CA\.', 'backbone.{stream}.{index}.conv_branch.'),
    (LAYER + r'\.DSA\.wt(?P<mix>[12])\.', 'backbone.{stream}.{index}.shift.mix{mix}.'),
    (LAYER + r'\.DSA\.mlp\.fc1\.', 'backbone.{stream}.{index}.shift_branch.mlp.0.'),
    (LAYER + r'\.DSA\.mlp\.fc2\.', 'backbone.{stream}.{index}.shift_branch.mlp.2.'),
    (LAYER + r'\.DSA\.', 'backbone.{stream}.{index}.shift_branch.'),
    (r'backbone\.(?P<stream>[ts])_tr\.layers\.', 'backbone.{stream}.layers.'),
    (r'(?P<stream>[tsi])_proj\.', 'head.projectors.{stream}.'),
    (r'fc\.', 'cls_head.fc.'),
]


def load_weights(path: str) -> dict:
    """What is in a checkpoint file. Only tensors and plain containers are read; nothing in it is run."""
    return torch.load(path, map_location='cpu', weights_only=True)


def rename(name: str) -> str | None:
    """Our name of one of the authors' parameters; None if it is left out. KeyError if it is not one of theirs."""
    name = name.removeprefix('module.')
    for pattern, ours in NAMES:
        match = re.match(pattern, name)
        if match and ours is None:
            return None
        if match:
            groups = match.groupdict()
            groups['stream'] = STREAM.get(groups.get('stream'))
            groups['index'] = groups.get('index') or '0'
            return ours.format(**groups) + name[match.end() :]
    raise KeyError(name)

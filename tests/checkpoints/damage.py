"""Damage to checkpoint files."""

import torch


def flip(path, byte):
    content = bytearray(path.read_bytes())
    content[byte] ^= 1
    path.write_bytes(content)


def tensor_bytes(path):
    """The position of the tensor in a checkpoint file."""
    return path.read_bytes().index(torch.arange(1000.0).add(2).numpy().tobytes())

"""The views of MPCT: a batch of clips of any length in, several augmented views of each out, on the model's device."""

import torch
from mmaction.registry import MODELS
from mmengine.model import BaseDataPreprocessor
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence

from usdrl_mmaction.skeletons import get_skeleton


@MODELS.register_module()
class MultiViewPreprocessor(BaseDataPreprocessor):
    """Makes the views of every clip of a batch at once.

    Args:
        crop (dict): ``CropResize``, which brings the clips to one length.
        augmentations (list[dict]): What follows, in this order.
        layout (str | dict): Name of the skeleton, or ``num_node``, ``inward`` and ``center`` of one.
        num_views (int): Views of each clip; ``MPCT`` sets it.
    """

    def __init__(self, crop, augmentations=(), layout='nturgb+d', num_views=4, non_blocking=True):
        super().__init__(non_blocking)
        self.skeleton = get_skeleton(layout)
        self.crop = MODELS.build(crop)
        self.augmentations = [MODELS.build(augmentation) for augmentation in augmentations]
        self.num_views = num_views

    @torch.no_grad()
    def forward(self, data: dict, training: bool = False) -> dict:
        """``inputs``: a list of (clips, M, T, V, C), T being any, becomes (views, N, M, T, V, C)."""
        data = self.cast_data(data)
        clips = [clip for sample in data['inputs'] for clip in sample.float()]  # N of (M, T, V, C)
        lengths = torch.tensor([clip.size(1) for clip in clips], device=clips[0].device)
        padded = pad_sequence([clip.transpose(0, 1) for clip in clips], batch_first=True)  # (N, T, M, V, C)
        index = torch.arange(len(clips), device=lengths.device).repeat(self.num_views)
        views = self.crop(padded, lengths, index).transpose(1, 2)  # (views·N, M, T, V, C)
        for augment in self.augmentations:
            views = augment(views, self.skeleton)
        return {**data, 'inputs': views.unflatten(0, (self.num_views, len(clips)))}


@MODELS.register_module()
class CropResize:
    """A random temporal crop, resized linearly to ``num_frames``.

    Args:
        num_frames (int): Frames of a view.
        ratio (tuple[float, float]): Range of the crop's share of the clip.
        min_frames (int): The crop has at least so many frames, or is the whole clip.
    """

    def __init__(self, num_frames=64, ratio=(0.1, 1.0), min_frames=64):
        self.num_frames = num_frames
        self.ratio = ratio
        self.min_frames = min_frames

    def __call__(self, padded: Tensor, lengths: Tensor, index: Tensor) -> Tensor:
        """One view for every entry of ``index``.  # (N, T, ...), (N,), (B,) -> (B, num_frames, ...)"""
        whole = lengths[index]  # (B,)
        share = torch.empty(len(index), device=index.device).uniform_(*self.ratio)
        frames = (share * whole).long().clamp(min=self.min_frames).minimum(whole)
        start = (torch.rand(len(index), device=index.device) * (whole - frames + 1)).long()
        return resample(padded, index, start, frames, self.num_frames)


def resample(padded: Tensor, index: Tensor, start: Tensor, frames: Tensor, num_frames: int) -> Tensor:
    """``frames`` frames from ``start`` of the clips at ``index``, resized linearly with half-pixel centres.

    The same as ``F.interpolate(crop, num_frames, mode='linear')`` of each.  # (N, T, ...) -> (B, num_frames, ...)
    """
    step = frames[:, None] / num_frames
    position = ((torch.arange(num_frames, device=padded.device) + 0.5) * step - 0.5).clamp(min=0)  # (B, num_frames)
    before = position.long()
    after = (before + 1).minimum(frames[:, None] - 1)
    weight = (position - before).view(*position.shape, *[1] * (padded.ndim - 2))
    first, second = (padded[index[:, None], start[:, None] + frame] for frame in (before, after))
    return torch.lerp(first, second, weight)

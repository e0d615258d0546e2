"""The views of MPCT: several augmented versions of each clip of a batch, made on the model's device."""

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from mmaction.registry import MODELS
from mmengine.model import BaseDataPreprocessor
from torch import Tensor

from usdrl_mmaction.errors import ConfigError
from usdrl_mmaction.skeletons import get_skeleton

from ..layers import full_precision


@MODELS.register_module()
class MultiViewPreprocessor(BaseDataPreprocessor):
    """Makes the views of all clips of a batch at once.

    Args:
        crop (dict): ``CropResize``, which brings the clips to one length.
        augmentations (list[dict]): The augmentations after it, in this order.
        layout (str | dict): The layout of the clips, as ``get_skeleton`` takes it.
        num_views (int): Views of each clip; ``MPCT`` sets it.
    """

    def __init__(self, crop, augmentations=(), layout='nturgb+d', num_views=4):
        super().__init__(non_blocking=True)
        self.skeleton = get_skeleton(layout)
        self.crop = MODELS.build(crop)
        self.augmentations = [MODELS.build(augmentation) for augmentation in augmentations]
        self.num_views = num_views
        for augmentation in self.augmentations:
            if getattr(augmentation, 'views', num_views) != num_views:
                raise ConfigError(
                    f'{type(augmentation).__name__} was set to {augmentation.views} views of a clip and there are '
                    f"{num_views}: set its 'views'."
                )

    @torch.no_grad()
    @full_precision
    def forward(self, data: dict, training: bool = False) -> dict:
        """Turns ``inputs``, a list of (clips, M, T, V, C) with any T, into views (views, N, M, T, V, C) for training,
        and otherwise into the whole clips (N, M, T, V, C), resized and with the augmentations that are the same for
        every clip (``fixed``)."""
        data = self.cast_data(data)
        clips = [clip for sample in data['inputs'] for clip in sample.float()]  # N of (M, T, V, C)
        timeline = torch.cat([clip.transpose(0, 1) for clip in clips])  # (F, M, V, C), all frames of all clips
        lengths = torch.tensor([clip.size(1) for clip in clips], device=timeline.device)
        first = lengths.cumsum(0) - lengths
        if not training:
            whole = resample(timeline, first, lengths, self.crop.num_frames)
            for augment in self.augmentations:
                whole = augment(whole, self.skeleton) if getattr(augment, 'fixed', False) else whole
            return {**data, 'inputs': whole}
        start, frames = self.crop(lengths.repeat(self.num_views))
        views = resample(timeline, first.repeat(self.num_views) + start, frames, self.crop.num_frames)
        for augment in self.augmentations:
            views = augment(views, self.skeleton)
        return {**data, 'inputs': views.unflatten(0, (self.num_views, len(clips)))}


@MODELS.register_module()
@dataclass
class CropResize:
    """A random temporal crop, resized linearly to ``num_frames``."""

    num_frames: int = 64  # of a view
    ratio: tuple[float, float] = (0.1, 1.0)  # range of the crop's share of the clip
    min_frames: int = 64  # of the crop; a shorter clip is taken whole

    def __call__(self, lengths: Tensor) -> tuple[Tensor, Tensor]:
        """Where the crop of each clip starts, and its number of frames.  # (B,) -> (B,), (B,)"""
        share = torch.empty(len(lengths), device=lengths.device).uniform_(*self.ratio)
        frames = (share * lengths).long().clamp(min=self.min_frames).minimum(lengths)
        return (torch.rand_like(share) * (lengths - frames + 1)).long(), frames


def resample(timeline: Tensor, start: Tensor, frames: Tensor, num_frames: int) -> Tensor:
    """``frames`` frames from ``start``, resized linearly with half-pixel centres: the same as
    ``F.interpolate(crop, num_frames, mode='linear')`` of each.  # (F, M, V, C), (B,), (B,) -> (B, M, num_frames, V, C)

    A new frame is a weighted sum of two old ones, which an embedding bag computes without copying them. In memory the
    coordinates come first, (B, C, num_frames, M, V): so a matrix multiplies them in the fewest steps.
    """
    length, persons, joints, channels = timeline.shape
    rows = timeline.permute(3, 0, 1, 2).reshape(channels * length, persons * joints)
    position = (torch.arange(num_frames, device=timeline.device) + 0.5) * (frames[:, None] / num_frames) - 0.5
    position = position.clamp(min=0)  # (B, num_frames)
    before = position.long()
    pair = torch.stack([before, (before + 1).minimum(frames[:, None] - 1)], dim=-1) + start[:, None, None]
    first = length * torch.arange(channels, device=timeline.device)[:, None, None]  # rows of a coordinate
    pair = pair[:, None] + first  # (B, C, num_frames, 2)
    weight = torch.stack([1 - (position - before), position - before], dim=-1)[:, None].expand(pair.shape)
    resized = F.embedding_bag(pair.flatten(0, 2), rows, per_sample_weights=weight.flatten(0, 2), mode='sum')
    return resized.view(len(frames), channels, num_frames, persons, joints).permute(0, 3, 2, 4, 1)

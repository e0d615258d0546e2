"""The foundation encoder in Python: features of clips of any length, people and body layout."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from mmengine.device import get_device
from torch import nn

from usdrl_mmaction.body import BODY, recognise
from usdrl_mmaction.checkpoints.folder import is_folder, read_about, read_folder
from usdrl_mmaction.datasets import ResizeFrames, ToBody
from usdrl_mmaction.errors import RecordingError, UsageError
from usdrl_mmaction.models.backbones.stream_encoder import StreamEncoder
from usdrl_mmaction.skeletons import get_skeleton

from .model import find_model, load_model

Clips = Sequence[np.ndarray] | np.ndarray


class BodyEncoder:
    """An encoder of the layout 'body', such as ``usdrl_mmaction.load('body')`` gives.

    Args:
        model (nn.Module): A model whose ``backbone`` is ``DSTE`` or ``STTR`` of the layout 'body', with its ``cfg``.
        device (str | None): By default an accelerator if there is one.
        batch_size (int): Clips that are encoded together.

    Examples:
        >>> import numpy as np
        >>> import usdrl_mmaction as usdrl
        >>> encoder = usdrl.load('body')
        >>> encoder.embed([np.random.rand(90, 17, 2), np.random.rand(2, 40, 17, 2)], layout='coco').shape
        (2, 256)
    """

    def __init__(self, model: nn.Module, device: str | None = None, batch_size: int = 64):
        if not isinstance(model.backbone, StreamEncoder) or model.backbone.skeleton != BODY:
            raise UsageError("This model takes clips of one layout. Load 'body', or a model that was trained from it.")
        self.device = device or get_device()
        self.model = model.to(self.device).eval()
        self.backbone = model.backbone
        self.batch_size = batch_size

    def embed(self, clips: Clips, layout: str | dict | None = None, pooling: Sequence[str] = ('max',)) -> np.ndarray:
        """The features of each clip.  # (N, 2D)

        Args:
            clips (list[np.ndarray] | np.ndarray): Clips (T, V, C) of one person or (M, T, V, C) of several, in 3D or in
                pixels, of any lengths; or an array (N, T, V, C) of clips of one person, or (N, M, T, V, C). Joints that
                were not seen are 0 or NaN.
            layout (str | dict | None): Their layout: a name, a dict or a JSON file. By default it is
                recognised by the number of joints and the lengths of the bones, where these tell.
            pooling (Sequence[str]): As ``StreamFeatures.pooled`` takes it; more than the maximum gives more features.
        """
        return self.encode(self.prepare(clips, layout), pooling)

    @torch.no_grad()
    def encode(self, clips: torch.Tensor, pooling: Sequence[str] = ('max',)) -> np.ndarray:
        """The features of clips that ``prepare`` made.  # (N, M, T, V, C) -> (N, F)"""
        batches = [self.backbone(batch.to(self.device)).pooled(pooling) for batch in clips.split(self.batch_size)]
        return torch.cat(batches).cpu().numpy()

    def prepare(self, clips: Clips, layout: str | dict | None = None) -> torch.Tensor:
        """The clips as the encoder takes them.  # (N, M, T, V, C)"""
        clips = as_clips(clips)
        people, frames, _, _ = self.backbone.clip_shape
        layout = layout if layout is not None else recognise(clips[0])
        to_body, resize = ToBody(layout), ResizeFrames(frames)
        prepared = np.zeros((len(clips), *self.backbone.clip_shape), np.float32)
        for number, clip in enumerate(clips):
            results = dict(keypoint=clip, frame_dir=f'clip {number}')
            keypoint = resize(to_body(results))['keypoint'][:people]
            prepared[number, : len(keypoint)] = keypoint
        return torch.from_numpy(prepared)


def open_encoder(encoder: str | Path | BodyEncoder, device: str | None = None) -> BodyEncoder:
    """The encoder of a model of the zoo, of a checkpoint that usdrl publish wrote, or of a folder; or the one given."""
    if isinstance(encoder, BodyEncoder):
        return encoder
    source = find_model(encoder)
    is_saved = is_folder(source) and read_about(source).get('kind')  # with arrays of its own
    return BodyEncoder(read_folder(source)[0] if is_saved else load_model(source), device)


def layout_of_asked(clip: np.ndarray, given: str | dict | None, fitted: str | dict) -> str | dict:
    """The layout of a clip that a model is asked for: the given one, else the one that the model was fitted to, or,
    where the clip has another number of joints, its own.  # (M, T, V, C)"""
    same = given is not None or clip.shape[2] == len(get_skeleton(fitted))
    return fitted if same else recognise(clip)


def other_order(shape: tuple[int, ...]) -> str:
    """A hint for a clip whose coordinates do not come last."""
    if len(shape) != 3 or 0 in shape or not {2, 3} & set(shape[:2]):
        return ''
    first = shape[0] in (2, 3)
    reading, order = ('(C, T, V)', '(1, 2, 0)') if first else ('(T, C, V)', '(0, 2, 1)')
    return f' If this is {reading}, give clip.transpose{order}.'


def as_clips(clips: Any) -> list[np.ndarray]:
    """Clips as a list of (M, T, V, C) in which what was not seen is 0."""
    if isinstance(clips, np.ndarray) and clips.dtype != object and clips.ndim not in (4, 5):
        one = 'one clip, of frames, joints and coordinates' if clips.ndim == 3 else 'no clips'
        raise RecordingError(
            f'An array of clips is (N, T, V, C), or (N, M, T, V, C) of several people; this one is {clips.shape}, '
            f'{one}. Give a list for one clip, [array], or for clips of several lengths.'
        )
    found = []
    for number, clip in enumerate(clips):
        clip = np.asarray(clip, np.float32)
        clip = clip[None] if clip.ndim == 3 else clip
        if clip.ndim != 4 or clip.shape[-1] not in (2, 3) or 0 in clip.shape:
            raise RecordingError(
                f'clip {number} is of shape {np.shape(clips[number])}: a clip is (T, V, C), frames, joints and 2 or 3 '
                f'coordinates, or (M, T, V, C) of several people.{other_order(np.shape(clips[number]))}'
            )
        found.append(np.nan_to_num(clip, posinf=0, neginf=0))
    if not found:
        raise RecordingError('There are no clips.')
    return found

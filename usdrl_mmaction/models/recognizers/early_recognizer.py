"""Early prediction: what a clip shows, said while it still goes on."""

import torch
from mmaction.models.recognizers import RecognizerGCN
from mmaction.registry import MODELS
from mmaction.structures import ActionDataSample
from torch import Tensor


@MODELS.register_module()
class EarlyRecognizer(RecognizerGCN):
    """Scores a clip after k/R of it, k = 1 … R, by one model for all k.

    The backbone is a causal ``DSTE``: one pass over the whole clip gives the temporal feature of every frame, and their
    cumulative maximum what was seen until then. In training each clip is seen up to a random point.

    Args:
        num_ratios (int): R.
        spatial (bool): Use the spatial stream too. A spatial token holds a joint's whole time line, so that the stream
            is computed anew at each point, from the clip as if people stood still from the last frame that was seen on.
            By default zeros stand in its place, which was no worse (docs/detect.md) and takes one pass.
    """

    def __init__(self, num_ratios=10, spatial=False, **kwargs):
        super().__init__(**kwargs)
        if not getattr(self.backbone, 'causal', False):
            raise ValueError('EarlyRecognizer needs a backbone that sees no later frame: a DSTE with causal=True.')
        num_frames = self.backbone.clip_shape[1]
        if not 1 <= num_ratios <= num_frames:
            raise ValueError(f'num_ratios={num_ratios} is from 1 to the {num_frames} frames of the backbone.')
        self.spatial = spatial
        self.seen = [num_frames * k // num_ratios for k in range(1, num_ratios + 1)]  # frames at each point

    def forward(self, inputs: Tensor, data_samples: list[ActionDataSample] | None = None, mode: str = 'tensor'):
        """Of clips (N, clips, M, T, V, C): the losses, the data samples with ``scores_by_ratio`` (R, classes), or the
        logits (N·clips, R, classes)."""
        clips = inputs.flatten(0, 1)
        if mode == 'loss':
            seen = torch.tensor(self.seen)[torch.randint(len(self.seen), (len(clips),))]
            return self.cls_head.loss(self.look(clips, seen.to(clips.device)), data_samples)
        logits = self.logits_by_ratio(clips)
        return self.predictions(logits, inputs.size(1), data_samples) if mode == 'predict' else logits

    def look(self, clips: Tensor, seen: Tensor) -> Tensor:
        """The features of each clip up to a frame of its own.  # (N, M, T, V, C), (N,) -> (N, 2D)"""
        row = torch.arange(len(clips), device=clips.device)
        return self.joined(self.temporal(clips)[row, seen - 1], clips, seen)

    def logits_by_ratio(self, clips: Tensor) -> Tensor:
        """At every point of a clip.  # (N, M, T, V, C) -> (N, R, classes)"""
        temporal = self.temporal(clips)
        points = [torch.full((len(clips),), seen, device=clips.device) for seen in self.seen]
        features = [self.joined(temporal[:, seen[0] - 1], clips, seen) for seen in points]
        return torch.stack([self.cls_head(feature) for feature in features], dim=1)

    def temporal(self, clips: Tensor) -> Tensor:
        """The maximum of the temporal features up to each frame.  # (N, M, T, V, C) -> (N, T, D)"""
        return self.backbone.temporal_stream(clips).cummax(1).values

    def joined(self, temporal: Tensor, clips: Tensor, seen: Tensor) -> Tensor:
        """Beside the temporal feature at a point, the spatial one.  # (N, D) -> (N, 2D)"""
        if not self.spatial:
            return torch.cat([temporal, torch.zeros_like(temporal)], dim=1)
        _, tokens = self.backbone.embed(stand_still(clips, seen), self.backbone.modality)
        spatial = self.backbone.spatial(tokens, self.backbone.spatial_position).amax(1)
        return torch.cat([temporal, spatial], dim=1)

    def predictions(self, logits: Tensor, num_clips: int, data_samples: list[ActionDataSample]):
        scores = logits.float().softmax(-1).unflatten(0, (-1, num_clips)).mean(1)  # (N, R, classes)
        for sample, score in zip(data_samples, scores, strict=True):
            sample.set_field(score, 'scores_by_ratio')
            sample.set_pred_score(score[-1]).set_pred_label(score[-1].argmax())
        return data_samples


def stand_still(clips: Tensor, seen: Tensor) -> Tensor:
    """Every clip with its frames from ``seen`` on replaced by the one before.  # (N, M, T, V, C), (N,)"""
    frame = torch.arange(clips.size(2), device=clips.device).minimum(seen[:, None] - 1)  # (N, T)
    return clips.gather(2, frame[:, None, :, None, None].expand_as(clips))

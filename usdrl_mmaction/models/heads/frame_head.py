"""A head that scores every frame for every class, and as a start or an end of an action, from streams."""

import torch
import torch.nn.functional as F
from mmaction.registry import MODELS
from mmaction.structures import ActionDataSample
from mmengine.model import BaseModule
from mmengine.model.weight_init import normal_init
from torch import Tensor, nn

from usdrl_mmaction.errors import ConfigError

from ..backbones.streams import StreamFeatures, as_streams, check_width

IGNORED = -1  # the label of frames that do not count
SPREAD = 0.1  # of the targets of a start and an end, in durations of the segment
TRUNCATION = 4.0  # larger changes of the log-probability count as this


@MODELS.register_module()
class FrameHead(BaseModule):
    """A linear classifier of frames, on a frame's temporal feature and the pooled spatial stream of its window.

    The spatial stream depends on the whole window: a causal localizer leaves it out.

    Args:
        num_classes (int): Actions, without the background, which comes first in the scores.
        in_channels (int): Width D of the backbone.
        loss_cls (dict | None): By default MMAction2's ``CrossEntropyLoss``; ``class_weight`` has the background first.
        smoothing (float): Weight of the truncated squared change of the log-probabilities from frame to frame.
        spatial (bool): False to leave the spatial stream out.
        boundaries (bool): Whether to score starts and ends as well, from the temporal stream. Data samples then need
            the ``segments`` of the video and the ``start`` of the window.
    """

    def __init__(
        self, num_classes, in_channels, loss_cls=None, smoothing=0.0, spatial=True, boundaries=False, init_cfg=None
    ):
        super().__init__(init_cfg)
        self.num_classes = num_classes
        self.in_channels = in_channels
        self.loss_cls = MODELS.build(loss_cls or dict(type='CrossEntropyLoss'))
        self.smoothing = smoothing
        # One layer on both features, in two parts, so that the spatial feature need not be repeated for each frame.
        self.temporal_fc = nn.Linear(in_channels, 1 + num_classes)
        self.spatial_fc = nn.Linear(in_channels, 1 + num_classes, bias=False) if spatial else None
        self.boundary_fc = nn.Linear(in_channels, 2) if boundaries else None

    def init_weights(self):
        normal_init(self.temporal_fc, std=0.01)
        if self.spatial_fc:
            normal_init(self.spatial_fc, std=0.01)
        if self.boundary_fc:
            normal_init(self.boundary_fc, std=0.01)

    def forward(self, feats: StreamFeatures | Tensor, num_frames: int) -> Tensor:
        """Logits of every frame; where a backbone has fewer, interpolated.  # (N, num_frames, 1 + classes)"""
        temporal, spatial = as_streams(feats)
        check_width(self, temporal.size(-1))
        logits = at_frames(self.temporal_fc(temporal), num_frames)  # (N, num_frames, 1 + classes)
        return logits + self.spatial_fc(spatial.amax(1))[:, None] if self.spatial_fc else logits

    def features(self, feats: StreamFeatures | Tensor, num_frames: int) -> Tensor:
        """What the layer on both features takes, repeated for each frame.  # (N, num_frames, D or 2D)"""
        temporal, spatial = as_streams(feats)
        temporal = at_frames(temporal, num_frames)
        pooled = [spatial.amax(1, keepdim=True).expand_as(temporal)] if self.spatial_fc else []
        return torch.cat([temporal, *pooled], dim=-1)

    @torch.no_grad()
    def set_weights(self, weight: Tensor, bias: Tensor):
        """The weights of the layer on ``features``.  # (1 + classes, D or 2D), (1 + classes,)"""
        self.temporal_fc.weight.copy_(weight[:, : self.in_channels])
        self.temporal_fc.bias.copy_(bias)
        if self.spatial_fc:
            self.spatial_fc.weight.copy_(weight[:, self.in_channels :])

    def boundary_logits(self, feats: StreamFeatures | Tensor, num_frames: int) -> Tensor:
        """Logits of every frame as a start and as an end.  # (N, num_frames, 2)"""
        return at_frames(self.boundary_fc(as_streams(feats).temporal), num_frames)

    def loss(self, feats: StreamFeatures | Tensor, data_samples: list[ActionDataSample]) -> dict[str, Tensor]:
        """The losses over the frames of ``frame_labels`` (T,) that are not -1."""
        labels = self.labels_of(data_samples)  # (N, T)
        logits = self(feats, labels.size(1)).float()
        counted = labels != IGNORED
        if not counted.any():
            return {'loss_cls': logits.sum() * 0}
        losses = {'loss_cls': self.loss_cls(logits[counted], labels[counted])}
        if self.smoothing:
            losses['loss_smooth'] = self.smoothing * roughness(logits, counted)
        if self.boundary_fc:
            found = self.boundary_logits(feats, labels.size(1)).float()[counted]
            targets = torch.stack([boundary_targets(sample, labels.size(1)) for sample in data_samples])
            losses['loss_boundary'] = F.binary_cross_entropy_with_logits(found, targets.to(found)[counted])
        correct = logits.detach()[counted].argmax(1) == labels[counted]
        return {**losses, 'frame_acc': correct.float().mean()}

    def labels_of(self, data_samples: list[ActionDataSample]) -> Tensor:
        """The label of each frame, -1 if it does not count.  # (N, T)"""
        labels = torch.stack([sample.frame_labels for sample in data_samples])
        if labels.max() > self.num_classes:
            video = data_samples[int(labels.amax(1).argmax())].get('video', '?')
            raise ConfigError(
                f"A window of video '{video}' has the label {int(labels.max())}, but the head has {self.num_classes} "
                "classes and the background. Set its 'num_classes' to that of the data."
            )
        return labels

    def predict(self, feats: StreamFeatures | Tensor, num_frames: int) -> Tensor:
        """Probabilities, the background first.  # (N, num_frames, 1 + classes)"""
        return self(feats, num_frames).float().softmax(-1)

    def predict_boundaries(self, feats: StreamFeatures | Tensor, num_frames: int) -> Tensor:
        """Probabilities of a start and of an end.  # (N, num_frames, 2)"""
        return self.boundary_logits(feats, num_frames).float().sigmoid()


def at_frames(logits: Tensor, num_frames: int) -> Tensor:
    """Logits of tokens, interpolated where there are not as many as frames.  # (N, T, K) -> (N, num_frames, K)"""
    return logits if logits.size(1) == num_frames else F.interpolate(logits.mT, num_frames, mode='linear').mT


def boundary_targets(sample: ActionDataSample, num_frames: int) -> Tensor:
    """How much each frame of a window is a start and an end: 1 at the first and the last frame of a segment, and less
    around them, with a deviation of a tenth of the segment.  # (num_frames, 2)"""
    segments = torch.as_tensor(sample.segments).reshape(-1, 3)
    first, last = segments[:, 1:2] - sample.start, segments[:, 2:] - 1 - sample.start  # (S, 1)
    spread = (SPREAD * (last - first + 1)).clamp(min=1.0)
    distance = torch.stack([first, last]) - torch.arange(num_frames)  # (2, S, num_frames)
    return F.pad(torch.exp(-0.5 * (distance / spread).square()), (0, 0, 0, 1)).amax(1).T


def roughness(logits: Tensor, counted: Tensor) -> Tensor:
    """Mean over pairs of neighbouring frames that both count, and over classes.  # (N, T, classes), (N, T) -> scalar"""
    log_prob = logits.log_softmax(-1)
    change = log_prob[:, 1:] - log_prob[:, :-1].detach()  # (N, T - 1, classes)
    pairs = counted[:, 1:] & counted[:, :-1]
    square = change.square().clamp(max=TRUNCATION**2) * pairs[..., None]
    return square.sum() / (pairs.sum() * logits.size(-1)).clamp(min=1)

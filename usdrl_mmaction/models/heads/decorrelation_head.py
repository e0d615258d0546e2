"""The pretraining head: projects pooled streams and decorrelates them in three domains (MG-FD)."""

import torch
import torch.distributed.nn.functional as dist_fn
from mmaction.registry import MODELS
from mmengine.dist import get_world_size
from mmengine.model import BaseModule
from torch import Tensor, nn

from usdrl_mmaction.errors import ConfigError

from ..backbones.streams import StreamFeatures, check_width
from ..layers import Linear
from ..losses import decorrelation_terms

DOMAINS = {'instance': 1.0, 'temporal': 0.5, 'spatial': 0.5}


@MODELS.register_module()
class DecorrelationHead(BaseModule):
    """Multi-grained feature decorrelation.

    Args:
        in_channels (int): Width D of the backbone.
        consistency_weight (float): Weight of the distances between views.
        variance_weight (float): Weight of the variance and auto-covariance term.
        cross_weight (float): Weight of the cross-correlation term.
        domains (dict[str, float]): Weights of 'instance', 'temporal' and 'spatial', or of some of them.
        gather (bool): Whether several processes compute the loss over their common batch.
    """

    def __init__(
        self,
        in_channels=1024,
        consistency_weight=5.0,
        variance_weight=1.0,
        cross_weight=1e-3,
        domains=DOMAINS,
        gather=False,
        init_cfg=None,
    ):
        super().__init__(init_cfg)
        unknown = set(domains) - set(DOMAINS)
        if unknown or not domains:
            raise ConfigError(f'domains are some of {tuple(DOMAINS)}, not {tuple(domains)}.')
        self.in_channels = in_channels
        self.weights = {'consistency': consistency_weight, 'variance': variance_weight, 'cross': cross_weight}
        self.domains = dict(domains)
        self.gather = gather
        width = 2 * in_channels
        shapes = {'instance': (width, 2 * width), 'temporal': (in_channels, width), 'spatial': (in_channels, width)}
        self.projectors = nn.ModuleDict({name: Projector(shapes[name][0], width, shapes[name][1]) for name in domains})

    def forward(self, streams: StreamFeatures) -> dict[str, Tensor]:
        """The projected views of each domain.  # streams of (views, N, L, D) -> {domain: (views, N, D')}"""
        check_width(self, streams.temporal.size(-1))
        temporal, spatial = (tokens.amax(2) for tokens in streams)  # (views, N, D) each
        pooled = {'temporal': temporal, 'spatial': spatial, 'instance': torch.cat([temporal, spatial], dim=-1)}
        if self.gather and get_world_size() > 1:
            pooled = {name: torch.cat(dist_fn.all_gather(y.contiguous()), dim=1) for name, y in pooled.items()}
        return {name: projector(pooled[name]) for name, projector in self.projectors.items()}

    def loss(self, streams: StreamFeatures) -> dict[str, Tensor]:
        """The total as 'loss', and every unweighted term for the log."""
        logged = {}
        total = 0.0
        for domain, z in self(streams).items():
            for term, value in decorrelation_terms(z).items():
                logged[f'{domain}_{term}'] = value.detach()
                total = total + self.domains[domain] * self.weights[term] * value
        return {'loss': total, **logged}


class Projector(nn.Sequential):
    """A three-layer MLP with batch statistics of each view."""

    def __init__(self, in_channels, hidden, out_channels):
        super().__init__(
            Linear(in_channels, hidden),
            nn.BatchNorm1d(hidden),
            nn.ReLU(inplace=True),
            Linear(hidden, hidden),
            nn.BatchNorm1d(hidden),
            nn.ReLU(inplace=True),
            Linear(hidden, out_channels),
        )

    def forward(self, y: Tensor) -> Tensor:  # (views, N, in) -> (views, N, out)
        for layer in self:
            per_view = isinstance(layer, nn.modules.batchnorm._BatchNorm)  # SyncBatchNorm as well
            y = torch.stack([layer(view) for view in y]) if per_view else layer(y)
        return y

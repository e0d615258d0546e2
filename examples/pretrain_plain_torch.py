"""USDRL's pretraining in plain PyTorch, without a framework: the encoder and the loss are the package's, the rest is
here. Clips of generated people are pretrained on without labels; nearest neighbours of other people's clips show what
was learned.

    python examples/pretrain_plain_torch.py                    # some minutes on a CPU
    python examples/pretrain_plain_torch.py --steps 120        # 1-NN accuracy from 52 to 60 %
"""

import argparse

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from usdrl_mmaction.datasets.synthetic import labelled_clips
from usdrl_mmaction.models import DSTE
from usdrl_mmaction.models.losses import decorrelation_terms

VIEWS, PEOPLE, FRAMES, JOINTS, WIDTH = 4, 2, 64, 25, 128
DOMAINS = {'instance': 1.0, 'temporal': 0.5, 'spatial': 0.5}
TERMS = {'consistency': 5.0, 'variance': 1.0, 'cross': 1e-3}


class Pretraining(nn.Module):
    """The encoder, and a projector for each domain: the maxima over frames, over joints, and both."""

    def __init__(self):
        super().__init__()
        self.encoder = DSTE(layout='nturgb+d', num_person=PEOPLE, num_frames=FRAMES, embed_dims=WIDTH)
        self.projectors = nn.ModuleDict(
            {
                'instance': projector(2 * WIDTH, 4 * WIDTH),
                'temporal': projector(WIDTH, 2 * WIDTH),
                'spatial': projector(WIDTH, 2 * WIDTH),
            }
        )

    def forward(self, views: Tensor) -> Tensor:  # (views, N, M, T, V, C) -> scalar
        streams = [self.encoder(view) for view in views]
        temporal = torch.stack([each.temporal.amax(1) for each in streams])  # (views, N, D)
        spatial = torch.stack([each.spatial.amax(1) for each in streams])  # (views, N, D)
        pooled = {'temporal': temporal, 'spatial': spatial, 'instance': torch.cat([temporal, spatial], -1)}
        loss = 0.0
        for domain, weight in DOMAINS.items():
            z = torch.stack([self.projectors[domain](view) for view in pooled[domain]])  # (views, N, D')
            loss = loss + weight * sum(TERMS[name] * term for name, term in decorrelation_terms(z).items())
        return loss


def projector(width: int, out: int) -> nn.Sequential:
    hidden = 2 * WIDTH
    return nn.Sequential(
        nn.Linear(width, hidden), nn.BatchNorm1d(hidden), nn.ReLU(),
        nn.Linear(hidden, hidden), nn.BatchNorm1d(hidden), nn.ReLU(),
        nn.Linear(hidden, out),
    )  # fmt: skip


def augmented(clip: Tensor) -> Tensor:
    """A random part of a clip, turned, stretched and sheared, without some joints.  # (M, T, V, C) -> (M, 64, V, C)"""
    frames = clip.size(1)
    length = int(frames * torch.empty(1).uniform_(0.5, 1))
    start = int(torch.randint(frames - length + 1, (1,)))
    clip = resized(clip[:, start : start + length])
    angle = torch.empty(1).uniform_(-0.5, 0.5)
    turn = torch.eye(3)
    turn[0, 0] = turn[2, 2] = angle.cos()
    turn[0, 2], turn[2, 0] = angle.sin(), -angle.sin()
    shear = torch.eye(3) + 0.4 * torch.empty(3, 3).uniform_(-1, 1).fill_diagonal_(0)
    kept = (torch.rand(JOINTS, 1) > 0.2).float()
    return clip @ turn @ shear * torch.empty(1).uniform_(0.8, 1.2) * kept


def resized(clip: Tensor) -> Tensor:  # (M, T, V, C) -> (M, 64, V, C)
    by_joint = clip.permute(0, 2, 3, 1).flatten(1, 2)  # (M, V·C, T)
    return F.interpolate(by_joint, FRAMES, mode='linear').unflatten(1, clip.shape[2:]).permute(0, 3, 1, 2)


def prepared(keypoint: np.ndarray) -> Tensor:
    """Two people around the first one's spine; who is not there is 0.  # (M, T, V, C) -> (2, T, V, C)"""
    clip = torch.from_numpy(keypoint)
    clip = (clip - clip[:1, :, 1:2]) * clip.any(-1, keepdim=True)
    return F.pad(clip, (0, 0, 0, 0, 0, 0, 0, PEOPLE - len(clip)))


@torch.no_grad()
def nearest_neighbour_accuracy(encoder: DSTE, gallery: tuple, queries: tuple) -> float:
    """The share of queries whose nearest clip of the gallery shows the same action."""
    encoder.eval()
    known, asked = (
        F.normalize(torch.cat([encoder(resized(clip)[None]).pooled() for clip in clips]))
        for clips, _ in (gallery, queries)
    )
    nearest = (asked @ known.T).argmax(1).tolist()
    encoder.train()
    return float(np.mean([gallery[1][found] == label for found, label in zip(nearest, queries[1], strict=True)]))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--steps', type=int, default=300)
    parser.add_argument('--clips', type=int, default=360)
    parser.add_argument('--batch-size', type=int, default=32)
    args = parser.parse_args()
    torch.manual_seed(0)
    train, other = labelled_clips(args.clips), labelled_clips(args.clips // 2, seed=1)  # other people
    train, other = (([prepared(clip) for clip in clips], labels) for clips, labels in (train, other))
    model = Pretraining()
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, args.steps)
    print(f'random encoder: 1-NN accuracy {nearest_neighbour_accuracy(model.encoder, train, other):.1%}')
    for step in range(args.steps):
        batch = [train[0][number] for number in torch.randint(args.clips, (args.batch_size,))]
        views = torch.stack([torch.stack([augmented(clip) for clip in batch]) for _ in range(VIEWS)])
        loss = model(views)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
        if step % 10 == 0 or step == args.steps - 1:
            print(f'step {step}: loss {loss.item():.2f}')
    print(f'pretrained encoder: 1-NN accuracy {nearest_neighbour_accuracy(model.encoder, train, other):.1%}')


if __name__ == '__main__':
    main()

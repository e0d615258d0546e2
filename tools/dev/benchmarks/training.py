"""Benchmarks of pretraining: views, loss, a step."""

import copy

import numpy as np
import torch
from mmaction.registry import MODELS
from textbook import TextbookPretrainer, textbook_terms, textbook_views

from usdrl_mmaction.models import decorrelation_terms

DEVICE = 'cuda' if torch.cuda.is_available() else 'cpu'


def loss_pair():
    z = torch.randn(4, 128, 4096, device=DEVICE, requires_grad=True)

    def run(terms):
        z.grad = None
        sum(terms(z).values()).backward()

    return lambda: run(decorrelation_terms), lambda: run(textbook_terms)


def step_pair(width: int, batch: int, half: bool):
    """A step on four views: forward, backward, optimizer."""
    torch.manual_seed(0)
    model = dict(
        type='MPCT',
        backbone=dict(type='DSTE', embed_dims=width),
        head=dict(type='DecorrelationHead', in_channels=width),
        data_preprocessor=dict(type='MultiViewPreprocessor', crop=dict(type='CropResize')),
    )
    ours = MODELS.build(model).to(DEVICE).train()
    textbook = TextbookPretrainer(copy.deepcopy(ours))
    views = torch.randn(4, batch, 2, 64, 25, 3, device=DEVICE)
    ours_adam = torch.optim.Adam(ours.parameters(), lr=5e-4, fused=True)  # as in configs/_base_/schedules
    textbook_adam = torch.optim.Adam(textbook.parameters(), lr=5e-4)

    def step(loss, optimizer):
        with torch.autocast(DEVICE, torch.bfloat16, enabled=half):
            value = loss()
        optimizer.zero_grad()
        value.backward()
        optimizer.step()

    return (
        lambda: step(lambda: ours(views, mode='loss')['loss'], ours_adam),
        lambda: step(lambda: textbook(views), textbook_adam),
    )


def make_views():
    """64 clips of different lengths, and the function that makes their views."""
    lengths = torch.randint(30, 301, (64,), generator=torch.Generator().manual_seed(0)).tolist()
    clips = [torch.randn(1, 2, length, 25, 3) for length in lengths]
    augmentations = [dict(type='JointCorruption'), dict(type='Shear')]
    views = dict(type='MultiViewPreprocessor', crop=dict(type='CropResize'), augmentations=augmentations)
    preprocessor = MODELS.build(views).to(DEVICE)
    return clips, lambda: preprocessor({'inputs': clips}, True)


def views_pair():
    clips, ours = make_views()
    arrays = [clip[0].numpy() for clip in clips]
    return ours, lambda: torch.from_numpy(np.stack(textbook_views(arrays))).to(DEVICE)


ROWS = {
    'views': ('four views of 64 clips of up to 300 frames, against numpy clip by clip', views_pair),
    'views_share': (
        'the same, against their pretraining step, D=256, bfloat16',
        lambda: (make_views()[1], step_pair(256, 64, True)[0]),
    ),
    'loss': ("loss forward and backward, N=128, D'=4096", loss_pair),
    'step1024': ('pretraining step, D=1024, batch 16, float32', lambda: step_pair(1024, 16, False)),
    'step1024_bf16': ('pretraining step, D=1024, batch 16, bfloat16', lambda: step_pair(1024, 16, True)),
    'step128': ('pretraining step, D=128, batch 128, float32', lambda: step_pair(128, 128, False)),
    'step128_bf16': ('pretraining step, D=128, batch 128, bfloat16', lambda: step_pair(128, 128, True)),
}
# Width and type of the matrix products that dominate a row.
PRODUCTS = {
    'step1024': (1024, torch.float32),
    'step1024_bf16': (1024, torch.bfloat16),
    'step128': (128, torch.float32),
    'step128_bf16': (128, torch.bfloat16),
}

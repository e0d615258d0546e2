"""Each view is encoded in its modality, independently of the others, and the head gets them in order."""

import math

import pytest
import torch
from mmaction.registry import MODELS
from textbook import TextbookPretrainer

from usdrl_mmaction.errors import ConfigError
from usdrl_mmaction.models import MPCT, DecorrelationHead, StreamFeatures

GRAPH = dict(graph_cfg=dict(layout='nturgb+d', mode='stgcn_spatial'), num_stages=2, base_channels=8)


def build(views=('joint',) * 4, backbone=None, **kwargs):
    torch.manual_seed(0)
    backbone = backbone or dict(type='DSTE', embed_dims=8, num_frames=16, drop_path=0.0, **kwargs)
    crop = dict(type='CropResize', num_frames=16)
    return MODELS.build(
        dict(
            type='MPCT',
            backbone=backbone,
            head=dict(type='DecorrelationHead', in_channels=8),
            data_preprocessor=dict(type='MultiViewPreprocessor', crop=crop),
            views=views,
        )
    )


def inputs(views=4):
    return torch.randn(views, 3, 2, 16, 25, 3, generator=torch.Generator().manual_seed(1))


@pytest.mark.parametrize('clips_per_call', [1, 5, 100])
def test_views_encoded_together_are_views_encoded_alone(clips_per_call):
    model = build()
    model.clips_per_call = clips_per_call
    assert len(list(model.calls(inputs()))) == math.ceil(4 * 3 / clips_per_call)
    streams = model(inputs())
    for i, clip in enumerate(inputs()):
        alone = model.backbone(clip)
        torch.testing.assert_close(streams.temporal[i], alone.temporal)
        torch.testing.assert_close(streams.spatial[i], alone.spatial)


def test_each_view_in_its_modality():
    views = ('joint', 'bone', 'motion', 'fused')
    model = build(views, modalities=views[:3])
    streams = model(inputs())
    for i, (clip, modality) in enumerate(zip(inputs(), views, strict=True)):
        torch.testing.assert_close(streams.temporal[i], model.backbone(clip, modality).temporal)


@pytest.mark.parametrize('views', [('joint', 'joint'), ('bone', 'joint', 'bone')])
def test_any_two_views_or_more(views):
    model = build(views, modalities=('joint', 'bone'))
    assert model.data_preprocessor.num_views == len(views)
    model(inputs(len(views)), mode='loss')['loss'].backward()
    assert model.backbone.embeddings[0]['temporal'][0].weight.grad.any()


def test_one_view_is_refused():
    with pytest.raises(ValueError, match='at least two views'):
        build(('joint',))


@pytest.mark.parametrize('type', ['STGCN', 'AAGCN'])
def test_graph_networks_keep_batch_statistics_per_view(type):
    model = build(('joint', 'bone'), backbone=dict(type=type, **GRAPH)).train()
    streams = model(inputs(2))
    for i, modality in enumerate(model.views):
        alone = model.encode_as(inputs(2)[i], modality)
        torch.testing.assert_close(streams.temporal[i], alone.temporal)
    model(inputs(2), mode='loss')['loss'].backward()
    assert all(p.grad is not None for p in model.backbone.parameters() if p.requires_grad)


def test_graph_networks_have_no_fused_view():
    with pytest.raises(ConfigError, match="STGCN has no 'fused' modality: set 'views'"):
        build(('joint', 'fused'), backbone=dict(type='STGCN', **GRAPH))


def test_views_are_of_the_modalities_of_the_backbone():
    with pytest.raises(ConfigError, match="It has no 'bone'"):
        build(('joint', 'bone'))


def random_streams(views=4, samples=6, dims=8):
    return StreamFeatures(torch.randn(views, samples, 5, dims), torch.randn(views, samples, 7, dims))


def test_total_is_the_weighted_sum_of_the_logged_terms():
    head = DecorrelationHead(8, 2.0, 3.0, 0.5, domains=dict(instance=1.0, temporal=0.25, spatial=0.75))
    losses = head.loss(random_streams())
    total = sum(
        domain_weight * weight * losses[f'{domain}_{term}']
        for domain, domain_weight in head.domains.items()
        for term, weight in (('consistency', 2.0), ('variance', 3.0), ('cross', 0.5))
    )
    torch.testing.assert_close(losses['loss'], total)
    assert [name for name in losses if 'loss' in name] == ['loss']  # MMEngine sums whatever is called a loss


def test_a_domain_left_out_has_no_projector():
    head = DecorrelationHead(8, domains=dict(temporal=0.5))
    assert set(head.projectors) == {'temporal'}
    assert set(head.loss(random_streams())) == {
        'loss',
        'temporal_consistency',
        'temporal_variance',
        'temporal_cross',
    }
    with pytest.raises(ValueError, match=r"some of .*, not \('joint',\)"):
        DecorrelationHead(8, domains=dict(joint=1.0))


def test_batch_statistics_of_the_projectors_are_per_view():
    head = DecorrelationHead(8).train()
    streams = random_streams()
    together = head(streams)['instance']
    for i in range(4):
        alone = head(StreamFeatures(streams.temporal[i : i + 1], streams.spatial[i : i + 1]))['instance'][0]
        torch.testing.assert_close(together[i], alone)


def test_registered_where_mmaction_looks():
    assert MODELS.get('MPCT') is MPCT


@pytest.mark.parametrize('arguments', [{}, dict(num_heads=2, alpha=0.3, gap=3, kernel_size=3, modalities=('bone',))])
def test_loss_and_gradients_are_the_textbooks(arguments):
    views = arguments.get('modalities', ('joint',)) * 4
    model = build(views, **arguments).train().double()
    ours = model(inputs().double(), mode='loss')['loss']
    theirs = TextbookPretrainer(model)(inputs().double())
    torch.testing.assert_close(ours, theirs)
    parameters = [p for p in model.parameters() if p.requires_grad]
    for a, b in zip(torch.autograd.grad(ours, parameters), torch.autograd.grad(theirs, parameters), strict=True):
        torch.testing.assert_close(a, b, rtol=1e-6, atol=1e-8 * max(1.0, b.abs().max().item()))

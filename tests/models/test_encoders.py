"""The encoders: tokens, shapes, modalities, causality, and graph networks in their place."""

import pytest
import torch
from mmaction.models import AAGCN, STGCN, GCNHead

from usdrl_mmaction.errors import ConfigError
from usdrl_mmaction.models import DSTE, STTR, StreamFeatures, as_streams
from usdrl_mmaction.models.backbones.dste import DenseLayer
from usdrl_mmaction.models.backbones.stream_encoder import as_modality, spatial_tokens, temporal_tokens
from usdrl_mmaction.skeletons import get_skeleton

SMALL = dict(embed_dims=16, num_frames=12)


def small(encoder=DSTE, **kwargs):
    torch.manual_seed(0)
    return encoder(**{**SMALL, **kwargs}).eval()


@pytest.mark.parametrize('encoder, millions', [(DSTE, 57.14), (STTR, 27.71)])
def test_parameters_at_full_width(encoder, millions):
    with torch.device('meta'):
        count = sum(parameter.numel() for parameter in encoder().parameters())
    assert round(count / 1e6, 2) == millions


def test_token_order():
    clip = torch.arange(2 * 3 * 4 * 5 * 2).view(2, 3, 4, 5, 2)  # (N, M, T, V, C)
    temporal, spatial = temporal_tokens(clip), spatial_tokens(clip)
    for n, m, t, v, c in torch.cartesian_prod(*(torch.arange(size) for size in clip.shape)).tolist():
        assert temporal[n, t, (m * 5 + v) * 2 + c] == clip[n, m, t, v, c]
        assert spatial[n, m * 5 + v, t * 2 + c] == clip[n, m, t, v, c]


@pytest.mark.parametrize('encoder', [DSTE, STTR])
@pytest.mark.parametrize(
    'shape', [dict(layout='nturgb+d', num_person=2), dict(num_person=1, num_frames=7, in_channels=2, embed_dims=18)]
)
def test_shapes(encoder, shape):
    layout = dict(num_node=4, inward=[(1, 0), (2, 0), (3, 2)], center=0)
    model = small(encoder, **{'layout': layout, **shape})
    persons, frames, joints, _ = model.clip_shape
    streams = model(torch.randn(3, *model.clip_shape))
    width = shape.get('embed_dims', 16)
    assert streams.temporal.shape == (3, frames, width)
    assert streams.spatial.shape == (3, persons * joints, width)
    assert streams.pooled().shape == (3, 2 * width)
    model.output = 'gcn'
    features = model(torch.randn(3, *model.clip_shape))
    assert GCNHead(num_classes=5, in_channels=2 * width)(features).shape == (3, 5)


@pytest.mark.parametrize('encoder', [DSTE, STTR])
def test_gcn_output_is_the_pooled_representation(encoder):
    model = small(encoder)
    clip = torch.randn(2, *model.clip_shape)
    pooled = model(clip).pooled()
    model.output = 'gcn'
    assert model(clip)[:, 0, :, 0, 0].equal(pooled)


def test_the_clips_of_a_batch_do_not_mix():
    model = small()
    clips = torch.randn(3, *model.clip_shape)
    together, alone = model(clips), model(clips[1:2])
    for a, b in zip(together, alone, strict=True):
        torch.testing.assert_close(a[1:2], b)


def test_drop_path_acts_in_training_only():
    model = small(drop_path=0.5)
    clip = torch.randn(2, *model.clip_shape)
    assert model(clip).temporal.equal(model(clip).temporal)
    model.train()
    assert not model(clip).temporal.equal(model(clip).temporal)


def test_drop_path_keeps_the_mean():
    layer = small(drop_path=0.3).temporal[0].train()
    kept = layer.keep(torch.zeros(100_000, 1, 1), 2.0).flatten()
    assert kept.unique().tolist() == pytest.approx([0, 2 / 0.7])
    assert kept.mean().item() == pytest.approx(2.0, abs=0.02)


def test_every_gap_th_token_passes_the_shift_unchanged():
    shift = small(gap=5).temporal[0].shift
    x = torch.randn(2, 12, 16)
    same = (shift(x) == x).all(-1).all(0)
    assert same.nonzero().flatten().tolist() == [0, 5, 10]


@pytest.mark.parametrize('kernel_size', [1, 2, 3])
def test_causal_temporal_stream_sees_no_later_frame(kernel_size):
    model = small(causal=True, kernel_size=kernel_size)
    clip = torch.randn(2, *model.clip_shape)
    before = model(clip).temporal
    for frame in range(12):
        changed = clip.clone()
        changed[:, :, frame + 1 :] = torch.randn_like(changed[:, :, frame + 1 :])
        assert model(changed).temporal[:, : frame + 1].equal(before[:, : frame + 1])
    assert not small(causal=False, kernel_size=kernel_size)(changed).temporal[:, 0].equal(before[:, 0])


def test_layers_run_again_give_the_same_gradients_and_keep_less():
    gradients, kept = [], []
    for with_cp in (False, True):
        model, held = small(with_cp=with_cp, num_layers=4).train(), []
        clip = torch.randn(4, *model.clip_shape, generator=torch.manual_seed(1))
        with torch.autograd.graph.saved_tensors_hooks(lambda x, held=held: held.append(x.nbytes) or x, lambda x: x):
            loss = model(clip).pooled().square().sum()
        loss.backward()
        gradients.append([parameter.grad for parameter in model.parameters()])
        kept.append(sum(held))
    assert all(one.equal(other) for one, other in zip(*gradients, strict=True))
    assert kept[1] < kept[0] / 4


@pytest.mark.parametrize('kernel_size', [1, 2, 3, 4])
def test_the_convolution_keeps_the_number_of_tokens(kernel_size):
    assert small(kernel_size=kernel_size)(torch.randn(1, 2, 12, 25, 3)).temporal.shape == (1, 12, 16)


def test_one_kernel_is_the_same_as_a_convolution():
    conv = small().temporal[0].conv
    x = torch.randn(2, 12, 16)
    expected = x + torch.relu(torch.nn.Conv1d.forward(conv, x.transpose(1, 2))).transpose(1, 2)
    torch.testing.assert_close(conv(x), expected)


@pytest.mark.parametrize('modality', ['bone', 'motion'])
def test_a_modality_is_made_from_joints_inside(modality):
    model, joint = small(modalities=(modality,)), small()
    clip = torch.randn(2, *model.clip_shape)
    moved = as_modality(clip, modality, get_skeleton('nturgb+d'))
    assert model(clip).temporal.equal(joint(moved).temporal)


def test_fused_is_a_linear_map_of_the_mean_embedding():
    model = small(modalities=('joint', 'bone', 'motion'))
    clip = torch.randn(2, *model.clip_shape)
    temporal, spatial = model.embed(clip, 'fused')
    each = [model.embed(clip, modality) for modality in model.modalities]
    torch.testing.assert_close(temporal, sum(t for t, _ in each) / 3 @ model.fusion['temporal'].weight.T)
    torch.testing.assert_close(spatial, sum(s for _, s in each) / 3 @ model.fusion['spatial'].weight.T)
    assert model(clip).spatial.equal(model(clip, 'fused').spatial)
    assert not model(clip).spatial.equal(model(clip, 'bone').spatial)


def test_initialisation():
    model = small(embed_dims=64)
    layer = model.spatial[1]
    assert layer.shift.mix1.weight.std().item() == pytest.approx(0.02, rel=0.1)
    assert layer.conv_branch.mlp[0].weight.std().item() == pytest.approx(0.02, rel=0.1)
    assert layer.attention.out.weight.std().item() == pytest.approx(0.02, rel=0.1)
    assert not layer.attention.qkv.bias.any()
    bound = (6 / (64 + 3 * 64)) ** 0.5
    assert bound * 0.98 < layer.attention.qkv.weight.abs().max() <= bound
    assert model.spatial_position.std().item() == pytest.approx(0.02, rel=0.1)


@pytest.mark.parametrize(
    'kwargs, message',
    [
        (dict(modalities=('joint', 'flow')), "some of 'joint', 'bone' and 'motion'"),
        (dict(modalities=()), "some of 'joint'"),
        (dict(output='tokens'), "'streams' or 'gcn', not 'tokens'"),
        (dict(num_heads=3), 'embed_dims=16 is not a multiple of num_heads=3'),
    ],
)
def test_arguments_without_meaning_are_refused(kwargs, message):
    with pytest.raises(ConfigError, match=message):
        small(**kwargs)


def test_clips_of_another_shape_are_refused():
    with pytest.raises(ConfigError, match=r'built for clips .* of \(2, 12, 25, 3\) and got \(2, 11, 25, 3\)'):
        small()(torch.randn(1, 2, 11, 25, 3))
    with pytest.raises(ConfigError, match="has no 'bone'"):
        small()(torch.randn(1, 2, 12, 25, 3), modality='bone')


@pytest.mark.parametrize('backbone', [STGCN, AAGCN])
def test_streams_of_graph_networks(backbone):
    model = backbone(graph_cfg=dict(layout='nturgb+d', mode='stgcn_spatial'), num_stages=2, base_channels=4).eval()
    features = model(torch.randn(2, 2, 12, 25, 3))  # (N, M, C, T, V)
    streams = as_streams(features)
    for t in range(features.size(3)):
        torch.testing.assert_close(streams.temporal[:, t], features[:, :, :, t].mean((1, 3)))
    for m in range(2):
        for v in range(25):
            torch.testing.assert_close(streams.spatial[:, m * 25 + v], features[:, m, :, :, v].mean(-1))
    assert as_streams(streams) is streams


def test_as_streams_refuses_other_things():
    with pytest.raises(TypeError, match=r'\(N, M, C, T, V\), not \(2, 3\)'):
        as_streams(torch.zeros(2, 3))
    assert isinstance(as_streams(StreamFeatures(torch.zeros(1, 1, 1), torch.zeros(1, 1, 1))), StreamFeatures)


@pytest.mark.parametrize('training', [False, True])
@pytest.mark.parametrize('causal', [False, True])
@pytest.mark.parametrize('kernel_size', [1, 2, 3])
@pytest.mark.parametrize('embed_dims, num_heads, gap, alpha', [(8, 1, 1, 0.5), (12, 3, 4, 0.3), (32, 2, 5, 1.0)])
def test_a_layer_is_the_papers(embed_dims, num_heads, gap, alpha, kernel_size, causal, training):
    torch.manual_seed(0)
    drop_path = 0.0 if training else 0.3
    layer = DenseLayer(embed_dims, num_heads, alpha, gap, kernel_size, drop_path, num_tokens=11, causal=causal)
    layer.double().train(training)
    x = torch.randn(3, 11, embed_dims, dtype=torch.float64, requires_grad=True)
    fused, plain = layer(x), layer.plain(x)
    torch.testing.assert_close(fused, plain)
    weight = torch.randn_like(plain)
    inputs = [x, *layer.parameters()]
    gradients = (torch.autograd.grad(y, inputs, weight, materialize_grads=True) for y in (fused, plain))
    for ours, theirs in zip(*gradients, strict=True):
        torch.testing.assert_close(ours, theirs)


def test_both_paths_of_a_layer_drop_paths_in_training():
    layer = DenseLayer(8, 1, 0.5, 4, 1, drop_path=0.5, num_tokens=5, causal=False)
    x = torch.randn(20_000, 5, 8)
    means = [run(x).mean(0) for run in (layer, layer.plain)]
    torch.testing.assert_close(*means, rtol=0, atol=0.05)
    assert not layer.plain(x).equal(layer.plain(x))


@pytest.mark.parametrize('encoder', [DSTE, STTR])
def test_fusion_starts_as_the_mean_of_the_modalities(encoder):
    model = encoder(embed_dims=8, num_frames=4, modalities=('joint', 'motion'))
    clip = torch.randn(2, 2, 4, 25, 3)
    alone = zip(*(model.embed(clip, modality) for modality in model.modalities), strict=True)
    for fused, tokens in zip(model.embed(clip, 'fused'), alone, strict=True):
        torch.testing.assert_close(fused, torch.stack(tokens).mean(0))

"""Scores of frames and their losses; frozen stages stay as they were."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from mmaction.models import STGCN
from mmaction.registry import MODELS
from mmaction.structures import ActionDataSample
from mmengine.optim import build_optim_wrapper

from usdrl_mmaction.models import DSTE, FrameHead, FrameLocalizer, StreamFeatures
from usdrl_mmaction.models.heads.frame_head import boundary_targets
from usdrl_mmaction.models.localizers.frame_localizer import stage_of

GRAPH = dict(layout='nturgb+d', mode='stgcn_spatial')
ENCODERS = {
    'DSTE': dict(type='DSTE', embed_dims=16, num_frames=12),
    'STTR': dict(type='STTR', embed_dims=16, num_frames=12),
    'STGCN': dict(type='STGCN', graph_cfg=GRAPH, base_channels=16, num_stages=2, down_stages=[2]),
    'AAGCN': dict(type='AAGCN', graph_cfg=GRAPH, base_channels=16, num_stages=2, down_stages=[2]),
}


def head(**options):
    torch.manual_seed(0)
    model = FrameHead(num_classes=4, in_channels=6, **options)
    torch.nn.init.normal_(model.temporal_fc.weight)
    torch.nn.init.normal_(model.spatial_fc.weight)
    return model


def streams(frames=8):
    return StreamFeatures(torch.randn(3, frames, 6), torch.randn(3, 10, 6))


def samples(labels):
    every = []
    for number, row in enumerate(labels):
        sample = ActionDataSample(metainfo=dict(video=f'video{number}', start=0, num_frames=len(row)))
        sample.set_field(torch.as_tensor(row), 'frame_labels')
        every.append(sample)
    return every


def localizer(encoder='DSTE', frozen_stages=-1):
    torch.manual_seed(0)
    model = MODELS.build(
        dict(
            type='FrameLocalizer',
            backbone=ENCODERS[encoder],
            head=dict(type='FrameHead', num_classes=4, in_channels=16),
            frozen_stages=frozen_stages,
        )
    )
    model.head.init_weights()
    return model


def batch(frames=12, size=2):
    labels = torch.arange(size * frames).view(size, frames) % 5
    return dict(inputs=list(torch.randn(size, 1, 2, frames, 25, 3)), data_samples=samples(labels))


def test_scores_are_those_of_one_layer_on_both_features_of_a_frame():
    model, (temporal, spatial) = head(), streams()
    both = torch.cat([temporal, spatial.amax(1, keepdim=True).expand(-1, 8, -1)], dim=-1)  # (N, T, 2D)
    weight = torch.cat([model.temporal_fc.weight, model.spatial_fc.weight], dim=1)
    logits = model(StreamFeatures(temporal, spatial), 8)
    torch.testing.assert_close(logits, F.linear(both, weight, model.temporal_fc.bias))
    torch.testing.assert_close(model.predict(StreamFeatures(temporal, spatial), 8), logits.softmax(-1))


def test_fewer_features_than_frames_are_interpolated():
    model, (temporal, spatial) = head(), streams(4)
    stretched = F.interpolate(temporal.mT, 8, mode='linear').mT
    expected = model(StreamFeatures(stretched, spatial), 8)
    torch.testing.assert_close(model(StreamFeatures(temporal, spatial), 8), expected)


def test_the_loss_is_the_cross_entropy_of_the_frames_that_count():
    weight = [0.1, 1, 2, 3, 4]
    model, feats = head(loss_cls=dict(type='CrossEntropyLoss', class_weight=weight)), streams()
    labels = torch.randint(-1, 5, (3, 8))
    losses = model.loss(feats, samples(labels))
    logits = model(feats, 8)
    expected = F.cross_entropy(logits.mT, labels, weight=torch.tensor(weight), ignore_index=-1)
    torch.testing.assert_close(losses['loss_cls'], expected)
    right = (logits.argmax(-1) == labels).sum() / (labels != -1).sum()
    torch.testing.assert_close(losses['frame_acc'], right)


def test_ignored_frames_have_no_gradient():
    model, (temporal, spatial) = head(smoothing=0.15), streams()
    temporal.requires_grad_()
    labels = torch.tensor([[1] * 4 + [-1] * 4, [2] * 8, [-1] * 8])
    losses = model.loss(StreamFeatures(temporal, spatial), samples(labels))
    (losses['loss_cls'] + losses['loss_smooth']).backward()
    assert temporal.grad.any(-1).equal(labels != -1)


def test_a_batch_of_ignored_frames_teaches_nothing():
    model = head(smoothing=0.15)
    losses = model.loss(streams(), samples(torch.full((3, 8), -1)))
    losses['loss_cls'].backward()
    assert losses['loss_cls'] == 0 and not model.temporal_fc.weight.grad.any()


def test_smoothing_is_the_truncated_square_of_neighbouring_log_probabilities():
    model, feats = head(smoothing=0.15), streams()
    model.temporal_fc.weight.data *= 3  # so that some are truncated
    labels = torch.ones(3, 8, dtype=torch.long)
    labels[0, 3] = labels[1, 6:] = -1
    log_prob, terms = model(feats, 8).log_softmax(-1), []
    for n in range(3):
        for t in range(1, 8):
            if labels[n, t] != -1 and labels[n, t - 1] != -1:
                terms += [(log_prob[n, t] - log_prob[n, t - 1]).square().clamp(max=16)]
    assert any((term == 16).any() for term in terms) and any((term < 16).any() for term in terms)
    torch.testing.assert_close(model.loss(feats, samples(labels))['loss_smooth'], 0.15 * torch.stack(terms).mean())
    assert 'loss_smooth' not in head().loss(feats, samples(labels))


def test_a_label_without_a_class_is_named():
    labels = torch.zeros(3, 8, dtype=torch.long)
    labels[1, 5] = 7
    with pytest.raises(ValueError, match="video 'video1' has the label 7, but the head has 4 classes"):
        head().loss(streams(), samples(labels))


@pytest.mark.parametrize('encoder', ENCODERS)
def test_any_encoder_is_trained_and_scores_every_frame(encoder):
    model = localizer(encoder)
    optimizer = build_optim_wrapper(model, dict(optimizer=dict(type='SGD', lr=0.1)))
    before = {name: parameter.clone() for name, parameter in model.named_parameters()}
    log = model.train_step(batch(), optimizer)
    assert log['loss'].item() == pytest.approx(np.log(5), rel=0.3)
    assert all(not parameter.equal(before[f'head.{n}']) for n, parameter in model.head.named_parameters())
    assert any(not parameter.equal(before[f'backbone.{n}']) for n, parameter in model.backbone.named_parameters())
    model.eval()
    for sample in model.test_step(batch()):
        assert sample.scores.shape == (12, 5)
        torch.testing.assert_close(sample.scores.sum(1), torch.ones(12))
    assert model(torch.randn(2, 1, 2, 12, 25, 3)).shape == (2, 12, 5)


def test_a_graph_network_has_fewer_frames_than_the_window():
    model = localizer('STGCN')
    assert model.backbone(torch.randn(1, 2, 12, 25, 3)).size(3) == 6


@pytest.mark.parametrize('encoder', ENCODERS)
@pytest.mark.parametrize('frozen_stages', [-1, 0, 1, 2])
def test_frozen_stages_do_not_change(encoder, frozen_stages):
    model = localizer(encoder, frozen_stages).train()
    optimizer = build_optim_wrapper(model, dict(optimizer=dict(type='SGD', lr=0.1, weight_decay=0.1)))
    before = {name: value.clone() for name, value in model.backbone.state_dict().items()}
    model.train_step(batch(), optimizer)
    for name, value in model.backbone.state_dict().items():
        if stage_of(name) <= frozen_stages:
            assert value.equal(before[name]), name
    changed = {stage_of(n) for n, value in model.backbone.state_dict().items() if not value.equal(before[n])}
    assert changed == set(range(frozen_stages + 1, 3))


def test_a_frozen_encoder_does_not_drop_paths():
    clip = torch.randn(2, 2, 12, 25, 3)
    whole, half = localizer(frozen_stages=2).train(), localizer(frozen_stages=1).train()
    assert whole.backbone(clip).temporal.equal(whole.backbone(clip).temporal)
    assert not half.backbone.temporal[0].training and half.backbone.temporal[1].training


def test_more_stages_than_there_are_are_refused():
    with pytest.raises(ValueError, match='frozen_stages=3 is not from -1 to 2, the last stage of DSTE'):
        localizer(frozen_stages=3)


def test_causal_scores_depend_on_no_later_frame():
    torch.manual_seed(0)
    encoder = dict(ENCODERS['DSTE'], causal=True)
    head = dict(type='FrameHead', num_classes=4, in_channels=16)
    with pytest.raises(ValueError, match='spatial=False'):
        FrameLocalizer(encoder, head)
    model = FrameLocalizer(encoder, dict(head, spatial=False)).eval()
    clip = torch.randn(2, 1, 2, 12, 25, 3)
    before = model(clip)
    for frame in range(12):
        changed = clip.clone()
        changed[:, :, :, frame + 1 :] = torch.randn_like(changed[:, :, :, frame + 1 :])
        assert model(changed)[:, : frame + 1].equal(before[:, : frame + 1])
    assert model(changed).isfinite().all() and not model(clip + 1).equal(before)


def test_the_encoder_learns_at_a_multiple_of_the_heads_rate():
    model = localizer()
    wrapper = build_optim_wrapper(
        model,
        dict(optimizer=dict(type='SGD', lr=0.5), paramwise_cfg=dict(custom_keys=dict(backbone=dict(lr_mult=0.1)))),
    )
    rates = {id(group['params'][0]): group['lr'] for group in wrapper.param_groups}
    assert {rates[id(parameter)] for parameter in model.backbone.parameters()} == {0.05}
    assert {rates[id(parameter)] for parameter in model.head.parameters()} == {0.5}


def test_a_pretrained_encoder_loads_as_it_is():
    assert isinstance(localizer().backbone, DSTE) and isinstance(localizer('STGCN').backbone, STGCN)
    pretrainer = MODELS.build(
        dict(
            type='MPCT',
            backbone=ENCODERS['DSTE'],
            head=dict(type='DecorrelationHead', in_channels=16),
            data_preprocessor=dict(type='MultiViewPreprocessor', crop=dict(type='CropResize', num_frames=12)),
        )
    )
    model: FrameLocalizer = localizer()
    missing, unexpected = model.load_state_dict(pretrainer.state_dict(), strict=False)
    assert all(name.startswith('head.') for name in (*missing, *unexpected))
    assert model.backbone.spatial_position.equal(pretrainer.backbone.spatial_position)


def with_segments(labels, segments, start=0):
    every = samples(labels)
    for sample in every:
        sample.set_metainfo(dict(segments=np.array(segments), start=start))
    return every


def test_targets_of_boundaries_are_one_at_the_first_and_the_last_frame():
    (sample,) = with_segments(torch.zeros(1, 60, dtype=torch.long), [(1, 110, 130), (2, 145, 146)], start=100)
    start, end = boundary_targets(sample, 60).T
    assert start[10] == end[29] == start[45] == end[45] == 1
    assert start[12] == start[8] == pytest.approx(np.exp(-0.5))  # two frames are a tenth of the segment
    assert start[46] == end[44] == pytest.approx(np.exp(-0.5))  # at least a frame
    assert not boundary_targets(with_segments(torch.zeros(1, 6), np.zeros((0, 3), int))[0], 6).any()


def test_boundaries_are_learnt_of_the_frames_that_count():
    model, feats = head(boundaries=True), streams()
    labels = torch.ones(3, 8, dtype=torch.long)
    labels[0, 6:] = -1
    every = with_segments(labels, [(1, 2, 6)])
    found = model.boundary_logits(feats, 8)[labels != -1]
    targets = torch.stack([boundary_targets(sample, 8) for sample in every])[labels != -1]
    expected = F.binary_cross_entropy_with_logits(found, targets)
    torch.testing.assert_close(model.loss(feats, every)['loss_boundary'], expected)
    assert 'loss_boundary' not in head().loss(feats, every) and head().boundary_fc is None
    torch.testing.assert_close(model.predict_boundaries(feats, 8), model.boundary_logits(feats, 8).sigmoid())


def test_a_head_without_boundaries_draws_the_same_numbers():
    torch.manual_seed(0)
    plain = FrameHead(4, 6)
    torch.manual_seed(0)
    assert plain.temporal_fc.weight.equal(FrameHead(4, 6, boundaries=True).temporal_fc.weight)


def test_no_causal_boundary_depends_on_a_later_frame():
    torch.manual_seed(0)
    backbone = dict(ENCODERS['DSTE'], causal=True)
    head = dict(type='FrameHead', num_classes=4, in_channels=16, spatial=False, boundaries=True)
    model = MODELS.build(dict(type='FrameLocalizer', backbone=backbone, head=head)).eval()
    clips = torch.randn(2, 1, 2, 12, 25, 3)
    later = clips.clone()
    later[:, :, :, 7:] += torch.randn_like(later[:, :, :, 7:])
    labels = torch.zeros(2, 12, dtype=torch.long)
    with torch.no_grad():
        one, two = (model(each, samples(labels), mode='predict') for each in (clips, later))
    for before, after in zip(one, two, strict=True):
        assert before.boundaries.shape == (12, 2)
        assert before.boundaries[:7].equal(after.boundaries[:7]) and before.scores[:7].equal(after.scores[:7])
        assert not before.boundaries[7:].equal(after.boundaries[7:])

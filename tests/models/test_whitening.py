import pytest
import torch

from usdrl_mmaction.models import DSTE, STTR, StreamFeatures
from usdrl_mmaction.models.backbones.whitening import EVERY


def encoder(kind=DSTE, **kwargs):
    torch.manual_seed(0)
    return kind(layout='coco', num_person=1, in_channels=2, embed_dims=16, num_layers=1, whiten=True, **kwargs).eval()


@torch.no_grad()
def streams_of(model, clips=400):
    return model(torch.randn(clips, 1, 64, 17, 2).cumsum(2))


@pytest.mark.parametrize('kind', [DSTE, STTR])
def test_until_it_is_fitted_nothing_changes(kind):
    streams = streams_of(encoder(kind))
    torch.testing.assert_close(streams.pooled(EVERY), StreamFeatures(*streams).pooled(EVERY))


def test_fitted_features_are_centred_and_have_the_shrunk_covariance():
    model = encoder()
    streams = streams_of(model)
    raw = StreamFeatures(*streams).pooled(EVERY).double()
    model.whitening.fit(raw)
    for features, before in zip(streams.pooled(EVERY).split(16, dim=1), raw.split(16, dim=1), strict=True):
        covariance = torch.cov(before.T)
        shrunk = covariance + 0.1 * covariance.trace() / 16 * torch.eye(16)
        torch.testing.assert_close(torch.cov(features.T).double(), covariance @ shrunk.inverse(), atol=1e-3, rtol=0)
        assert features.mean(0).abs().max() < 1e-3


@pytest.mark.parametrize('pooling', [('max',), ('mean', 'max'), ('parts', 'std'), ('std', 'mean')])
def test_each_pooling_has_its_own_map_in_any_order(pooling):
    model = encoder()
    streams = streams_of(model)
    model.whitening.fit(StreamFeatures(*streams).pooled(EVERY))
    alone = [streams.pooled((how,)) for how in sorted(pooling, key=lambda how: how == 'parts')]
    torch.testing.assert_close(streams.pooled(pooling), torch.cat(alone, 1))


def test_weights_keep_it_and_a_model_without_it_takes_them():
    model, other = encoder(), encoder()
    streams = streams_of(model)
    model.whitening.fit(StreamFeatures(*streams).pooled(EVERY))
    other.load_state_dict(model.state_dict())
    clips = torch.randn(3, 1, 64, 17, 2)
    assert torch.equal(other(clips).pooled(), model(clips).pooled())
    plain = DSTE(layout='coco', num_person=1, in_channels=2, embed_dims=16, num_layers=1).eval()
    plain.load_state_dict({name: value for name, value in model.state_dict().items() if 'whitening' not in name})
    torch.testing.assert_close(plain(clips).pooled(), StreamFeatures(*model(clips)).pooled())


def test_one_clip_leaves_it_as_it_is():
    model = encoder()
    model.whitening.fit(StreamFeatures(*streams_of(model, 1)).pooled(EVERY))
    assert torch.equal(model.whitening.mean, torch.zeros_like(model.whitening.mean))


def test_features_that_are_all_equal_stay_finite():
    model = encoder()
    model.whitening.fit(torch.ones(50, 160))
    assert model.whitening.map.isfinite().all() and streams_of(model, 5).pooled(EVERY).isfinite().all()

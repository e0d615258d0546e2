"""The loss from Gram matrices is the one of the D×D matrices, computed a pair of views at a time."""

import pytest
import torch
from textbook import textbook_terms

from usdrl_mmaction.models import decorrelation_terms


@pytest.mark.parametrize('views', [2, 3, 4, 6])
@pytest.mark.parametrize('n, d', [(2, 7), (8, 64), (16, 16), (50, 12)])
@pytest.mark.parametrize('dtype, tolerance', [(torch.float64, 1e-9), (torch.float32, 1e-4)])
def test_equals_the_textbook(views, n, d, dtype, tolerance):
    torch.manual_seed(views * 1000 + n * 10 + d)
    z = (torch.randn(1, n, d) + torch.randn(views, n, d) * torch.rand(d) * 2 + torch.randn(d)).to(dtype)
    ours, theirs = z.clone().requires_grad_(), z.clone().requires_grad_()
    terms, expected = decorrelation_terms(ours), textbook_terms(theirs)
    assert terms.keys() == expected.keys()
    for name, value in terms.items():
        torch.testing.assert_close(value, expected[name], rtol=tolerance, atol=tolerance)
        (gradient,) = torch.autograd.grad(value, ours, retain_graph=True)
        (reference,) = torch.autograd.grad(expected[name], theirs, retain_graph=True)
        torch.testing.assert_close(
            gradient, reference, rtol=tolerance, atol=tolerance * (1 + reference.abs().max().item())
        )


@pytest.mark.parametrize('constant', [0.0, 1.0, -345.678])
def test_a_constant_dimension_has_a_finite_loss_and_no_gradient(constant):
    z = torch.randn(4, 8, 5)
    z[..., 2] = constant
    z.requires_grad_()
    terms = decorrelation_terms(z)
    total = sum(terms.values())
    total.backward()
    assert total.isfinite()
    assert z.grad.isfinite().all()
    assert z.grad[..., 2].abs().max() < 1e-3
    assert terms['cross'] >= 6  # of six pairs, each misses the 1 on the dead dimension's diagonal


def test_independent_unit_dimensions_that_agree_cost_nothing():
    z = torch.linalg.qr(torch.randn(64, 9, dtype=torch.float64))[0]
    z = z - z.mean(0)
    z = torch.linalg.qr(z)[0] * 63**0.5 * (1 + 1e-3)
    terms = decorrelation_terms(z.expand(3, -1, -1))
    assert terms['consistency'] == 0
    assert terms['variance'] < 1e-6
    assert terms['cross'] < 3 * 9 * (1 / 64 + 1e-4) ** 2 + 1e-9  # divided by N, standardised by N - 1


def test_float32_under_mixed_precision():
    z = torch.randn(4, 8, 16)
    with torch.autocast('cpu', dtype=torch.bfloat16):
        mixed = decorrelation_terms(z)
        from_half = decorrelation_terms(z.bfloat16())
    full = decorrelation_terms(z)
    for name, value in mixed.items():
        assert value.dtype == torch.float32
        assert from_half[name].dtype == torch.float32
        assert value == full[name]


@pytest.mark.parametrize('shape', [(4, 8), (1, 8, 4), (3, 1, 4)])
def test_shapes_without_meaning_are_refused(shape):
    with pytest.raises(ValueError, match='two views and two clips, not'):
        decorrelation_terms(torch.randn(shape))

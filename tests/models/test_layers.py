"""The fast paths of the layers give the numbers of the plain ones, and are taken only where they are faster."""

import pytest
import torch
import torch.nn.functional as F
from torch import nn
from torch.utils._python_dispatch import TorchDispatchMode

from usdrl_mmaction.errors import ConfigError
from usdrl_mmaction.models import layers as module
from usdrl_mmaction.models.layers import (
    CACHED,
    PRODUCTS,
    TOKENS,
    Attention,
    Linear,
    attention_by_products,
    clips_at_once,
    linear,
)


class Operators(TorchDispatchMode):
    """The names of the operations under it."""

    def __init__(self):
        super().__init__()
        self.names = set()

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        self.names.add(func.overloadpacket.__name__)
        return func(*args, **(kwargs or {}))


@pytest.fixture
def by_convolution(monkeypatch):
    monkeypatch.setattr(module.PRODUCT, 'chosen', 'convolution')


def operators(run) -> set[str]:
    with Operators() as seen:
        run()
    return seen.names


WIDTHS = 128, 256
ENOUGH = PRODUCTS // (128 * 256)  # tokens
SHAPES = [(ENOUGH, 128), (4, ENOUGH // 4, 128), (3, 5, 100, 128)]


@pytest.mark.parametrize('shape', SHAPES, ids=str)
@pytest.mark.parametrize('bias', [True, False])
def test_outputs_and_gradients_are_those_of_pytorchs_layer(shape, bias, by_convolution):
    torch.manual_seed(0)
    ours, theirs = Linear(*WIDTHS, bias=bias), nn.Linear(*WIDTHS, bias=bias)
    theirs.load_state_dict(ours.state_dict())
    x = torch.randn(shape)
    inputs = [x.clone().requires_grad_() for _ in range(2)]
    found, expected = ours(inputs[0]), theirs(inputs[1])
    gradient = torch.randn_like(expected)
    assert operators(lambda: found.backward(gradient)) >= {'convolution_backward'}
    expected.backward(gradient)
    torch.testing.assert_close(found, expected)
    torch.testing.assert_close(inputs[0].grad, inputs[1].grad)
    for name, parameter in ours.named_parameters():
        torch.testing.assert_close(parameter.grad, theirs.get_parameter(name).grad, rtol=1e-4, atol=1e-4)


def test_across_tokens(by_convolution):
    torch.manual_seed(0)
    x, weight, bias = torch.randn(20, 64, 128), torch.randn(64, 64) / 8, torch.randn(64)
    found = []
    assert 'convolution' in operators(lambda: found.append(linear(x.mT, weight, bias).mT))
    torch.testing.assert_close(found[0], weight @ x + bias[:, None], rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize(
    'shape, dtype',
    [
        ((ENOUGH - 1, 128), torch.float32),
        ((4, ENOUGH, 128), torch.float64),
        ((4, ENOUGH, 128), torch.bfloat16),
        ((128,), torch.float32),
    ],
)
def test_what_a_convolution_does_not_pay_for(shape, dtype, by_convolution):
    x = torch.randn(shape).to(dtype)
    layer = Linear(*WIDTHS).to(x.dtype)
    assert 'convolution' not in operators(lambda: layer(x))
    torch.testing.assert_close(layer(x), F.linear(x, layer.weight, layer.bias))


def test_a_few_rows_are_no_work_for_a_convolution_however_wide(by_convolution):
    layer = Linear(1024, 1024)
    assert 'convolution' not in operators(lambda: layer(torch.randn(TOKENS - 1, 1024)))
    assert 'convolution' in operators(lambda: layer(torch.randn(TOKENS, 1024)))


def test_half_precision_and_graphs_have_products(by_convolution):
    layer, x = Linear(*WIDTHS), torch.randn(4, ENOUGH, 128)

    def half():
        with torch.autocast('cpu', torch.bfloat16):
            layer(x)

    assert 'convolution' in operators(lambda: layer(x))
    assert 'convolution' not in operators(half)
    assert 'conv' not in str(torch.export.export(layer, (x,)).graph)
    assert 'conv' not in str(torch.jit.trace(layer, x).graph)


@pytest.fixture
def undecided(monkeypatch):
    monkeypatch.delenv('USDRL_PRODUCT', raising=False)
    monkeypatch.setattr(module, 'PRODUCT', module.Product())


@pytest.mark.parametrize('convolution, chosen', [(300, 'convolution'), (105, 'matmul'), (60, 'matmul')])
def test_the_faster_product_is_chosen_once(undecided, monkeypatch, convolution, chosen):
    measured = []

    def measure():
        measured.append(1)
        return {'matmul': 100, 'convolution': convolution}

    monkeypatch.setattr(module, 'measure_products', measure)
    layer, x = Linear(*WIDTHS), torch.randn(4, ENOUGH, 128)
    for _ in range(2):
        layer(x)
    assert measured == [1] and ('convolution' in operators(lambda: layer(x))) is (chosen == 'convolution')
    assert str(module.PRODUCT) == f'{chosen} (matmul 100 GFLOP/s, convolution {convolution} GFLOP/s)'


def test_the_product_is_given_or_that_of_a_checkpoint(undecided, monkeypatch):
    module.PRODUCT.resume('convolution')
    assert module.PRODUCT.name() == str(module.PRODUCT) == 'convolution'
    module.PRODUCT.resume('rm -r')  # nothing that a checkpoint may ask for
    module.PRODUCT.resume(None)
    assert module.PRODUCT.name() == 'convolution'
    monkeypatch.setenv('USDRL_PRODUCT', 'matmul')
    given = module.Product()
    given.resume('convolution')
    assert given.name() == 'matmul'
    monkeypatch.setenv('USDRL_PRODUCT', 'gemm')
    with pytest.raises(ConfigError, match="'matmul' or 'convolution', not 'gemm'"):
        module.Product().name()


def test_both_products_are_measured_without_a_trace(undecided):
    state = torch.get_rng_state()
    assert set(module.measure_products()) == {'matmul', 'convolution'}
    assert min(module.measure_products().values()) >= 0 and torch.get_rng_state().equal(state)
    operators(lambda: Linear(*WIDTHS)(torch.randn(4, ENOUGH, 128)))
    assert module.PRODUCT.chosen is None  # not while operations are watched


@pytest.mark.parametrize('is_causal', [False, True])
def test_attention_by_products_is_pytorchs(is_causal):
    q, k, v = torch.randn(3, 2, 4, 7, 6, dtype=torch.float64)
    expected = F.scaled_dot_product_attention(q, k, v, is_causal=is_causal)
    torch.testing.assert_close(attention_by_products(q, k, v, is_causal, scale=6**-0.5), expected)


@pytest.mark.parametrize('is_causal', [False, True])
@pytest.mark.parametrize('clips, num_heads, merged', [(4, 1, True), (3, 1, False), (4, 2, False)])
def test_attention_is_pytorchs(clips, num_heads, merged, is_causal, monkeypatch):
    torch.manual_seed(0)
    ours = Attention(14, num_heads, is_causal).double()
    theirs = nn.MultiheadAttention(14, num_heads, batch_first=True, dtype=torch.float64)
    names = dict(zip(dict(ours.named_parameters()), dict(theirs.named_parameters()), strict=True))
    for parameter in ours.parameters():
        nn.init.normal_(parameter)
    theirs.load_state_dict({names[name]: value for name, value in ours.state_dict().items()})
    x = torch.randn(clips, 7, 14, dtype=torch.float64, requires_grad=True)
    later = torch.ones(7, 7, dtype=torch.bool).triu(1) if is_causal else None
    expected = theirs(x, x, x, attn_mask=later, need_weights=False)[0]
    calls = []
    monkeypatch.setattr(Attention, 'merged', lambda self, compute=Attention.merged: calls.append(1) or compute(self))
    found = ours(x)
    assert bool(calls) == merged
    torch.testing.assert_close(found, expected)
    gradient = torch.randn_like(found)
    for name, parameter in [*ours.named_parameters(), (None, x)]:
        other = theirs.get_parameter(names[name]) if name else x
        pair = (
            torch.autograd.grad(found, parameter, gradient, True),
            torch.autograd.grad(expected, other, gradient, True),
        )
        torch.testing.assert_close(*pair)


def test_clips_share_a_call_as_far_as_the_cache_goes():
    clips = torch.empty(5, 2)
    assert clips_at_once(clips, CACHED // 3, 1) == 3
    assert clips_at_once(clips, 2 * CACHED, 1) == 1
    assert clips_at_once(clips, 64, 1024) == 64  # a product of weights is as many as 1024 tokens'
    assert clips_at_once(clips.to('meta'), CACHED // 3, 1) == 5

"""With ``gather=True``, two processes compute the loss and the gradients of one process with all clips."""

import copy

import torch
import torch.distributed as dist
import torch.multiprocessing as mp

from usdrl_mmaction.models import DecorrelationHead, StreamFeatures


def parts():
    """A minimal encoder, a head, and the tokens of 8 clips in 3 views."""
    torch.manual_seed(0)
    encoder = torch.nn.Linear(5, 6)
    return encoder, DecorrelationHead(6, gather=True).train(), torch.randn(3, 8, 4, 5), torch.randn(3, 8, 7, 5)


def loss_and_gradients(encoder, head, temporal, spatial):
    losses = head.loss(StreamFeatures(encoder(temporal), encoder(spatial)))
    losses['loss'].backward()
    return {name: value.detach() for name, value in losses.items()}


def one_of_two(rank, store, queue):
    dist.init_process_group('gloo', init_method=f'file://{store}', rank=rank, world_size=2)
    encoder, head, temporal, spatial = parts()
    mine = slice(4 * rank, 4 * rank + 4)
    model = torch.nn.ModuleDict(dict(encoder=encoder, head=head))
    losses = loss_and_gradients(encoder, head, temporal[:, mine], spatial[:, mine])
    for parameter in model.parameters():  # what DistributedDataParallel does
        dist.all_reduce(parameter.grad)
        parameter.grad /= 2
    if rank == 0:
        gradients = {name: p.grad.tolist() for name, p in model.named_parameters()}
        statistics = {name: value.tolist() for name, value in head.named_buffers()}
        queue.put(({name: value.item() for name, value in losses.items()}, gradients, statistics))
    dist.barrier()
    dist.destroy_process_group()


def test_two_processes_equal_one(tmp_path):
    queue = mp.get_context('spawn').SimpleQueue()
    context = mp.spawn(one_of_two, (tmp_path / 'store', queue), nprocs=2, join=False)
    losses, gradients, statistics = queue.get()
    while not context.join():
        pass

    encoder, head, temporal, spatial = copy.deepcopy(parts())
    expected = loss_and_gradients(encoder, head, temporal, spatial)
    assert losses.keys() == expected.keys()
    for name, value in losses.items():
        torch.testing.assert_close(torch.tensor(value), expected[name])
    for name, parameter in torch.nn.ModuleDict(dict(encoder=encoder, head=head)).named_parameters():
        torch.testing.assert_close(torch.tensor(gradients[name]), parameter.grad, rtol=1e-4, atol=1e-5)
    for name, buffer in head.named_buffers():
        torch.testing.assert_close(torch.tensor(statistics[name]), buffer.float(), check_dtype=False)

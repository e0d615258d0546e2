"""Files that try to run code."""

import os
import pickle
import subprocess
from functools import partial
from pathlib import Path

import numpy as np
import torch
from file_server import serving
from mmengine.config import Config
from mmengine.runner import load_checkpoint

from usdrl_mmaction.apis import SkeletonInferencer

from .files import ROOT, read, read_dataset
from .isolated import each

PRETRAIN = Config.fromfile(ROOT / 'configs/usdrl/pretrain_synthetic.py')


class Call:
    """An object that pickles as a call."""

    def __init__(self, function, *arguments):
        self.call = function, arguments

    def __reduce__(self):
        return self.call


def calls(mark: Path) -> list:
    touch = f'touch {mark}'
    return [
        Call(os.system, touch),
        Call(eval, f'__import__("os").system({touch!r})'),
        Call(exec, f'open({str(mark)!r}, "w")'),
        Call(open, str(mark), 'w'),
        Call(subprocess.call, touch.split()),
        Call(Path.touch, mark),
        np.array([Call(os.system, touch)], dtype=object),
    ]


CARRIERS = {
    'checkpoint': ('.pth', torch.save, lambda path: load_checkpoint(torch.nn.Linear(1, 1), str(path))),
    'old checkpoint': (
        '.pth',
        partial(torch.save, _use_new_zipfile_serialization=False),
        lambda path: load_checkpoint(torch.nn.Linear(1, 1), str(path)),
    ),
    'weights to infer with': ('.pth', torch.save, lambda path: SkeletonInferencer(PRETRAIN, path, device='cpu')),
    'annotations': ('.pkl', lambda value, path: path.write_bytes(pickle.dumps(value)), read_dataset),
    'NPY': ('.npy', lambda value, path: np.save(path, np.array([value], object)), read),
    'NPZ': ('.npz', lambda value, path: np.savez(path, keypoint=np.array([value], object)), read),
}


@each
def hostile(rng, number, folder):
    def from_server(value, path):
        torch.save(value, path)
        os.environ['TORCH_HOME'] = str(path.with_suffix(''))
        with serving() as server:
            server.files['a.pth'] = path.read_bytes()
            load_checkpoint(torch.nn.Linear(1, 1), f'{server.url}/a.pth')

    def case(name, payload, path):
        mark = path.with_suffix('.mark')
        value = {'state_dict': {}, 'split': {}, 'annotations': [], 'meta': calls(mark)[payload]}
        try:
            if name == 'from a server':
                from_server(value, path)
            else:
                _, write, use = CARRIERS[name]
                write(value, path)
                use(path)
        except pickle.UnpicklingError:
            pass  # of torch, which names what it refused
        finally:
            if mark.exists():
                raise RuntimeError('code was run')

    for index in range(number):
        name = [*CARRIERS, 'from a server'][index % (len(CARRIERS) + 1)]
        path = folder / f'{index}{CARRIERS.get(name, (".pth",))[0]}'
        yield name, partial(case, name, rng.randrange(len(calls(path))), path)

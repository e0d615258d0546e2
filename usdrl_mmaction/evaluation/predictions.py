"""Reads the scores of a classifier that ``usdrl test … --dump FILE.pkl`` wrote. No code in the file is run."""

import io
import math
import pickle
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from rich.console import Console
from rich.progress import open as open_with_bar

from usdrl_mmaction.datasets.safe_pickle import Forbidden, SafeUnpickler, finished
from usdrl_mmaction.errors import PredictionError
from usdrl_mmaction.files import missing


class Predictions(NamedTuple):
    """A row a clip, in the order of the file."""

    names: list[str]
    labels: np.ndarray  # (N,)
    scores: np.ndarray  # (N, classes)


def read_predictions(path: str | Path) -> Predictions:
    """Names, true labels and scores of the clips of a dump. Clips without a name are numbered."""
    samples = read_dump(path)
    if not isinstance(samples, list) or not samples or not all(isinstance(sample, dict) for sample in samples):
        raise PredictionError(f'{path} is no list of clips. It must be what `usdrl test … --dump FILE.pkl` writes.')
    for field in ('pred_score', 'gt_label'):
        for row, sample in enumerate(samples):
            if field not in sample:
                raise PredictionError(
                    f"{path}: clip {row} has no '{field}', it has {', '.join(map(str, sample))}. Dump the predictions "
                    'of a classifier, or of retrieval.'
                )
    names = [str(sample.get('frame_dir', row)) for row, sample in enumerate(samples)]
    scores = stacked([sample['pred_score'] for sample in samples], 'pred_score', path)
    labels = stacked([sample['gt_label'] for sample in samples], 'gt_label', path)
    if labels.shape[1] != 1:
        raise PredictionError(f"{path}: 'gt_label' holds {labels.shape[1]} labels a clip, one is expected.")
    labels = labels[:, 0]
    wrong = np.flatnonzero((labels < 0) | (labels >= scores.shape[1]) | (labels % 1 != 0))
    if len(wrong):
        raise PredictionError(
            f"{path}: '{names[wrong[0]]}' has the 'gt_label' {labels[wrong[0]]}, but the scores are of "
            f'{scores.shape[1]} classes. Test on data with labels from 0.'
        )
    return Predictions(names, labels.astype(int), scores)


def read_dump(path: str | Path) -> Any:
    try:
        with open_with_bar(path, 'rb', description='Reading predictions', console=Console(stderr=True)) as file:
            return finished(DumpUnpickler(file).load(), {})
    except Forbidden as error:
        raise PredictionError(
            f'{path} asks for {error}. A dump of predictions holds tensors, arrays, containers, numbers and strings, '
            'nothing else is read from it, and nothing in it was run.'
        ) from error
    except FileNotFoundError as error:
        raise missing(path, 'file of predictions', 'Run usdrl test with --dump to write one.') from error
    except OSError:
        raise
    except Exception as error:  # a damaged pickle makes the unpickler raise anything
        raise PredictionError(
            f'{path} is not a whole pickle file ({type(error).__name__}: {error}). Run usdrl test --dump again.'
        ) from error


def stacked(rows: Sequence, field: str, path: str | Path) -> np.ndarray:
    """One row a clip.  # (N, values)"""
    rows = [np.atleast_1d(row) for row in rows]
    for number, row in enumerate(rows):
        if row.shape != rows[0].shape or row.ndim != 1 or row.dtype.kind not in 'iuf' or not np.isfinite(row).all():
            raise PredictionError(
                f"{path}: clip {number} has a '{field}' of the shape {row.shape} and type {row.dtype}; finite numbers "
                f'are expected, {len(np.atleast_1d(rows[0]))} as in the first clip.'
            )
    return np.stack(rows)


class DumpUnpickler(SafeUnpickler):
    """Also reads tensors, as arrays."""

    def find_class(self, module: str, name: str):
        make = TENSORS.get((module, name))
        return (lambda *args: make(*args)) if make else super().find_class(module, name)


def read_storage(data: bytes) -> torch.Tensor:
    """The numbers of a tensor. Torch's own function for pickles would run what they ask for."""
    try:
        storage = torch.load(io.BytesIO(data), weights_only=True)
    except pickle.UnpicklingError as error:
        raise Forbidden('code in the numbers of a tensor') from error
    return torch.empty(0, dtype=storage.dtype).set_(storage)


def as_array(values: torch.Tensor, offset, size, stride, *_) -> np.ndarray:
    """A tensor as an array, from the arguments that torch rebuilds it with."""
    if math.prod(size) > len(values):
        raise Forbidden(f'a tensor of the shape {tuple(size)} over {len(values)} numbers')
    tensor = values.as_strided(size, stride, offset)
    # Copied: a clip's scores may be dumped with those of its whole batch.
    return (tensor.float() if tensor.dtype == torch.bfloat16 else tensor).numpy().copy()


TENSORS = {
    ('torch.storage', '_load_from_bytes'): read_storage,
    ('torch._utils', '_rebuild_tensor_v2'): as_array,
}

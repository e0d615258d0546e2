"""Export to other runtimes: ONNX, TorchScript or torch.export, compared with the model before the file is kept."""

import copy
import json
import logging
import warnings
from collections.abc import Callable
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from mmaction.models.recognizers import RecognizerGCN
from torch import Tensor, nn

from usdrl_mmaction.errors import ExportError
from usdrl_mmaction.files import replacing
from usdrl_mmaction.models import EarlyRecognizer, FrameLocalizer, as_streams
from usdrl_mmaction.models.backbones.dste import DenseLayer
from usdrl_mmaction.models.backbones.stream_encoder import StreamEncoder
from usdrl_mmaction.models.layers import MergedAttention

from .classifier_network import ClassifierNetwork

BATCHES = (1, 2, 5)  # sizes that are compared; the second one is traced
ONNX_PACKAGES = ('onnx', 'onnxscript', 'onnxruntime')

Run = Callable[[np.ndarray], list[np.ndarray]]


class Export(NamedTuple):
    """The inputs and outputs of a written file."""

    inputs: dict[str, tuple]  # name -> shape without the batch
    outputs: dict[str, tuple]
    error: float  # the largest difference from the model


def export(
    model: nn.Module,
    path: str | Path,
    format: str = 'onnx',
    encoder_only: bool = False,
    clip_shape: tuple[int, int, int, int] | None = None,
    tolerance: float = 1e-4,
) -> Export:
    """Writes a model as a network that takes clips (batch, persons, frames, joints, coordinates), from the CPU.

    A recognizer gives ``cls_score`` (batch, classes); one that predicts early ``ratio_score`` (batch, ratios, classes);
    a localizer ``frame_score`` (batch, frames, 1 + classes), the background first; all of them before softmax. An
    encoder gives ``temporal`` (batch, frames, D) and ``spatial`` (batch, persons times joints, D). The file is compared
    with the model on random clips; if it differs, it is not kept.

    Args:
        format (str): 'onnx', 'torchscript' or 'exported' (torch.export).
        encoder_only (bool): Leave out the head.
        clip_shape (tuple | None): Persons, frames, joints and coordinates, for backbones of MMAction2.
        tolerance (float): The largest absolute difference that is accepted.
    """
    if format not in WRITERS:
        raise ExportError(f"There is no format '{format}'. There are: {', '.join(WRITERS)}.")
    network = Network(model.cpu().eval(), encoder_only)
    shape = network.clip_shape(clip_shape)
    generator = torch.Generator().manual_seed(0)
    clips = {size: torch.randn(size, *shape, generator=generator) for size in BATCHES}
    with replacing(path) as draft, torch.no_grad():
        run = WRITERS[format](Network(with_merged_attention(model), encoder_only), clips[BATCHES[1]], draft)
        expected = {size: network(clip) for size, clip in clips.items()}
        error = max(compare(run, clips[size], expected[size], network.outputs, tolerance) for size in BATCHES)
    shapes = [tuple(output.shape[1:]) for output in expected[1]]
    return Export({'clip': shape}, dict(zip(network.outputs, shapes, strict=True)), error)


class Network(nn.Module):
    """The exported network: takes a clip, returns one or more tensors."""

    def __init__(self, model: nn.Module, encoder_only: bool):
        super().__init__()
        if not isinstance(model, RecognizerGCN | FrameLocalizer | ClassifierNetwork):
            raise ExportError(f'{type(model).__name__} cannot be exported: it is no recognizer or localizer.')
        self.model = model
        self.outputs = ('temporal', 'spatial')
        if isinstance(model, FrameLocalizer) and not encoder_only:
            self.outputs = ('frame_score',)
        elif not encoder_only and model.with_cls_head:
            self.outputs = ('ratio_score' if isinstance(model, EarlyRecognizer) else 'cls_score',)
        classes = getattr(model, 'dataset_meta', {}).get('classes')
        self.metadata = {'classes': json.dumps(list(classes))} if classes else {}

    def forward(self, clip: Tensor) -> tuple[Tensor, ...]:  # (N, M, T, V, C)
        if self.outputs in (('frame_score',), ('ratio_score',)):
            return (self.model(clip[:, None]),)
        features = self.model.backbone(clip)
        if isinstance(self.model, ClassifierNetwork):
            return (self.model(clip, features),) if self.outputs == ('cls_score',) else tuple(features)
        return (self.model.cls_head(features),) if self.outputs == ('cls_score',) else tuple(as_streams(features))

    def clip_shape(self, given: tuple | None) -> tuple:
        if not isinstance(self.model.backbone, StreamEncoder):
            if given is None:
                raise ExportError(
                    f'{type(self.model.backbone).__name__} does not say the shape of its clips: give persons, frames, '
                    'joints and coordinates (--clip-shape 2 100 25 3).'
                )
            return tuple(given)
        shape = self.model.backbone.clip_shape
        if given is not None and tuple(given) != shape:
            raise ExportError(f'The encoder was built for clips of {shape}, not {tuple(given)}: leave the shape out.')
        return shape


def with_merged_attention(model: nn.Module) -> nn.Module:
    """A copy of a model, with fewer products where attention has one head."""
    model = copy.deepcopy(model)
    for layer in [module for module in model.modules() if isinstance(module, DenseLayer)]:
        if layer.attention.num_heads == 1:
            layer.attention = MergedAttention(layer.attention)
    return model


def compare(run: Run, clip: Tensor, expected: tuple, names: tuple, tolerance: float) -> float:
    """The largest difference between the outputs of the file for a clip and the expected ones."""
    try:
        found = run(clip.numpy())
    except Exception as error:  # each runtime raises its own
        raise ExportError(
            f'The exported file does not run on a batch of {len(clip)} ({first_line(error)}); nothing was written.'
        ) from error
    largest = 0.0
    for name, theirs, ours in zip(names, found, expected, strict=True):
        difference = float(np.abs(theirs - ours.numpy()).max()) if theirs.shape == ours.shape else np.inf
        if not difference <= tolerance:  # nor if it is NaN
            raise ExportError(
                f"The exported '{name}' {theirs.shape} differs from the model's {tuple(ours.shape)} by "
                f'{difference:.3g} on a batch of {len(clip)}, where values reach {ours.abs().max():.3g} and '
                f'{tolerance:g} is allowed (--tolerance); nothing was written.'
            )
        largest = max(largest, difference)
    return largest


# --- The formats: each writes a file and returns what runs it -------------------------------------------------------
def write_onnx(network: Network, clip: Tensor, path: Path) -> Run:
    missing = [package for package in ONNX_PACKAGES if find_spec(package) is None]
    if missing:
        raise ExportError(f"Export to ONNX needs {', '.join(missing)}: pip install 'usdrl-mmaction[export]'.")
    import onnxruntime

    logging.getLogger('torch.onnx').setLevel(logging.ERROR)  # it warns of every operator of a missing torchvision
    with warnings.catch_warnings(), reasons('torch.onnx'):
        warnings.simplefilter('ignore')
        program = torch.onnx.export(
            network,
            (clip,),
            dynamo=True,
            dynamic_shapes=DYNAMIC,
            input_names=['clip'],
            output_names=network.outputs,
            verbose=False,
        )
    program.model.metadata_props.update(network.metadata)
    program.save(path, external_data=False)
    session = onnxruntime.InferenceSession(path, providers=['CPUExecutionProvider'])
    return lambda clip: session.run(None, {'clip': clip})


def write_exported(network: Network, clip: Tensor, path: Path) -> Run:
    with reasons('torch.export'):
        program = torch.export.export(network, (clip,), dynamic_shapes=DYNAMIC)
    with path.open('wb') as file:
        torch.export.save(program, file)
    with path.open('rb') as file:
        return in_torch(torch.export.load(file).module())


def write_torchscript(network: Network, clip: Tensor, path: Path) -> Run:
    with warnings.catch_warnings(), reasons('torch.jit.trace'):
        warnings.simplefilter('ignore')  # about values that a trace fixes; the comparison shows whether they matter
        trace = torch.jit.trace(network, clip, check_trace=False)
        with path.open('wb') as file:
            torch.jit.save(trace, file)  # given the path, torch would write the draft's name into the file
        return in_torch(torch.jit.load(path))


WRITERS = {'onnx': write_onnx, 'torchscript': write_torchscript, 'exported': write_exported}
DYNAMIC = {'clip': {0: torch.export.Dim('batch')}}


def in_torch(module) -> Run:
    return lambda clip: [output.numpy() for output in module(torch.from_numpy(clip))]


@contextmanager
def reasons(tracer: str):
    """Raises in one line which tracer cannot follow a model, and why."""
    try:
        yield
    except Exception as error:  # the model's own code may raise anything when it is traced
        cause = error
        while cause.__cause__ is not None:
            cause = cause.__cause__
        raise ExportError(f'{tracer} cannot follow the model: {first_line(cause)}') from error


def first_line(error: Exception) -> str:
    return next((line.strip() for line in str(error).splitlines() if line.strip()), type(error).__name__)

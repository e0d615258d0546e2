"""Clips a second of encoders: ours beside a graph network of MMAction2, on the same clips in one process, in PyTorch
and in ONNX Runtime, also with weights of 8 bits; and what follows from it."""

import logging
import math
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from mmaction.registry import MODELS
from mmengine.registry import init_default_scope
from rich.console import Console

import usdrl_mmaction
from usdrl_mmaction.apis import export
from usdrl_mmaction.commands.common import number_table
from usdrl_mmaction.datasets import read_annotations
from usdrl_mmaction.datasets.annotations import clips_of_split
from usdrl_mmaction.datasets.store import write_store
from usdrl_mmaction.engine.ridge import fit_ridge

from .store import alone
from .streaming import measure_stream

BATCH, REPEATS = 16, 5
SHAPE = (2, 64, 25, 3)  # people, frames, joints, coordinates
GRAPH = dict(layout='nturgb+d', mode='spatial')
BACKBONES = {
    **{f'DSTE, D={width}': dict(type='DSTE', embed_dims=width) for width in (128, 256, 1024)},
    'STGCN++ of MMAction2': dict(
        type='STGCN', gcn_adaptive='init', gcn_with_res=True, tcn_type='mstcn', graph_cfg=GRAPH
    ),
}
RUNTIMES = ('PyTorch', 'ONNX Runtime', 'ONNX Runtime, int8')
STORED = 2000  # clips that are embedded from a store
REAL = Path(__file__).resolve().parents[4] / 'shared/data/msr_action3d.pkl'


def measure() -> dict:
    init_default_scope('mmaction')
    threads, found = torch.get_num_threads(), {}
    found['clips a second'] = measure_encoders(threads)
    found['from a store'] = alone(embed_store)
    torch.set_num_threads(1)
    found['streams a core'] = {
        width: measure_stream(width, 20, together=15)['real_time_factor'] for width in (128, 1024)
    }
    torch.set_num_threads(threads)
    found['accuracy'] = alone(compare_precision, REAL) if REAL.is_file() else None
    return found


def measure_encoders(threads: int) -> dict[str, dict[str, float]]:
    """By encoder and runtime."""
    clip, runs = torch.randn(BATCH, *SHAPE), {}
    with tempfile.TemporaryDirectory() as folder:
        for name, backbone in BACKBONES.items():
            model = MODELS.build(dict(type='FrozenRecognizer', backbone=backbone)).eval()
            runs[name, RUNTIMES[0]] = in_torch(model.backbone, clip)
            path = Path(folder, f'{len(runs)}.onnx')
            export(model, path, encoder_only=True, clip_shape=SHAPE, tolerance=1e-2)
            runs[name, RUNTIMES[1]] = in_session(open_session(path, threads), clip)
            runs[name, RUNTIMES[2]] = in_session(open_session(quantized(path), threads), clip)
        rates = clips_a_second(runs, REPEATS)
    return {name: {kind: rates[name, kind] for kind in RUNTIMES} for name in BACKBONES}


def clips_a_second(runs: dict, repeats: int) -> dict:
    """Of runs of a batch, from the least of several times, taken in turn."""
    least = dict.fromkeys(runs, math.inf)
    for _ in range(repeats):
        for key, run in runs.items():
            begun = time.perf_counter()
            run()
            least[key] = min(least[key], time.perf_counter() - begun)
    return {key: BATCH / seconds for key, seconds in least.items()}


def in_torch(backbone, clip) -> Callable:
    @torch.inference_mode()
    def run():
        backbone(clip)

    run()
    return run


def in_session(session, clip: torch.Tensor) -> Callable:
    array = clip.numpy()
    session.run(None, {'clip': array})
    return lambda: session.run(None, {'clip': array})


def open_session(path: Path, threads: int):
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    return onnxruntime.InferenceSession(path, options, providers=['CPUExecutionProvider'])


def quantized(path: Path) -> Path:
    """Matrices of weights in 8 bits, a scale for each output; what they are multiplied by is converted as it comes."""
    from onnxruntime.quantization import QuantType, quantize_dynamic

    logging.getLogger().setLevel(logging.ERROR)  # it advises to optimize the graph first, which torch has done
    out = path.with_suffix('.int8.onnx')
    quantize_dynamic(path, out, weight_type=QuantType.QInt8, per_channel=True)
    return out


def embed_store() -> dict[str, float]:
    """Clips a second of the foundation encoder, from a store to features."""
    rng, encoder = np.random.default_rng(0), usdrl_mmaction.load('body')
    with tempfile.TemporaryDirectory() as folder:
        names = [f'{number:06d}' for number in range(STORED)]
        items = [
            dict(frame_dir=name, label=0, total_frames=60, keypoint=rng.random((1, 60, 17, 3), np.float32))
            for name in names
        ]
        path = Path(folder, 'clips.store')
        write_store({'split': {'all': names}, 'annotations': items, 'meta': {'layout': 'coco'}}, path, list)
        begun = time.perf_counter()
        clips = [item['keypoint'] for item in read_annotations(str(path))['annotations']]
        for first in range(0, STORED, 500):
            encoder.embed(clips[first : first + 500], 'coco')
        return {'clips_per_second': STORED / (time.perf_counter() - begun)}


def compare_precision(path: Path) -> dict[str, dict[str, float]]:
    """Accuracy of a linear classifier, fitted to features of the foundation encoder in float, on features in each
    precision; and the clips a second of the encoder, in turn."""
    encoder, content, threads = usdrl_mmaction.load('body'), read_annotations(str(path)), torch.get_num_threads()
    prepared, labels = {}, {}
    for split in ('train', 'val'):
        items = clips_of_split(content, split, str(path))
        prepared[split] = encoder.prepare([item['keypoint'] for item in items], 'kinect_v1')
        labels[split] = np.array([item['label'] for item in items])
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, 'body.onnx')
        export(encoder.model, file, encoder_only=True)
        sessions = {'float': open_session(file, threads), 'int8': open_session(quantized(file), threads)}
        train = pooled(sessions['float'], prepared['train'])
        classifier = fit_ridge(train, labels['train'], labels['train'].max() + 1)
        tested = {kind: pooled(session, prepared['val']) for kind, session in sessions.items()}
        runs = {kind: in_session(session, prepared['val'][:BATCH]) for kind, session in sessions.items()}
        rates = clips_a_second(runs, 4 * REPEATS)
    right = {kind: classifier.scores(features).argmax(1) == labels['val'] for kind, features in tested.items()}
    return {kind: {'accuracy': float(right[kind].mean()), 'clips_per_second': rates[kind]} for kind in sessions}


def pooled(session, clips: torch.Tensor) -> np.ndarray:
    streams = [session.run(None, {'clip': batch.numpy()}) for batch in clips.split(BATCH)]
    return np.concatenate([np.concatenate([tokens.max(1) for tokens in batch], 1) for batch in streams])


def show(found: dict, console: Console):
    title = f'Clips a second, batches of {BATCH} clips of {SHAPE} (people, frames, joints, coordinates)'
    table = number_table(title, 'encoder', *RUNTIMES, 'times STGCN++')
    rates = found['clips a second']
    graph = rates['STGCN++ of MMAction2'][RUNTIMES[0]]
    for name, row in rates.items():
        table.add_row(name, *(f'{row[kind]:.1f}' for kind in RUNTIMES), f'{row[RUNTIMES[0]] / graph:.2f}×')
    console.print(table)
    rate = found['from a store']['clips_per_second']
    console.print(f'Embedding from a store: {rate:.0f} clips a second, 100,000 in {1e5 / rate / 60:.1f} minutes')
    for width, factor in found['streams a core'].items():
        console.print(
            f'Live streams of 30 frames a second on one core, D={width}, a call each half second: {factor:.1f}'
        )
    for kind, row in (found['accuracy'] or {}).items():
        rate = row['clips_per_second']
        console.print(f'MSR-Action3D, {kind} ONNX: {row["accuracy"]:.1%}, {rate:.0f} clips a second')

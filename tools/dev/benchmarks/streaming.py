"""A stream of frames: whether it is told as fast as it comes, how long a call takes, and what memory it holds."""

import resource
import statistics
import sys
import time
from pathlib import Path

import numpy as np
from mmaction.registry import MODELS
from rich.console import Console
from rich.table import Table

from usdrl_mmaction.apis import StreamingDetector
from usdrl_mmaction.commands.common import read_config

FPS = 30
STREAMS = {
    'an hour at 30 fps, D=128, a frame at a time': (128, 3600),
    '2 minutes at 30 fps, D=1024, a frame at a time': (1024, 120),
    '2 minutes at 30 fps, D=128, causal, a frame at a time': (128, 120, True),
    '2 minutes at 30 fps, D=1024, causal, a second at a time': (1024, 120, True, 30),
}


def measure() -> dict[str, dict]:
    return {title: measure_stream(*given) for title, given in STREAMS.items()}


def measure_stream(width: int, seconds: int, causal: bool = False, together: int = 1) -> dict:
    """Real-time factor (seconds of video a second), latency of a call in seconds, and memory of the process after a
    tenth of the video and at its end: frames of two people, ``together`` at a time."""
    cfg = read_config('detect_synthetic', {})
    cfg.model.backbone.update(embed_dims=width, causal=causal)
    cfg.model.head.update(in_channels=width, spatial=not causal)
    model = MODELS.build(cfg.model)
    model.cfg = cfg
    detector = StreamingDetector(model)
    rng = np.random.default_rng(0)
    frames = rng.normal(size=(2, FPS, 25, 3)).astype(np.float32)  # a second of them, over and over
    calls, memory, total = [], [], seconds * FPS // together
    for number in range(total):
        start = time.perf_counter()
        detector(frames[:, np.arange(number * together, (number + 1) * together) % FPS])
        calls.append(time.perf_counter() - start)
        if number in (total // 10, total - 1):
            memory.append(resident())
    return {
        'real_time_factor': seconds / sum(calls),
        'latency_p50': statistics.median(calls),
        'latency_p99': float(np.quantile(calls, 0.99)),
        'latency_max': max(calls),
        'delay_frames': detector.delay,
        'memory_tenth': memory[0],
        'memory_end': memory[1],
    }


def resident() -> int:
    """Bytes of memory that the process has now; where that is not told, the most it ever had."""
    status = Path('/proc/self/statm')
    if status.exists():
        return int(status.read_text().split()[1]) * resource.getpagesize()
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == 'darwin' else 1024)


def show(streams: dict[str, dict], console: Console):
    table = Table(title='A stream: seconds of video a second, milliseconds a call, MB of the process')
    for name in ('what', 'real time', 'p50', 'p99', 'after a tenth', 'at the end'):
        table.add_column(name, justify='left' if name == 'what' else 'right')
    for title, found in streams.items():
        calls = [f'{1000 * found[name]:.3g} ms' for name in ('latency_p50', 'latency_p99')]
        memory = [f'{found[name] / 1e6:.0f} MB' for name in ('memory_tenth', 'memory_end')]
        table.add_row(title, f'{found["real_time_factor"]:.3g}×', *calls, *memory)
    console.print(table)

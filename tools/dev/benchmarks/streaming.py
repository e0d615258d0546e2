"""Live input: the real-time factor, the latency of a call and the memory of the process."""

import resource
import statistics
import sys
import time
from pathlib import Path

import numpy as np
from mmaction.registry import MODELS
from rich.console import Console

from usdrl_mmaction.apis import StreamingDetector
from usdrl_mmaction.commands.common import number_table, read_config

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
    """Real-time factor (seconds of video per second), latency of a call in seconds, and memory of the process after a
    tenth of the video and at its end. The frames show two people; a call takes ``together`` of them."""
    cfg = read_config('detect_synthetic', {})
    cfg.model.backbone.update(embed_dims=width, causal=causal)
    cfg.model.head.update(in_channels=width, spatial=not causal)
    model = MODELS.build(cfg.model)
    model.cfg = cfg
    detector = StreamingDetector(model)
    rng = np.random.default_rng(0)
    frames = rng.normal(size=(2, FPS, 25, 3)).astype(np.float32)  # one second, repeated
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
    """Bytes of memory of the process; the peak where the system does not give the present value."""
    status = Path('/proc/self/statm')
    if status.exists():
        return int(status.read_text().split()[1]) * resource.getpagesize()
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == 'darwin' else 1024)


def show(streams: dict[str, dict], console: Console):
    title = 'Live input: seconds of video per second, milliseconds per call, MB of the process'
    table = number_table(title, 'what', 'real time', 'p50', 'p99', 'after a tenth', 'at the end')
    for title, found in streams.items():
        calls = [f'{1000 * found[name]:.3g} ms' for name in ('latency_p50', 'latency_p99')]
        memory = [f'{found[name] / 1e6:.0f} MB' for name in ('memory_tenth', 'memory_end')]
        table.add_row(title, f'{found["real_time_factor"]:.3g}×', *calls, *memory)
    console.print(table)

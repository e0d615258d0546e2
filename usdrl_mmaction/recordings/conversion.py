"""Many recordings to annotations, in several processes. Recordings that cannot be used are left out and named."""

from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import nullcontext
from functools import partial

from rich.progress import track

from usdrl_mmaction.errors import UsdrlError


def convert(read: Callable, recordings: Sequence, workers: int, description: str) -> tuple[list[dict], list[str]]:
    """The annotations of all recordings, in their order, and what was skipped or cut and why. ``read`` returns both for
    one recording; if it raises, the whole recording is skipped."""
    annotations, skipped = [], []
    attempt, chunksize = partial(_attempt, read), max(1, min(32, len(recordings) // (4 * max(workers, 1))))
    with ProcessPoolExecutor(workers) if min(workers, len(recordings)) > 1 else nullcontext() as pool:
        results = pool.map(attempt, recordings, chunksize=chunksize) if pool else map(attempt, recordings)
        for found, faults in track(results, description, len(recordings)):
            annotations += found
            skipped += faults
    return annotations, skipped


def _attempt(read, recording):
    try:
        annotations, faults = read(recording)
    except UsdrlError as error:
        annotations, faults = [], [error]
    return annotations, list(map(str, faults))

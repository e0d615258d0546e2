"""From many recordings to annotations, by several processes. What cannot be used is left out and named."""

from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial

from rich.progress import track

from usdrl_mmaction.errors import UsdrlError

# The annotations of one recording, and what of it was skipped or cut. An error leaves out the whole recording.
Read = Callable[..., tuple[list[dict], list[UsdrlError]]]


def convert(read: Read, recordings: Sequence, workers: int, description: str) -> tuple[list[dict], list[str]]:
    """The annotations of all recordings, in their order, and what was skipped or cut and why."""
    annotations, skipped = [], []
    found_in_each = _read_all(partial(_attempt, read), recordings, workers)
    for found, faults in track(found_in_each, description, len(recordings)):
        annotations += found
        skipped += faults
    return annotations, skipped


def _read_all(read, recordings, workers):
    if min(workers, len(recordings)) < 2:
        yield from map(read, recordings)
        return
    with ProcessPoolExecutor(workers) as pool:
        yield from pool.map(read, recordings, chunksize=max(1, min(32, len(recordings) // (4 * workers))))


def _attempt(read, recording):
    try:
        annotations, faults = read(recording)
    except UsdrlError as error:
        annotations, faults = [], [error]
    return annotations, list(map(str, faults))

"""A data set as a pickle and as a store: the time to open it, and the memory of each process that reads it."""

import pickle
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.progress import track

from usdrl_mmaction.commands.common import number_table
from usdrl_mmaction.datasets import SkeletonDataset
from usdrl_mmaction.datasets.store import write_store

SIZES = 2_000, 20_000  # clips
WORKERS, READ = 8, 1000  # processes that read at once, and clips that each of them reads


def measure() -> list[dict]:
    """Seconds to open the data set, and the memory of each worker that reads it."""
    rows = []
    for clips in SIZES:
        with tempfile.TemporaryDirectory() as folder:
            alone(write_both, Path(folder), clips)
            for kind in ('pickle', 'store'):
                rows.append({'kind': kind, 'clips': clips, **alone(open_and_read, f'{folder}/{kind}')})
    return rows


def alone(function, *args):
    """The result of a function in a new process, where nothing else has used memory."""
    with ProcessPoolExecutor(1, mp_context=get_context('spawn')) as process:
        return process.submit(function, *args).result()


def write_both(folder: Path, clips: int):
    """Write clips of 100 frames and one person as a pickle and as a store."""
    rng, names = np.random.default_rng(0), [f'{number:06d}' for number in range(clips)]
    annotations = [
        dict(frame_dir=name, label=0, total_frames=100, keypoint=rng.random((1, 100, 25, 3), np.float32))
        for name in names
    ]
    content = {'split': {'train': names}, 'annotations': annotations}
    with open(folder / 'pickle', 'wb') as file:
        pickle.dump(content, file, protocol=pickle.HIGHEST_PROTOCOL)
    write_store(content, folder / 'store', partial(track, description=f'writing {clips} clips'))


def open_and_read(path: str) -> dict:
    start = time.perf_counter()
    dataset = SkeletonDataset(path, [], split='train', lazy_init=True)
    dataset.full_init()
    seconds = time.perf_counter() - start
    fork = get_context('fork')  # as a data loader makes its workers
    together, results = fork.Barrier(WORKERS), fork.Queue()
    workers = [fork.Process(target=read_clips, args=(dataset, seed, together, results)) for seed in range(WORKERS)]
    for worker in workers:
        worker.start()
    memory = [results.get() for _ in workers]
    for worker in workers:
        worker.join()
    return {'seconds': seconds, 'opener': resident(), 'workers': memory}


def read_clips(dataset, seed: int, together, results):
    for index in np.random.default_rng(seed).integers(len(dataset), size=READ):
        dataset[index]
    together.wait()  # memory counts as shared while several processes hold it
    memory = resident()
    together.wait()
    results.put(memory)


def resident() -> dict[str, int]:
    """Bytes of this process: all (Rss), with its share of shared memory (Pss), and without shared memory (Private)."""
    lines = [line.split() for line in Path('/proc/self/smaps_rollup').read_text().splitlines()[1:]]
    sizes = {name.rstrip(':'): int(kilobytes) * 1024 for name, kilobytes, _ in lines}
    return {'rss': sizes['Rss'], 'pss': sizes['Pss'], 'private': sizes['Private_Clean'] + sizes['Private_Dirty']}


def show(rows: list[dict], console: Console):
    title = f'A data set as pickle and as store: mean MB of {WORKERS} workers after {READ} clips each'
    sizes = 'opener resident', 'worker resident', 'worker PSS', 'worker private'
    table = number_table(title, 'as', 'clips', 'open', *sizes)
    for row in rows:
        means = [np.mean([worker[key] for worker in row['workers']]) for key in ('rss', 'pss', 'private')]
        sizes = [f'{size / 1e6:.0f}' for size in (row['opener']['rss'], *means)]
        table.add_row(row['kind'], str(row['clips']), f'{row["seconds"]:.2f} s', *sizes)
    console.print(table)

"""A fuzzer guided by code coverage (atheris), in a separate process for each format."""

import inspect
import json
import os
import pickle
import random
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from raw_files import moving

from usdrl_mmaction.datasets import read_annotations
from usdrl_mmaction.recordings.readers import content_of, reader_of

from .files import read, write_formats, write_recordings
from .isolated import LIMIT, LOST, PACKAGE, Result, judge

READERS = tuple(os.path.join(PACKAGE, folder) for folder in ('datasets', 'recordings'))


def guided(rng: random.Random, number: int, folder: Path) -> Iterator[Result]:
    sound = {path.suffix[1:]: path for path in write_recordings(folder / 'sound') if path.is_file()}
    formats = [path for path in write_formats(folder / 'formats') if path.is_file()]
    of_readers = {reader_of(path.suffix, content_of(path)).name: path for path in formats}  # one of each reader
    sound |= {f'{path.parent.name}_{path.suffix[1:]}': path for path in of_readers.values()}
    sound['pkl'] = folder / 'sound/h.pkl'
    clips = [dict(frame_dir='a', keypoint=moving())]
    sound['pkl'].write_bytes(pickle.dumps({'split': {'xsub_train': ['a']}, 'annotations': clips}))
    for name, path in sound.items():
        corpus = folder / name
        corpus.mkdir()
        shutil.copy(path, corpus)
        for beside in path.parent.glob('*.asf'):
            shutil.copy(beside, folder)
        out, runs = folder / f'{name}.json', str(-(-number // len(sound)))
        seed = str(rng.randrange(2**31))
        command = [sys.executable, sys.argv[0], '--seed', seed, '--fuzz', str(corpus), runs, str(out)]
        subprocess.run(command, capture_output=True, timeout=1200, check=False)
        found = json.loads(out.read_text()) if out.exists() else [[LOST, name, 'the fuzzer ended early']]
        yield from (Result(*result) for result in found)


def fuzz(corpus: str, runs: int, out: Path, seed: int):
    import atheris

    name = Path(corpus).name
    path, results = out.with_suffix(f'.input.{name.rpartition("_")[2]}'), []
    for module in list(sys.modules.values()):
        if (getattr(module, '__file__', '') or '').startswith(READERS):
            for function in (value for value in vars(module).values() if inspect.isfunction(value)):
                atheris.instrument_func(function)

    def try_once(content: bytes):
        path.write_bytes(content)
        begun = time.monotonic()
        verdict, reason = judge(lambda: read_annotations(str(path)) and None if name == 'pkl' else read(path))
        if time.monotonic() - begun > LIMIT:
            verdict, reason = LOST, f'it took more than {LIMIT} s'
        results.append((verdict, f'{name}: {content[:60]!r}', reason if verdict == LOST else ''))
        if len(results) >= runs:
            out.write_text(json.dumps(results))
            os._exit(0)

    limits = [f'-seed={seed}', f'-runs={runs * 10}', '-rss_limit_mb=8192', f'-timeout={LIMIT}', '-max_len=200000']
    atheris.Setup([sys.argv[0], *limits, corpus], try_once)
    atheris.Fuzz()

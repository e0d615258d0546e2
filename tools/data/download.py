"""Download the skeleton annotations that OpenMMLab publishes, into data/skeleton/."""

import argparse
import urllib.error
import urllib.request
from pathlib import Path

from rich.progress import wrap_file

URL = 'https://download.openmmlab.com/mmaction/v1.0/skeleton/data/{name}.pkl'
NAMES = ('ntu60_3d', 'ntu120_3d', 'ntu60_2d', 'ntu120_2d')


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('names', nargs='+', choices=NAMES, metavar='NAME', help=', '.join(NAMES))
    parser.add_argument('--out-dir', type=Path, default=Path('data/skeleton'))
    args = parser.parse_args()
    for name in args.names:
        download(URL.format(name=name), args.out_dir / f'{name}.pkl')


def download(url: str, target: Path):
    """Fetch a file beside its place, then rename it."""
    if target.exists():
        print(f'{target} is there already.')
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_suffix('.part')
    try:
        with urllib.request.urlopen(url, timeout=60) as response, part.open('wb') as file:
            size = int(response.headers.get('Content-Length', 0))
            with wrap_file(response, total=size, description=target.name) as stream:
                while block := stream.read(1 << 20):
                    file.write(block)
    except (urllib.error.URLError, TimeoutError) as error:
        part.unlink(missing_ok=True)
        raise SystemExit(f'error: {url} cannot be fetched ({error}). Put the file at {target} by hand.') from None
    if size and part.stat().st_size != size:
        part.unlink()
        raise SystemExit(f'error: {url} ended before its {size} bytes: try again.')
    part.rename(target)
    print(f'{target}: {size / 1e6:.0f} MB')


if __name__ == '__main__':
    main()

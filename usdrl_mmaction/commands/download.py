"""Download the skeleton annotations that OpenMMLab publishes, into data/skeleton/."""

import argparse
from pathlib import Path

from usdrl_mmaction.checkpoints.download import download, location

SERVER = 'https://download.openmmlab.com/mmaction/v1.0/skeleton/data'
NAMES = ('ntu60_3d', 'ntu120_3d', 'ntu60_2d', 'ntu120_2d')


def main(argv):
    parser = argparse.ArgumentParser(
        description=f'{__doc__} An interrupted download continues where it stopped. The SHA-256 is saved next to the '
        'file; a second download checks the file against it.'
    )
    parser.add_argument('names', nargs='+', choices=NAMES, metavar='NAME', help=', '.join(NAMES))
    parser.add_argument('--out-dir', type=Path, default=Path('data/skeleton'), help='folder to write to')
    parser.add_argument('--mirror', default=SERVER, metavar='URL_OR_FOLDER', help='another place of the files')
    args = parser.parse_args(argv)
    for name in args.names:
        target = args.out_dir / f'{name}.pkl'
        download(location(args.mirror, target.name), target)
        print(f'{target}: {target.stat().st_size / 1e6:.0f} MB')

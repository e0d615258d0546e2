"""Download the skeleton annotations that OpenMMLab publishes, into data/skeleton/."""

import argparse
from pathlib import Path

from usdrl_mmaction.checkpoints.download import download, location

SERVER = 'https://download.openmmlab.com/mmaction/v1.0/skeleton/data'
NAMES = ('ntu60_3d', 'ntu120_3d', 'ntu60_2d', 'ntu120_2d')


def main(argv):
    args = parse_args(argv)
    for name in args.names:
        target = args.out_dir / f'{name}.pkl'
        download(location(args.mirror, target.name), target)
        print(f'{target}: {target.stat().st_size / 1e6:.0f} MB')


def parse_args(argv):
    parser = argparse.ArgumentParser(
        description=f'{__doc__} A download that was cut goes on where it stopped. The sha256 of what came is kept '
        'beside the file; running this again checks the file against it.'
    )
    parser.add_argument('names', nargs='+', choices=NAMES, metavar='NAME', help=', '.join(NAMES))
    parser.add_argument('--out-dir', type=Path, default=Path('data/skeleton'), help='folder to write to')
    parser.add_argument('--mirror', default=SERVER, metavar='URL_OR_FOLDER', help='where else the files lie')
    return parser.parse_args(argv)

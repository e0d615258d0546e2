"""Download the skeleton annotations that OpenMMLab publishes, into data/skeleton/. An interrupted download continues
where it stopped. The SHA-256 is saved next to the file; a second download checks the file against it."""

from usdrl_mmaction.checkpoints.download import download, location

SERVER = 'https://download.openmmlab.com/mmaction/v1.0/skeleton/data'


def main(args):
    for name in args.names:
        target = args.out_dir / f'{name}.pkl'
        download(location(args.mirror or SERVER, target.name), target)
        print(f'{target}: {target.stat().st_size / 1e6:.0f} MB')

"""Write an HTML report of the runs in a work dir, one file: settings, curves, confusions, timelines, maps.
docs/report.md lists what is shown and when."""

import argparse
from pathlib import Path

from usdrl_mmaction.reports.report import write_report


def main(argv):
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('work_dir', type=Path, help='the folder of a run, or of several')
    parser.add_argument('--out', type=Path, metavar='FILE.html', help='by default report.html in the work dir')
    args = parser.parse_args(argv)
    path = args.out or args.work_dir / 'report.html'
    for reason in write_report(args.work_dir, path):
        print(f'left out: {reason}')
    print(f'wrote {path} ({path.stat().st_size / 1e6:.1f} MB)')

"""Write an HTML report of the runs in a work dir, one file: settings, curves, confusions, timelines, maps.
docs/report.md lists what is shown and when."""

from usdrl_mmaction.reports.report import write_report


def main(args):
    path = args.out or args.work_dir / 'report.html'
    for reason in write_report(args.work_dir, path):
        print(f'left out: {reason}')
    print(f'wrote {path} ({path.stat().st_size / 1e6:.1f} MB)')

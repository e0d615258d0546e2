"""Check the environment. Only the standard library is imported, so that this runs where nothing else does."""

import sys

from usdrl_mmaction.compat.doctor import diagnose, examine


def main(args):
    findings = diagnose(examine())
    for verdict, subject, detail, remedy in findings:
        print(f'{verdict:<10}{subject:<20}{detail}')
        if remedy:
            print(f'{"":<30}fix with: {remedy}')
    faults = sum(finding.verdict == 'FAULT' for finding in findings)
    print(f'\n{faults} fault{"s" * (faults != 1)} found' if faults else '\nNothing is wrong.')
    sys.exit(faults > 0)

"""Runs the test suite in every supported Python that is installed, each in a separate environment (`make pythons`).
Arguments are passed to pytest."""

import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
VERSIONS = ('3.10', '3.11', '3.12', '3.13')
INSTALL = ['-m', 'pip', 'install', '--disable-pip-version-check', '-q', '-c', 'requirements/tested.txt']
EXTRAS = '.[lite,baselines,export,test]'


def main():
    found = {version: interpreter(version) for version in VERSIONS}
    results = {version: try_in(version, path) if path else 'not installed' for version, path in found.items()}
    for version, result in results.items():
        print(f'Python {version}: {result}')
    sys.exit(any(result.startswith('failed') for result in results.values()))


def interpreter(version: str) -> str | None:
    """A Python of a version: this one, one of pyenv, whose shims may lead nowhere, or one on the path."""
    here = sys.executable if version == '.'.join(map(str, sys.version_info[:2])) else None
    of_pyenv = sorted(Path.home().glob(f'.pyenv/versions/{version}.*/bin/python'))
    return here or (str(of_pyenv[-1]) if of_pyenv else shutil.which(f'python{version}'))


def try_in(version: str, path: str) -> str:
    """Installs the package and runs its tests; what came of it."""
    folder = ROOT / f'.venv-{version}'
    python = folder / 'bin/python'
    print(f'Python {version}: {path}', flush=True)
    for what, command in (
        ('to make an environment', [path, '-m', 'venv', folder]),
        ('to install', [python, *INSTALL, '-e', EXTRAS]),
        ('tests', [python, '-m', 'pytest', '-n', '2', '--dist', 'worksteal', *sys.argv[1:]]),
    ):
        if code := subprocess.run(list(map(str, command)), cwd=ROOT).returncode:
            return f'failed {what}, exit code {code}'
    return 'passed'


if __name__ == '__main__':
    main()

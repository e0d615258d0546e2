"""Checks a release: builds sdist and wheel into dist/, checks what they say of themselves, and installs the wheel in an
empty environment, where doctor and the README's first example have to run, the example without a network.

    python tools/dev/release.py            # needs a package index for what is installed
"""

import argparse
import re
import shutil
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

ROOT = Path(__file__).resolve().parents[2]
DIST = ROOT / 'dist'
BUILDERS = ('build', 'twine')
CUT_OFF = ('unshare', '--map-root-user', '--net')  # runs a command where there is no network


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.parse_args()
    with TemporaryDirectory() as folder:
        empty = Path(folder, 'empty')
        empty.mkdir()
        builder = environment(Path(folder, 'builder'))
        say('building sdist and wheel into dist/')
        shutil.rmtree(DIST, ignore_errors=True)
        pip(builder, *BUILDERS)
        # From what is committed: leftovers of the checkout are not taken along.
        run('git', 'clone', '-q', ROOT, Path(folder, 'clean'), cwd=empty)
        run(builder, '-m', 'build', '-q', '--outdir', DIST, Path(folder, 'clean'), cwd=empty)
        run(builder, '-m', 'twine', 'check', '--strict', *DIST.iterdir(), cwd=empty)
        (wheel,) = DIST.glob('*.whl')
        say('installing the wheel in an empty environment')
        user = environment(Path(folder, 'user'))
        pip(user, f'{wheel}[lite]')
        say('usdrl doctor')
        run(user.parent / 'usdrl', 'doctor', cwd=empty)
        cut_off = CUT_OFF if subprocess.run([*CUT_OFF, 'true'], capture_output=True).returncode == 0 else ()
        say(
            "the README's first example"
            + (', without a network' if cut_off else ' (the network cannot be cut off here)')
        )
        run(*cut_off, user, '-c', first_example(), cwd=empty)
    say('ready: ' + ', '.join(sorted(path.name for path in DIST.iterdir())))


def first_example() -> str:
    return re.search(r'```python\n(.*?)```', (ROOT / 'README.md').read_text(), re.DOTALL)[1]


def environment(folder: Path) -> Path:
    """The Python of a new virtual environment."""
    run(sys.executable, '-m', 'venv', folder, cwd=folder.parent)
    return folder / 'bin/python'


def pip(python: Path, *what: str):
    tested = ROOT / 'requirements/tested.txt'
    run(python, '-m', 'pip', 'install', '--disable-pip-version-check', '-q', '-c', tested, *what, cwd=python.parent)


def run(*command, cwd: Path):
    done = subprocess.run([str(part) for part in command], cwd=cwd)
    if done.returncode:
        sys.exit(f'{Path(command[0]).name} ended with exit code {done.returncode}: the release is not ready.')


def say(what: str):
    print(f'== {what}', flush=True)


if __name__ == '__main__':
    main()

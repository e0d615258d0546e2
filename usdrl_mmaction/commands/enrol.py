"""Teach a classifier actions from a few recordings of each, in seconds: one action with its --name, or many from a
folder with a subfolder for each. The first call makes the classifier, a folder that usdrl infer takes as its --model;
further calls add to it."""

import argparse
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from usdrl_mmaction.apis import ActionClassifier, load
from usdrl_mmaction.apis.inferencer import bar
from usdrl_mmaction.checkpoints.folder import CONFIG
from usdrl_mmaction.errors import UsageError
from usdrl_mmaction.recordings.readers import is_openpose
from usdrl_mmaction.recordings.recording import Recording, find_recordings, read_body, recordings_below


def main(argv):
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    parser.add_argument('clips', nargs='+', help='recordings, one clip each, in any body layout, or folders')
    parser.add_argument('--name', help='the name of the action; by default the folder of each recording')
    parser.add_argument('--model', type=Path, default=Path('actions'), help='folder of the classifier')
    parser.add_argument('--encoder', default='body', help='of a new classifier: a name of the zoo or a checkpoint')
    parser.add_argument('--layout', help='layout of recordings that do not name their joints; by default recognised')
    args = parser.parse_args(argv)
    known = (args.model / CONFIG).is_file()
    if args.model.exists() and not known:
        raise UsageError(f'{args.model} exists and is no classifier: choose another folder with --model.')
    model = load(args.model) if known else ActionClassifier(args.encoder, layout='body', unknown=True)
    if not isinstance(model, ActionClassifier):
        raise UsageError(f'{args.model} is an encoder, not a classifier: choose another folder with --model.')
    if getattr(model, 'multilabel_', False):
        raise UsageError(f'{args.model} gives several labels at once: fit it to all clips again, in Python.')
    recordings = list(named(args.clips, args.name))
    clips = [read_body(recording, args.layout).keypoint for _, recording in bar(recordings, 'Reading')]
    model.partial_fit(clips, [name for name, _ in recordings]).save(args.model)
    counts = Counter(model.classes_[model.labels_].tolist())
    print(f'{args.model}: ' + ', '.join(f'{name} {number}' for name, number in counts.items()))


def named(inputs: list[str], name: str | None) -> Iterator[tuple[str, Recording]]:
    """Recordings with the name of their action: the given one, or that of the folder that each is in."""
    for path in map(Path, inputs):
        if path.is_dir() and not is_openpose(path):
            for below, file in recordings_below(path).items():
                if name is None and '/' not in below:
                    raise UsageError(f'{file} is in no folder that could be its action: give a --name.')
                yield name or file.parent.name, Recording(str(file), file)
        elif name is None:
            raise UsageError(f'{path} is no folder: give the --name of its action.')
        else:
            yield from ((name, recording) for recording in find_recordings(str(path)))

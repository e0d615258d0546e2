"""Teach a classifier an action from a few recordings, in seconds. The first call makes the classifier, a folder that
usdrl infer takes as its --model; further calls add actions, or recordings of known ones."""

import argparse
from collections import Counter
from pathlib import Path

from usdrl_mmaction.apis import ActionClassifier, load
from usdrl_mmaction.checkpoints.folder import CONFIG
from usdrl_mmaction.errors import UsageError
from usdrl_mmaction.recordings.recording import find_recordings, read_body


def main(argv):
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    parser.add_argument('clips', nargs='+', help='recordings of the action, one clip each, in any body layout')
    parser.add_argument('--name', required=True, help='the name of the action')
    parser.add_argument('--model', type=Path, default=Path('actions'), help='folder of the classifier')
    parser.add_argument(
        '--encoder', default='body', help='encoder of a new classifier: a name of the zoo or a checkpoint'
    )
    parser.add_argument('--layout', help='layout of recordings that do not name their joints; by default recognised')
    args = parser.parse_args(argv)
    known = (args.model / CONFIG).is_file()
    if args.model.exists() and not known:
        raise UsageError(f'{args.model} exists and is no classifier: choose another folder with --model.')
    model = load(args.model) if known else ActionClassifier(args.encoder, layout='body', unknown=True)
    if not isinstance(model, ActionClassifier):
        raise UsageError(f'{args.model} is an encoder, not a classifier: choose another folder with --model.')
    clips = [read_body(recording, args.layout).keypoint for recording in find_recordings(args.clips)]
    model.partial_fit(clips, [args.name] * len(clips)).save(args.model)
    counts = Counter(model.classes_[model.labels_].tolist())
    print(f'{args.model}: ' + ', '.join(f'{name} {number}' for name, number in counts.items()))

"""Teach a classifier actions from a few recordings of each, in seconds: one action with its --name, or many from a
folder with a subfolder for each. The first call makes the classifier, a folder that usdrl infer takes as its --model;
further calls add to it."""

import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from usdrl_mmaction.apis import ActionClassifier, load
from usdrl_mmaction.apis.inferencer import bar
from usdrl_mmaction.checkpoints.folder import CONFIG
from usdrl_mmaction.errors import RecordingError, UsageError, grouped
from usdrl_mmaction.recordings.readers import is_frames
from usdrl_mmaction.recordings.recording import Recording, find_recordings, read_body, recordings_below, with_videos
from usdrl_mmaction.recordings.video import PoseModels


def main(args):
    known = (args.model / CONFIG).is_file()
    if args.model.exists() and not known:
        raise UsageError(f'{args.model} exists and is no classifier: choose another folder with --model.')
    model = load(args.model) if known else ActionClassifier(args.encoder, layout='body', unknown=True)
    if not isinstance(model, ActionClassifier):
        raise UsageError(f'{args.model} is an encoder, not a classifier: choose another folder with --model.')
    if getattr(model, 'multilabel_', False):
        raise UsageError(f'{args.model} gives several labels at once: fit it to all clips again, in Python.')
    recordings = list(named(args.clips, args.name))
    found, unread = with_videos([recording for _, recording in recordings], PoseModels(args.pose, args.detector))
    clips, names, faults = [], [], [str(fault) for fault in unread]
    recordings = [(name, recording) for (name, _), recording in zip(recordings, found, strict=True) if recording]
    for name, recording in bar(recordings, 'Reading'):
        try:
            clips.append(read_body(recording, args.layout).keypoint)
            names.append(name)
        except RecordingError as error:
            faults.append(str(error))
    if faults and not clips:
        raise RecordingError(grouped(faults)[0])
    for fault in grouped(faults):
        print(f'skipped: {fault}', file=sys.stderr)
    model.partial_fit(clips, names).save(args.model)
    counts = Counter(model.classes_[model.labels_].tolist())
    print(f'{args.model}: ' + ', '.join(f'{name} {number}' for name, number in counts.items()))


def named(inputs: list[str], name: str | None) -> Iterator[tuple[str, Recording]]:
    """Recordings with the name of their action: the given one, that in a table, or that of the folder of each."""
    for path in map(Path, inputs):
        if path.is_dir() and not is_frames(path):
            for below, recording in recordings_below(path).items():
                action = name or recording.label or Path(below).parent.name
                if not action:
                    raise UsageError(f'{recording.name} is in no folder that could be its action: give a --name.')
                yield action, recording
            continue
        for recording in find_recordings(str(path)):
            if not (name or recording.label):
                raise UsageError(f'{path} is no folder: give the --name of its action.')
            yield name or recording.label, recording

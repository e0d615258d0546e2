"""Synthetic data sets: trimmed clips and untrimmed videos in MMAction2's pose format, made without any recording."""

import numpy as np

from .actions import ACTIONS, TABLE, Key, act, at_ease, duration, idle, perform
from .bodies import FPS, LAYOUT, TRIMMED, UNTRIMMED, make_person, stand_opposite
from .sensor import film

NUM_SUBJECTS = 40
MIN_FRAMES, MAX_FRAMES = 40, 300  # of a trimmed clip
CAMERA_YAW = (0, -45, 45)  # degrees; as in NTU, the first camera (xview_val) stands between the other two


def make_trimmed(num_clips: int = 720, seed: int = 0, progress=iter) -> dict:
    """Clips of one action each, in MMAction2's pose format. ``progress`` may wrap the range in a progress bar."""
    return make(trimmed_clip, num_clips, seed, progress)


def make_untrimmed(num_videos: int = 48, seed: int = 0, progress=iter) -> dict:
    """Long videos of several actions. ``segments`` holds (label from 1, start, end), ends exclusive."""
    return make(untrimmed_video, num_videos, seed, progress)


def labelled_clips(num_clips: int = 180, seed: int = 0) -> tuple[list[np.ndarray], list[str]]:
    """Clips (M, T, V, C) of the layout 'nturgb+d' and what is done in each, to try things on. Another seed gives other
    people.

    Examples:
        >>> from usdrl_mmaction.datasets.synthetic import labelled_clips
        >>> clips, labels = labelled_clips(18)
        >>> clips[0].shape, labels[0]
        ((1, 160, 25, 3), 'wave left hand')
    """
    data = make_trimmed(num_clips, seed)
    clips, classes = data['annotations'], data['meta']['classes']
    return [clip['keypoint'] for clip in clips], [classes[clip['label']] for clip in clips]


def trimmed_clip(people, seed, index):
    rng = np.random.default_rng([seed, TRIMMED, index])
    lap, label = divmod(index, len(TABLE))
    # Both halves of the subjects and the three cameras alternate, which spreads every action evenly over all splits.
    subject, camera = 2 * ((lap // 2 + label) % (NUM_SUBJECTS // 2)) + lap % 2, lap % len(CAMERA_YAW)
    action, before, after = TABLE[label], *(rng.exponential(0.8, 2) + 0.05)
    start, *moves = act(action, people[subject], rng)
    keys = [start, start._replace(seconds=before), *moves, moves[-1]._replace(seconds=after)]
    frames = int(np.clip(duration(keys) * FPS, MIN_FRAMES, MAX_FRAMES))
    cast = [people[subject], partner_of(people, subject, rng)] if action.partner else [people[subject]]
    clip = perform(keys, cast, frames, rng)
    if action.partner:
        clip = stand_opposite(clip, 0, action.distance)[:: rng.choice((-1, 1))]
    clip = film(clip, CAMERA_YAW[camera], rng)
    if action.partner and rng.random() < 0.2:
        clip[1, : frames // rng.integers(1, 4)] = 0  # the sensor detects the second person late or never
    name = f'S001C{camera + 1:03d}P{subject + 1:03d}R{lap // NUM_SUBJECTS + 1:03d}A{label + 1:03d}'
    return annotation(name, label, clip, subject, camera)


def untrimmed_video(people, seed, index):
    rng = np.random.default_rng([seed, UNTRIMMED, index])
    subject, camera = index % NUM_SUBJECTS, index % len(CAMERA_YAW)
    keys, spans, resting = [Key(0, np.stack([at_ease(), at_ease()]))], [], 'stand'
    for label in programme(rng):
        start, *moves = act(TABLE[label], people[subject], rng)
        keys += [*idle(resting, rng), start._replace(seconds=0.5)]
        spans.append((label + 1, duration(keys), duration(keys + moves)))
        keys, resting = keys + moves, TABLE[label].end
    keys += idle(resting, rng)
    frames = round(duration(keys) * FPS)
    segments = np.array([(label, round(start * FPS), round(end * FPS)) for label, start, end in spans])  # (S, 3)
    clip = perform(keys, [people[subject], partner_of(people, subject, rng)], frames, rng)
    clip = film(partner_visits(clip, segments, rng), CAMERA_YAW[camera], rng)
    name = f'S001C{camera + 1:03d}P{subject + 1:03d}V{index // NUM_SUBJECTS + 1:03d}'
    return annotation(name, -1, clip, subject, camera) | {'segments': segments}


def annotation(name, label, clip, subject, camera):
    item = {'frame_dir': name, 'label': label, 'total_frames': clip.shape[1], 'keypoint': clip}
    return item | {'subject': subject + 1, 'camera': camera + 1}


def make(one, num, seed, progress):
    people = [make_person(seed, number) for number in range(NUM_SUBJECTS)]
    annotations = [one(people, seed, index) for index in progress(range(num))]
    split = {'xsub_train': [], 'xsub_val': [], 'xview_train': [], 'xview_val': []}
    for item in annotations:
        split['xsub_train' if item['subject'] % 2 else 'xsub_val'].append(item['frame_dir'])
        split['xview_val' if item['camera'] == 1 else 'xview_train'].append(item['frame_dir'])
    meta = {'classes': ACTIONS, 'fps': FPS, 'layout': LAYOUT, 'num': num, 'seed': seed}
    return {'split': split, 'annotations': annotations, 'meta': meta}


def partner_of(people, subject, rng):
    """Another subject of the same half, so that nobody is on both sides of the cross-subject split."""
    return people[(subject + 2 * rng.integers(1, NUM_SUBJECTS // 2)) % NUM_SUBJECTS]


def programme(rng):
    """The labels of the actions of a video, in order: 'stand up' follows 'sit down'."""
    sit, rise = ACTIONS.index('sit down'), ACTIONS.index('stand up')
    drawn = (label for label in rng.permutation(len(ACTIONS)) if label != rise)
    return [label for first in drawn for label in ((sit, rise) if first == sit else (first,))][: rng.integers(5, 13)]


def partner_visits(clip, segments, rng):
    """The second person takes part in the actions of two people and is absent before and after."""
    visits = np.zeros_like(clip[1])  # (T, V, 3)
    for label, start, end in segments:
        if TABLE[label - 1].partner:
            early, late = rng.integers(8, 40, 2)
            window = slice(max(start - early, 0), end + late)
            visits[window] = stand_opposite(clip, start, TABLE[label - 1].distance)[1, window]
    return np.stack([clip[0], visits])

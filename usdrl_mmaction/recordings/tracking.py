"""Tracking: people keep their place from frame to frame, in recordings and live, whatever their order in a frame."""

from collections import Counter
from collections.abc import Hashable
from itertools import compress, count
from pathlib import Path
from typing import NamedTuple

import numpy as np
from scipy.optimize import linear_sum_assignment

from usdrl_mmaction.errors import RecordingError

from .clip import MOST_PEOPLE, Clip, by_activity

SPEED = 0.5  # the farthest that a person moves from one frame to the next, in sizes of the body
FORBIDDEN = 1e6


class Track(NamedTuple):
    """The last pose of the person of a place."""

    pose: np.ndarray  # (V, C)
    size: float  # the largest so far
    frame: int


class Tracker:
    """Gives each person of a frame a place, by the least mean distance of joints. A person who was away may return to
    the same place; the longer the absence, the larger the distance may be. New people get the first free places, larger
    people before smaller ones, and no place (None) if none is free.

    Args:
        num_places (int | None): Number of places; by default one for every person.
        patience (int | None): Frames of absence after which a place is free; by default it stays taken.
    """

    def __init__(self, num_places: int | None = None, patience: int | None = None):
        self.num_places = num_places
        self.patience = patience
        self.frame = 0
        self.tracks = {}  # by place

    def __call__(self, people: list[np.ndarray]) -> list[int | None]:
        """The place of each person of the next frame.  # people of (V, C), zero where a joint is not seen"""
        self.frame += 1
        if self.patience is not None:
            left = self.frame - self.patience
            self.tracks = {place: track for place, track in self.tracks.items() if track.frame >= left}
        seen = [number for number, pose in enumerate(people) if pose.any()]
        known = sorted(self.tracks)
        matched = match([people[number] for number in seen], [self.tracks[place] for place in known], self.frame)
        placed = {seen[person]: known[place] for person, place in matched.items()}
        places = count() if self.num_places is None else range(self.num_places)
        newcomers = sorted(set(seen) - set(placed), key=lambda number: (-size(people[number]), number))
        placed |= dict(zip(newcomers, (place for place in places if place not in self.tracks), strict=False))
        for number, place in placed.items():
            largest = self.tracks[place].size if place in self.tracks else 0.0
            self.tracks[place] = Track(people[number], max(largest, size(people[number])), self.frame)
        return [placed.get(number) for number in range(len(people))]


def track_people(
    frames: list[list[np.ndarray]],
    path: str | Path,
    joints: tuple[str, ...] = (),
    ids: list[list[Hashable]] | None = None,
) -> Clip:
    """A clip of the people that a pose estimator found in each frame, the most active one first.

    ``frames`` are of people (V, C + 1), the score last; ``joints`` are names; ``ids`` are those of the estimator's own
    tracker, for each person of each frame. They are used if everyone has one and no frame has one twice.
    """
    ids = ids or [[None] * len(people) for people in frames]
    seen = [[bool(person[:, :-1].any()) for person in people] for people in frames]
    frames, ids = ([list(compress(row, mask)) for row, mask in zip(rows, seen, strict=True)] for rows in (frames, ids))
    shapes = {person.shape for people in frames for person in people}
    if len(shapes) > 1:
        raise RecordingError(f'{path}: people of different shapes (joints, coordinates and score): {sorted(shapes)}.')
    if not shapes:
        return Clip(np.zeros((0, len(frames), 0, 2), np.float32))
    if any(None in row or len(set(row)) < len(row) for row in ids):
        tracker = Tracker()
        ids = [tracker([person[:, :-1] for person in people]) for people in frames]
    longest = Counter(key for row in ids for key in row).most_common(MOST_PEOPLE)
    places = {key: place for place, (key, _) in enumerate(longest)}
    gathered = np.zeros((len(places), len(frames), *shapes.pop()), np.float32)
    for frame, people in enumerate(frames):
        for person, key in zip(people, ids[frame], strict=True):
            if key in places:
                gathered[places[key], frame] = person
    return by_activity(Clip(gathered[..., :-1], gathered[..., -1], joints=joints))


def match(people: list[np.ndarray], tracks: list[Track], frame: int) -> dict[int, int]:
    """Person → track, for people who are near enough to a track."""
    if not people or not tracks:
        return {}
    sizes, absence = np.array([track.size for track in tracks]), frame - np.array([track.frame for track in tracks])
    distance = mean_distance(np.stack(people), np.stack([track.pose for track in tracks]))  # (P, M)
    allowed = distance <= SPEED * sizes * absence
    cost = np.where(allowed, distance / np.maximum(sizes, 1e-9), FORBIDDEN)
    pairs = zip(*(index.tolist() for index in linear_sum_assignment(cost)), strict=True)
    return {person: place for person, place in pairs if allowed[person, place]}


def mean_distance(people: np.ndarray, poses: np.ndarray) -> np.ndarray:
    """The mean over joints that are seen in both; infinite if there are none.  # (P, V, C), (M, V, C) -> (P, M)"""
    both = people.any(-1)[:, None] & poses.any(-1)  # (P, M, V)
    apart = np.linalg.norm(people[:, None] - poses, axis=-1) * both
    seen = both.sum(-1)
    return np.where(seen > 0, apart.sum(-1) / np.maximum(seen, 1), np.inf)


def size(pose: np.ndarray) -> float:
    seen = pose[pose.any(-1)]
    return float(np.linalg.norm(np.ptp(seen, axis=0))) if len(seen) else 0.0

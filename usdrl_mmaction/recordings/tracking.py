"""Who is who between the frames of a pose estimator that does not say: people keep their place as they come and go."""

import numpy as np
from scipy.optimize import linear_sum_assignment

SPEED = 0.5  # nobody moves further from one frame to the next, in sizes of their own body
FORBIDDEN = 1e6


def follow(frames: list[list[np.ndarray]]) -> list[list[int]]:
    """A place for each person of each frame, by least mean distance of joints. Who is gone for a while may come back
    to the place, the further away the longer it was.  # frames of people (V, C) -> frames of places"""
    places, poses, sizes, last_seen = [], [], [], []  # of the frames; of the places
    for t, people in enumerate(frames):
        matched = match(people, poses, np.array(sizes), t - np.array(last_seen))
        places.append([])
        for person, pose in enumerate(people):
            place = matched.get(person, len(poses))
            if place == len(poses):
                poses.append(pose), sizes.append(0.0), last_seen.append(t)
            poses[place], last_seen[place] = pose, t
            sizes[place] = max(sizes[place], size(pose))
            places[-1].append(place)
    return places


def gather(frames: list[list[np.ndarray]], places: list[list[int]]) -> np.ndarray:
    """People of frames to one array, zero where nobody is.  # frames of (V, D) -> (M, T, V, D)"""
    first = next(pose for people in frames for pose in people)
    gathered = np.zeros((1 + max(map(max, filter(None, places))), len(frames), *first.shape), np.float32)
    for t, people in enumerate(frames):
        for pose, place in zip(people, places[t], strict=True):
            gathered[place, t] = pose
    return gathered


def match(people, poses, sizes, absence):
    """Person → place, for those who are near enough to a place."""
    if not people or not poses:
        return {}
    distance = _distance(np.stack(people), np.stack(poses))  # (P, M)
    allowed = distance <= SPEED * sizes * absence
    cost = np.where(allowed, distance / np.maximum(sizes, 1e-9), FORBIDDEN)
    pairs = zip(*(index.tolist() for index in linear_sum_assignment(cost)), strict=True)
    return {person: place for person, place in pairs if allowed[person, place]}


def _distance(people, poses):
    """The mean distance over joints that are seen in both; infinite if none is.  # (P, V, C), (M, V, C) -> (P, M)"""
    both = people.any(-1)[:, None] & poses.any(-1)  # (P, M, V)
    apart = np.linalg.norm(people[:, None] - poses, axis=-1) * both
    seen = both.sum(-1)
    return np.where(seen > 0, apart.sum(-1) / np.maximum(seen, 1), np.inf)


def size(pose):
    seen = pose[pose.any(-1)]
    return float(np.linalg.norm(np.ptp(seen, axis=0))) if len(seen) else 0.0

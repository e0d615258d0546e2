"""Who is who from frame to frame while the frames come: as in recordings, with a number of people that stays."""

import numpy as np

from .tracking import match, size


class Slots:
    """Gives people a slot that they keep, also when they are gone for less than ``patience`` frames. A newcomer gets
    the first free slot, the larger of two before the smaller, and waits while there is none."""

    def __init__(self, number: int, patience: int):
        self.number = number
        self.patience = patience
        self.now = 0
        self.poses, self.sizes, self.last_seen = {}, {}, {}  # by slot

    def __call__(self, people: list[np.ndarray], coordinates: int) -> dict[int, int]:
        """Slot → person, who is told by the first ``coordinates`` numbers of a joint.  # people of (V, D)"""
        self.now += 1
        self.forget()
        poses = {number: pose[:, :coordinates] for number, pose in enumerate(people) if pose[:, :coordinates].any()}
        numbers, slots = list(poses), sorted(self.poses)
        matched = match(
            list(poses.values()),
            [self.poses[slot] for slot in slots],
            np.array([self.sizes[slot] for slot in slots]),
            np.array([self.now - self.last_seen[slot] for slot in slots]),
        )
        placed = {slots[place]: numbers[person] for person, place in matched.items()}
        free = (slot for slot in range(self.number) if slot not in self.poses)
        newcomers = [number for number in numbers if number not in placed.values()]
        newcomers.sort(key=lambda number: -size(poses[number]))
        placed |= dict(zip(free, newcomers, strict=False))
        for slot, number in placed.items():
            self.poses[slot], self.last_seen[slot] = poses[number], self.now
            self.sizes[slot] = max(self.sizes.get(slot, 0.0), size(poses[number]))
        return placed

    def forget(self):
        gone = [slot for slot, frame in self.last_seen.items() if self.now - frame > self.patience]
        for slot in gone:
            del self.poses[slot], self.sizes[slot], self.last_seen[slot]

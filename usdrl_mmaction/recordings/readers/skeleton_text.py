"""The ``.skeleton`` format of NTU RGB+D and UAV-Human: a frame count; for each frame, a body count and bodies; for each
body, a line about it, a joint count, and for each joint a line that starts with x y z."""

from pathlib import Path

import numpy as np

from usdrl_mmaction.skeletons import LAYOUTS

from ..clip import Clip
from .text import at, read_lines, to_integer, to_numbers

SENSORS = {25: 'nturgb+d', 17: 'coco'}  # the layouts of NTU RGB+D and UAV-Human, by their joints


def read_skeleton_text(path: str | Path) -> Clip:
    """All bodies of a file. The order of bodies is that in each frame, as in MMAction2's files of NTU."""
    lines = _Lines(path)
    total = lines.count('the number of frames', minimum=1)
    places, words, numbers, joints = [], [], [], None  # of the bodies; of their joints
    for frame in range(total):
        for body in range(lines.count(f'the number of bodies in frame {frame + 1} of {total}')):
            lines.take('a line about the body')
            found = lines.count('the number of joints', minimum=1)
            if joints not in (None, found):
                raise at(path, lines.number, f'{found} joints, but the bodies before have {joints}.')
            joints = found
            places.append((body, frame))
            for _ in range(joints):
                words.append(lines.take('a joint').split(maxsplit=3)[:3])
                numbers.append(lines.number)
    if left := len(lines.lines) - lines.number:
        raise at(path, lines.number + 1, f'the frames that line 1 counts end before this line. Lines left: {left}.')
    if not places:
        return Clip(np.zeros((0, total, 0, 3), np.float32))
    body, frame = np.transpose(places)
    keypoint = np.zeros((body.max() + 1, total, joints, 3), np.float32)
    keypoint[body, frame] = to_numbers(words, 3, path, numbers).reshape(-1, joints, 3)
    return Clip(keypoint, joints=LAYOUTS[SENSORS[joints]].names if joints in SENSORS else ())


class _Lines:
    """Takes one line after another and counts them."""

    def __init__(self, path):
        self.path, self.lines, self.number = path, read_lines(path), 0

    def take(self, what):
        if self.number == len(self.lines):
            raise at(self.path, self.number, f'the file ends here, where {what} should follow.')
        self.number += 1
        return self.lines[self.number - 1]

    def count(self, what, minimum=0):
        count = to_integer(self.take(what), self.path, self.number, what)
        if count < minimum:
            raise at(self.path, self.number, f'{count} cannot be {what}.')
        return count

"""Videos in which people are white squares, and a pose estimator that finds them."""

import cv2
import numpy as np

from usdrl_mmaction.skeletons import LAYOUTS

HEIGHT, WIDTH, FRAMES, FPS = 160, 96, 20, 12.5
COCO = LAYOUTS['coco'].names
FIGURE = np.float32([  # 17 of COCO about the middle of a square
    (0, -20), (2, -22), (-2, -22), (4, -21), (-4, -21), (8, -14), (-8, -14), (12, -6), (-12, -6), (12, 2), (-12, 2),
    (5, 2), (-5, 2), (5, 14), (-5, 14), (5, 26), (-5, 26),
])  # fmt: skip


class SquareFinder:
    """The shape that the module of a back end has."""

    joints = COCO
    several = True
    opened = 0
    fps = None  # that it was last called with

    def __init__(self, models):
        type(self).opened += 1
        self.score_thr = models.score_thr

    def __call__(self, frames, fps):
        type(self).fps = fps
        for frame in frames:
            _, _, boxes, centres = cv2.connectedComponentsWithStats((frame[..., 0] > 128).astype(np.uint8))
            whole = [centre for centre, box in zip(centres[1:], boxes[1:], strict=True) if box[-1] > 30]
            yield [np.c_[centre + FIGURE, np.full(17, 0.9)].astype(np.float32) for centre in whole]


def write_video(path, people=1, frames=FRAMES, shape=(HEIGHT, WIDTH), shown=lambda frame: True):
    """People are squares that go to the right, one above the other."""
    path.parent.mkdir(parents=True, exist_ok=True)
    codec = {'.avi': 'MJPG', '.mp4': 'mp4v'}[path.suffix]
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*codec), FPS, shape[::-1])
    for number in range(frames):
        frame = np.full((*shape, 3), 20, np.uint8)
        for person in range(people if shown(number) else 0):
            x, y = 30 + number, 40 + 80 * person
            frame[y - 6 : y + 6, x - 6 : x + 6] = 250
        writer.write(frame)
    writer.release()
    return path

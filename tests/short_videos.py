"""Short videos of synthetic people who do two actions, and their segments."""

import numpy as np

from usdrl_mmaction.datasets.synthetic import make_trimmed

ACTIONS = ('wave right hand', 'sit down')


def make_videos(number: int = 6) -> tuple[list[np.ndarray], list[list[tuple[str, int, int]]]]:
    """Videos (1, T, 25, 3) of somebody who waves, stands, sits down and stands again, or the other way round."""
    data = make_trimmed(18 * (number + 1), seed=8)
    names = data['meta']['classes']
    clips = {name: [i['keypoint'][:1] for i in data['annotations'] if names[i['label']] == name] for name in ACTIONS}
    made = []
    for index in range(number):
        pieces, segments, end = [], [], 0
        for name in ACTIONS[:: 1 if index % 2 else -1]:
            clip = clips[name][index]
            still = np.repeat(clip[:, :1], 40, axis=1)
            pieces += [still, clip]
            segments.append((name, end + 40, end + 40 + clip.shape[1]))
            end += 40 + clip.shape[1]
        made.append((np.concatenate([*pieces, np.repeat(pieces[-1][:, -1:], 30, axis=1)], axis=1), segments))
    return [video for video, _ in made], [segments for _, segments in made]

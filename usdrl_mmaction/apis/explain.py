"""Reasons: which joints and which frames of a clip decided for a class, by occlusion or by gradients."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from usdrl_mmaction.errors import UsageError
from usdrl_mmaction.skeletons import Skeleton

METHODS = ('occlusion', 'gradients')
SPANS, WIDTH = 16, 2  # spans of frames that are occluded, each as long as so many steps
STEPS = 16  # of the path that gradients are averaged over
SMALLEST = 1e-9


class Explanation(NamedTuple):
    """Why a clip got its class. Each share is 0 or more, and the shares of all joints, and of all frames, sum to 1."""

    label: int
    name: str
    probability: float
    joints: np.ndarray  # shares of each person's joints  # (M, V)
    frames: np.ndarray  # shares of the frames  # (T,)
    skeleton: Skeleton  # of the joints
    keypoint: np.ndarray  # the clip with these joints, for drawing  # (M, T, V, C)

    def best(self, number: int = 5) -> dict[str, float]:
        """The joints with the largest shares, over all people, by name."""
        shares = self.joints.sum(0)
        names = self.skeleton.names or tuple(f'joint {joint}' for joint in range(len(shares)))
        return {names[joint]: float(shares[joint]) for joint in np.argsort(-shares, kind='stable')[:number]}

    def span(self, share: float = 0.5) -> tuple[int, int]:
        """The first and the last frame of the shortest span that has so much of the decision."""
        total = np.concatenate([[0.0], np.cumsum(self.frames)])
        ends = np.searchsorted(total, np.minimum(total[:-1] + share, total[-1]) - SMALLEST)
        lengths = np.where(total[np.minimum(ends, len(self.frames))] - total[:-1] >= share - 1e-6, ends, np.inf)
        lengths -= np.arange(len(self.frames))
        start = int(lengths.argmin())
        return (start, int(ends[start]) - 1) if np.isfinite(lengths[start]) else (0, len(self.frames) - 1)


class Drawn(NamedTuple):
    """A clip for drawing."""

    keypoint: np.ndarray  # (M, T, V, C)
    skeleton: Skeleton


def explain(
    probability: Callable[[Tensor], np.ndarray],
    scores: Callable[[Tensor], Tensor],
    clip: Tensor,
    drawn: Drawn,
    classes: list,
    label=None,
    method: str = METHODS[0],
    several: bool = False,
) -> Explanation:
    """Which joints and frames of a prepared clip decided for a class.

    Args:
        probability (Callable): Of each class, for clips (N, M, T, V, C).
        scores (Callable): The same before softmax, with gradients.
        clip (Tensor): (M, T, V, C)
        drawn (Drawn): The clip before it was prepared.
        classes (list): Names or numbers of the classes.
        label (str | int | None): The class; by default the most probable one.
        method (str): One of ``METHODS``.
        several (bool): Whether a clip may have several labels, each with odds of its own.
    """
    if method not in METHODS:
        raise UsageError(f"There is no method '{method}'. There are: {', '.join(METHODS)}.")
    found = probability(clip[None])[0]
    number = label_of(label, classes, found)
    if method == 'gradients':
        parts = by_gradients(scores, clip, number, several)  # (M, T, V)
        joints, frames = parts.sum(1), parts.sum((0, 2))
    else:
        joints, frames = by_occlusion(probability, clip, number)
    name = str(classes[number] if number < len(classes) else number)
    frames = at_frames(shares(frames), drawn.keypoint.shape[1])
    return Explanation(number, name, float(found[number]), shares(joints), frames, drawn.skeleton, drawn.keypoint)


def by_occlusion(
    probability: Callable[[Tensor], np.ndarray], clip: Tensor, label: int
) -> tuple[np.ndarray, np.ndarray]:
    """What the log-odds of the class lose when a joint does not move, and when what happens in a span of frames is
    left out.  # (M, T, V, C) -> (M, V), (T,)"""
    people, frames, joints, _ = clip.shape
    still = []
    for person in range(people):
        for joint in range(joints):
            held = clip.clone()
            held[person, :, joint] = held[person, :, joint].mean(0)
            still.append(held)
    middles = (np.arange(SPANS) + 0.5) * frames / SPANS
    spans = [cut_span(clip, int(middle), max(frames * WIDTH // SPANS, 2)) for middle in middles]
    odds = log_odds(probability(torch.stack([clip, *still, *spans]))[:, label])
    loss = odds[0] - odds[1:]
    return loss[: len(still)].reshape(people, joints), np.interp(np.arange(frames), middles, loss[len(still) :])


def cut_span(clip: Tensor, middle: int, width: int) -> Tensor:
    """The clip with a straight line in place of the frames around one.  # (M, T, V, C)"""
    before, after = max(middle - width // 2, 0), min(middle + width // 2, clip.shape[1] - 1)
    weight = torch.linspace(0, 1, after - before + 1, device=clip.device)[:, None, None]
    cut = clip.clone()
    cut[:, before : after + 1] = (1 - weight) * clip[:, before, None] + weight * clip[:, after, None]
    return cut


def by_gradients(scores: Callable[[Tensor], Tensor], clip: Tensor, label: int, several: bool = False) -> np.ndarray:
    """Integrated gradients of the log-odds of the class, from the clip in which nothing moves to the clip: they add up
    to the difference between the two.  # (M, T, V, C) -> (M, T, V)"""
    still = clip.mean(1, keepdim=True).expand_as(clip)
    share = (torch.arange(STEPS, device=clip.device) + 0.5) / STEPS
    path = (still + share.view(-1, 1, 1, 1, 1) * (clip - still)).requires_grad_()
    with torch.enable_grad():
        found = scores(path)  # (STEPS, classes)
        others = torch.cat([found[:, :label], found[:, label + 1 :]], dim=1)
        odds = found[:, label] if several or not others.shape[1] else found[:, label] - others.logsumexp(1)
        (gradient,) = torch.autograd.grad(odds.sum(), path)
    return ((clip - still) * gradient.mean(0)).sum(-1).detach().cpu().numpy()


def log_odds(probability: np.ndarray) -> np.ndarray:
    return np.log(np.maximum(probability, SMALLEST)) - np.log(np.maximum(1 - probability, SMALLEST))


def shares(found: np.ndarray) -> np.ndarray:
    """What speaks for the class, of its sum; what speaks against it is 0."""
    found = np.maximum(found.astype(np.float64), 0)
    return found / max(found.sum(), SMALLEST)


def at_frames(share: np.ndarray, frames: int) -> np.ndarray:
    """Shares of a clip that was resized, for the frames that it had.  # (T,) -> (frames,)"""
    place = (np.arange(frames) + 0.5) * len(share) / frames - 0.5
    return shares(np.interp(place, np.arange(len(share)), share))


def label_of(label, classes: list, probability: np.ndarray) -> int:
    """The number of a class by its name or number; by default the most probable one."""
    if label is None:
        return int(probability.argmax())
    if label in classes:
        return classes.index(label)
    if str(label).isdecimal() and int(label) < len(probability):
        return int(label)
    raise UsageError(f"There is no class '{label}'. There are: {', '.join(map(str, classes))}.")

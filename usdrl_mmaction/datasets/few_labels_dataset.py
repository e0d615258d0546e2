"""Semi-supervised training: a part of the training clips with their labels, the same whenever it is drawn."""

import logging

import numpy as np
from mmaction.registry import DATASETS
from mmengine.logging import print_log

from usdrl_mmaction.errors import ConfigError

from .skeleton_dataset import SkeletonDataset


@DATASETS.register_module()
class FewLabelsDataset(SkeletonDataset):
    """A ``SkeletonDataset`` of which a random share of the clips is kept. The log names them.

    Args:
        share (float): Above 0, up to 1.
        balanced (bool): Whether the share is that of every class, at least one clip each, or of all clips together,
            as in the papers.
        seed (int): Draws the clips; independent of the seed of training.
    """

    def __init__(self, *args, share, balanced=True, seed=0, **kwargs):
        if not 0 < share <= 1:
            raise ConfigError(f'share={share} is above 0 and up to 1: 0.01 for 1 %.')
        self.share = share
        self.balanced = balanced
        self.seed = seed
        super().__init__(*args, **kwargs)

    def load_data_list(self) -> list[dict]:
        clips = super().load_data_list()
        labels = [clip['label'] if self.balanced else 0 for clip in clips]
        kept = [clips[index] for index in balanced_share(labels, self.share, self.seed)]
        names = ' '.join(clip['frame_dir'] for clip in kept)
        of = 'every class' if self.balanced else 'them'
        print_log(
            f'{len(kept)} of the {len(clips)} clips of {self.split} are used ({self.share:.1%} of {of}, seed '
            f'{self.seed}): {names}',
            'current',
            logging.INFO,
        )
        return kept


def balanced_share(labels: list[int], share: float, seed: int) -> list[int]:
    """The indices of a random share of each class, in order; at least one."""
    rng, labels = np.random.default_rng(seed), np.asarray(labels)
    members = [rng.permutation(np.flatnonzero(labels == label)) for label in np.unique(labels)]
    return sorted(int(index) for group in members for index in group[: max(1, round(share * len(group)))])

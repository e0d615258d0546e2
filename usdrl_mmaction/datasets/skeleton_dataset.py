"""MMAction2's pose data set, with an annotation file that is checked when it is opened."""

import os

import numpy as np
from mmaction.datasets import PoseDataset
from mmaction.registry import DATASETS

from usdrl_mmaction.errors import AnnotationError

from .annotations import clips_of_split, described_by, read_annotations
from .safe_pickle import read_pickle
from .store import StoredArray


@DATASETS.register_module()
class SkeletonDataset(PoseDataset):
    """``PoseDataset`` for files of ``split`` and ``annotations``, and for the stores that usdrl pack makes of them.
    Nothing in a file is run. Errors name the missing or broken file or split, and what to do next."""

    def load_data_list(self) -> list[dict]:
        content = read_annotations(self.ann_file)
        self._metainfo = described_by(content) | self._metainfo
        return clips_of_split(content, self.split, self.ann_file)

    def get_data_info(self, idx: int) -> dict:
        info = super(PoseDataset, self).get_data_info(idx)  # PoseDataset's own would trust the pickle of a clip
        if 'skeleton' in self.data_prefix:
            info |= read_pickle(os.path.join(self.data_prefix['skeleton'], f'{info["frame_dir"]}.pkl'))
        info = {key: np.asarray(value) if isinstance(value, StoredArray) else value for key, value in info.items()}
        joints, score = np.shape(info.get('keypoint')), info.get('keypoint_score')
        if score is not None and np.shape(score) != joints[:-1]:  # MMAction2 indexes both with the same frames
            raise AnnotationError(
                f"Clip '{info.get('frame_dir')}' has a 'keypoint' of shape {joints} and a 'keypoint_score' of "
                f'{np.shape(score)}, not {joints[:-1]}. Correct the annotation file; usdrl inspect shows more.'
            )
        return info

"""Frame accuracy, edit score and F1 of videos whose frames were scored."""

from mmaction.registry import METRICS
from mmengine.evaluator import BaseMetric

from ..functional import evaluate_segmentation


@METRICS.register_module()
class SegmentationMetric(BaseMetric):
    """``acc``, ``edit``, ``f1@10``, ``f1@25`` and ``f1@50``, in percent. Takes the ``scores`` (T, classes) and
    ``frame_labels`` (T,) of each ``video``; a video that comes twice counts once.

    Args:
        background (int): The label that is no action.
    """

    default_prefix = 'segmentation'

    def __init__(self, background=0, **kwargs):
        super().__init__(**kwargs)
        self.background = background

    def process(self, data_batch, data_samples):
        for sample in data_samples:
            truth, found = sample['frame_labels'].cpu().numpy(), sample['scores'].argmax(1).cpu().numpy()
            if len(truth) != len(found):
                raise ValueError(
                    f"Video {sample['video']} has {len(found)} frames of 'scores' but {len(truth)} of 'frame_labels'."
                )
            self.results.append((sample['video'], truth, found))

    def compute_metrics(self, results: list) -> dict:
        videos = {video: (truth, found) for video, truth, found in results}
        pairs = list(videos.values())
        return evaluate_segmentation([truth for truth, _ in pairs], [found for _, found in pairs], self.background)

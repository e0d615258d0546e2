"""The file that ``usdrl test … --dump FILE.pkl`` writes."""

from mmaction.registry import METRICS
from mmengine.evaluator import DumpResults
from mmengine.utils import apply_to
from torch import Tensor


@METRICS.register_module()
class DumpPredictions(DumpResults):
    """``DumpResults`` whose tensors are copied: a row of a batch's scores would take the whole batch into the file."""

    def process(self, data_batch, predictions):
        super().process(data_batch, [apply_to(sample, is_tensor, Tensor.clone) for sample in predictions])


def is_tensor(value) -> bool:
    return isinstance(value, Tensor)

"""The file that ``usdrl test … --dump FILE.pkl`` writes."""

from mmaction.registry import METRICS
from mmengine.evaluator import DumpResults
from mmengine.fileio import dump
from mmengine.logging import print_log
from mmengine.utils import apply_to
from torch import Tensor

from usdrl_mmaction.files import replacing


@METRICS.register_module()
class DumpPredictions(DumpResults):
    """``DumpResults`` that writes the file whole or not at all, and copies tensors: a row of a batch's scores would
    bring the whole batch into the file."""

    def process(self, data_batch, predictions):
        copied = [apply_to(sample, lambda value: isinstance(value, Tensor), Tensor.clone) for sample in predictions]
        super().process(data_batch, copied)

    def compute_metrics(self, results: list) -> dict:
        with replacing(self.out_file_path) as draft:
            dump(results, draft, file_format='pkl')
        print_log(f'Wrote the predictions to {self.out_file_path}.', 'current')
        return {}

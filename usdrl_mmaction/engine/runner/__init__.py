"""The runner, its loops and its optimizer wrapper."""

from .mixed_precision import MixedPrecisionOptimWrapper
from .resumable_train_loop import ResumableTrainLoop
from .retrieval_loop import RetrievalLoop
from .sharding import dste_layers
from .usdrl_runner import UsdrlRunner

__all__ = ['MixedPrecisionOptimWrapper', 'ResumableTrainLoop', 'RetrievalLoop', 'UsdrlRunner', 'dste_layers']

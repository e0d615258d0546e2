"""The runner, its loops and its optimizer wrapper."""

from .fit_loop import FitLoop
from .mixed_precision import MixedPrecisionOptimWrapper
from .resumable_train_loop import ResumableTrainLoop
from .retrieval_loop import RetrievalLoop
from .sharding import dste_layers
from .usdrl_runner import UsdrlRunner

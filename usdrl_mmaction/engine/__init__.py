"""The runner, its hooks, loops and optimizer wrapper, registered in MMAction2."""

from .hooks import (
    EmbeddingHealthHook,
    EpochSeedHook,
    FeatureCacheHook,
    InterruptHook,
    LabelHook,
    NonFiniteHook,
    SafeCheckpointHook,
    TransferHook,
)
from .runner import FitLoop, MixedPrecisionOptimWrapper, ResumableTrainLoop, RetrievalLoop, UsdrlRunner, dste_layers

__all__ = [
    'EmbeddingHealthHook',
    'EpochSeedHook',
    'FeatureCacheHook',
    'FitLoop',
    'InterruptHook',
    'LabelHook',
    'MixedPrecisionOptimWrapper',
    'NonFiniteHook',
    'ResumableTrainLoop',
    'RetrievalLoop',
    'SafeCheckpointHook',
    'TransferHook',
    'UsdrlRunner',
    'dste_layers',
]

"""Hooks, loops and the optimizer wrapper, registered in MMAction2."""

from .hooks import (
    CompileHook,
    EmbeddingHealthHook,
    EpochSeedHook,
    FeatureCacheHook,
    InterruptHook,
    LabelHook,
    NonFiniteHook,
    SafeCheckpointHook,
    TransferHook,
)
from .runner import ResumableTrainLoop, RetrievalLoop
from .runner.mixed_precision import MixedPrecisionOptimWrapper
from .runner.sharding import dste_layers

__all__ = [
    'CompileHook',
    'EmbeddingHealthHook',
    'EpochSeedHook',
    'FeatureCacheHook',
    'InterruptHook',
    'LabelHook',
    'MixedPrecisionOptimWrapper',
    'NonFiniteHook',
    'ResumableTrainLoop',
    'RetrievalLoop',
    'SafeCheckpointHook',
    'TransferHook',
    'dste_layers',
]

"""Hooks, loops and the optimizer wrapper, registered in MMAction2."""

from .errors import NotSaved, UnhealthyRun
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
from .loops import ResumableTrainLoop, RetrievalLoop
from .mixed_precision import MixedPrecisionOptimWrapper
from .sharding import dste_layers

__all__ = [
    'CompileHook',
    'EmbeddingHealthHook',
    'EpochSeedHook',
    'FeatureCacheHook',
    'InterruptHook',
    'LabelHook',
    'MixedPrecisionOptimWrapper',
    'NonFiniteHook',
    'NotSaved',
    'ResumableTrainLoop',
    'RetrievalLoop',
    'SafeCheckpointHook',
    'TransferHook',
    'UnhealthyRun',
    'dste_layers',
]

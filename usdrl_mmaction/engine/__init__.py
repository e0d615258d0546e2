"""Hooks, loops and the optimizer wrapper, registered in MMAction2."""

from .hooks import EmbeddingHealthHook, EpochSeedHook, FeatureCacheHook, UnhealthyRun
from .loops import RetrievalLoop
from .mixed_precision import MixedPrecisionOptimWrapper

__all__ = [
    'EmbeddingHealthHook',
    'EpochSeedHook',
    'FeatureCacheHook',
    'MixedPrecisionOptimWrapper',
    'RetrievalLoop',
    'UnhealthyRun',
]

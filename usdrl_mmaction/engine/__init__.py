"""Hooks, loops and the optimizer wrapper, registered in MMAction2."""

from .hooks import EpochSeedHook, FeatureCacheHook
from .loops import RetrievalLoop
from .mixed_precision import MixedPrecisionOptimWrapper

__all__ = ['EpochSeedHook', 'FeatureCacheHook', 'MixedPrecisionOptimWrapper', 'RetrievalLoop']

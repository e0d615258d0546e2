"""Hooks."""

from .embedding_health_hook import EmbeddingHealthHook, UnhealthyRun
from .epoch_seed_hook import EpochSeedHook
from .feature_cache_hook import FeatureCacheHook

__all__ = ['EmbeddingHealthHook', 'EpochSeedHook', 'FeatureCacheHook', 'UnhealthyRun']

"""Hooks."""

from .epoch_seed_hook import EpochSeedHook
from .feature_cache_hook import FeatureCacheHook

__all__ = ['EpochSeedHook', 'FeatureCacheHook']

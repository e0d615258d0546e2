"""Hooks of training runs."""

from .description_hook import DescriptionHook
from .embedding_health_hook import EmbeddingHealthHook
from .epoch_line_hook import EpochLineHook
from .epoch_seed_hook import EpochSeedHook
from .feature_cache_hook import FeatureCacheHook
from .interrupt_hook import InterruptHook
from .label_hook import LabelHook
from .non_finite_hook import NonFiniteHook
from .safe_checkpoint_hook import SafeCheckpointHook
from .transfer_hook import TransferHook
from .whitening_hook import WhiteningHook

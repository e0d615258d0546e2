"""Loops."""

from .resumable_train_loop import ResumableTrainLoop
from .retrieval_loop import RetrievalLoop

__all__ = ['ResumableTrainLoop', 'RetrievalLoop']

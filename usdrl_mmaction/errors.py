"""Errors that a user can fix: a class for each kind, under one root. Commands print them in one line."""

import re
from collections.abc import Iterable


class UsdrlError(ValueError):
    """The root class. The message says what is wrong, where, and what to do."""


class UsageError(UsdrlError):
    """A command or call with arguments that do not fit together."""


class ConfigError(UsdrlError):
    """Settings that contradict each other or the data, or that cannot take effect."""


class LayoutError(UsdrlError):
    """A skeleton layout that is unknown or not a tree of joints."""


class AnnotationError(UsdrlError):
    """An annotation file, or a clip of one, that cannot be used."""


class RecordingError(UsdrlError):
    """A recording, or frames of live input, that cannot be read."""


class PredictionError(UsdrlError):
    """Saved predictions, scores or segments that cannot be used."""


class CheckpointError(UsdrlError):
    """A checkpoint that is damaged, not a checkpoint, or of another model."""


class DownloadError(UsdrlError):
    """A file or model that cannot be fetched."""


class ExportError(UsdrlError):
    """A model that cannot be exported, or whose export differs from it."""


class TrainingError(UsdrlError):
    """Training that has diverged or collapsed."""


class MissingFileError(UsdrlError, FileNotFoundError):
    """A file or folder that does not exist."""


class SaveError(OSError, UsdrlError):
    """A file that cannot be written."""

    def __str__(self):
        if not self.filename:
            return super().__str__()
        return f'{self.filename} cannot be written: {self.strerror}. Free some space, or choose another place.'


def grouped(messages: Iterable[str]) -> list[str]:
    """One message for those that differ in files, lines and numbers only: the first, and how many more there are."""
    groups = {}
    for message in messages:
        reason = message.split(': ', 1)[-1] if ': ' in message else re.sub(r'\S*[/\\.]\S*', '', message)
        groups.setdefault(re.sub(r'\d+', '0', reason), []).append(message)
    return [first + (f' ({len(rest)} more like this)' if rest else '') for first, *rest in groups.values()]

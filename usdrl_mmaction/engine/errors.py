"""Why a run ends before it is done."""


class UnhealthyRun(RuntimeError):
    """Training that is not worth going on with; the message says why and what to try."""


class NotSaved(RuntimeError):
    """A checkpoint that could not be written; the message says which one is the last good one."""

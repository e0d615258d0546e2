"""Parquet: a table as in a CSV file, read by pyarrow."""

from pathlib import Path

from usdrl_mmaction.errors import RecordingError, UsageError

from ..clip import Clip
from .csv_table import clip_of
from .table import Table


def read_parquet(path: Path, _: Path) -> Clip:
    try:
        import pyarrow.parquet
    except ImportError:
        raise UsageError(f"{path} needs pyarrow: pip install 'usdrl-mmaction[formats]'") from None
    try:
        table = pyarrow.parquet.read_table(path)
    except Exception as error:  # a damaged file can make pyarrow raise anything
        raise RecordingError(f'{path} is not a whole Parquet file ({str(error).splitlines()[0]}).') from None
    columns = [['' if value is None else str(value) for value in column.to_pylist()] for column in table.columns]
    rows = list(map(list, zip(*columns, strict=True)))
    if not rows:
        raise RecordingError(f'{path} has columns and no rows.')
    return clip_of(Table(path, table.column_names, rows, list(range(1, len(rows) + 1))))

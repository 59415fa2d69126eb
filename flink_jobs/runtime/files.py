"""Files: a dataset as a folder of Parquet files, all of one pinned table version."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from flink_jobs.core.address import address
from flink_jobs.core.columns import flink_type, quote
from flink_jobs.core.dataset import Dataset
from flink_jobs.core.errors import RunError
from flink_jobs.core.plan import Files
from flink_jobs.runtime.text import Statement, table, where, within

PARQUET = {"connector": "filesystem", "format": "parquet", "parquet.utc-timezone": "true"}


def source_name(dataset: str) -> str:
    """The table behind a dataset's view: upper case, so that no step can have the name."""
    return f"SOURCE_{dataset}"


def folder_uri(folder: str) -> str:
    """The address of a folder; raises RunError where it does not exist."""
    path = Path(folder)
    if not path.is_dir():
        raise RunError(f"The input folder {folder} does not exist. Pin the table again and start a new run.")
    return address(path)


def statements(dataset: Dataset, bound: Files, read_from_ms: int | None, read_to_ms: int | None) -> list[Statement]:
    """The table of files and the dataset's view: its columns, its types, rows of ``[read_from, read_to)``."""
    source = source_name(dataset.name)
    options = {**PARQUET, "path": folder_uri(bound.folder)}
    items = ", ".join(column(name, word) for name, word in dataset.columns.items())
    span = where(within(quote(dataset.event_time), read_from_ms, read_to_ms))
    return [
        Statement(dataset.name, table(source, stored(dataset.columns), options)),
        Statement(dataset.name, f"SELECT {items}\nFROM {quote(source)}{span}", view=dataset.name),
    ]


def stored(columns: Mapping[str, str]) -> list[str]:
    """Column definitions as Delta stores them: times in microseconds."""
    return [
        f"{quote(name)} {'TIMESTAMP(6)' if word == 'timestamp' else flink_type(word)}" for name, word in columns.items()
    ]


def column(name: str, word: str) -> str:
    """A stored column in the type that steps see."""
    if word != "timestamp":
        return quote(name)
    return f"CAST({quote(name)} AS TIMESTAMP(3)) AS {quote(name)}"

"""Column words as Delta and Arrow types, and the creation of tables from them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from flink_jobs.core.columns import column_type
from flink_jobs.core.errors import LakeError
from flink_jobs.core.event_time import Partitioning
from flink_jobs.lake.table import Table, partition_column

if TYPE_CHECKING:
    import pyarrow as pa
    from deltalake import DeltaTable, Field
    from deltalake import Schema as DeltaSchema

_DELTA = {"bigint": "long", "int": "integer"}
_WORDS = {delta: word for word, delta in _DELTA.items()}
_PARTITION_WORDS: Mapping[Partitioning, str] = {"day": "date", "hour": "string"}
_KEY = "mainstem.key"


def create(
    lake: Path,
    name: str,
    columns: Mapping[str, str],
    *,
    partition_by: Partitioning = "day",
    key: Iterable[str] = (),
    description: str = "",
) -> Table:
    """Make sure the table exists with these columns (words by name) and the partition column behind them.

    Calling it again changes nothing; a column that is new becomes a nullable column of the table. Raises LakeError,
    naming the columns, when the table has others, other types, another key or another partition column.
    """
    table, words = Table(lake, name), _with_partition(columns, partition_by)
    if not table.exists():
        _create(table, words, partition_by, tuple(key), description)
    delta = table.open()
    if partition_column(delta) != partition_by:
        raise LakeError(
            f"Table '{name}' is partitioned by {partition_column(delta)}, not by {partition_by} as asked. {_ELSEWHERE}"
        )
    _check_key(name, delta, tuple(key))
    _evolve(name, delta, words)
    return table


_ELSEWHERE = "Publish to a table of another name, or delete this one if its rows are not needed."


def _with_partition(columns: Mapping[str, str], by: Partitioning) -> dict[str, str]:
    words = {column: column_type(word) for column, word in columns.items() if column != by}
    if not words:
        raise LakeError("A table needs at least one column besides its partition.")
    if columns.get(by, _PARTITION_WORDS[by]) != _PARTITION_WORDS[by]:
        raise LakeError(f"Column '{by}' is the partition and has type {_PARTITION_WORDS[by]}, not {columns[by]}.")
    return {**words, by: _PARTITION_WORDS[by]}


def _create(table: Table, words: Mapping[str, str], by: Partitioning, key: tuple[str, ...], description: str) -> None:
    from deltalake import DeltaTable

    DeltaTable.create(
        table.path,
        delta_schema(words),
        mode="ignore",
        partition_by=[by],
        name=table.name,
        description=description or None,
        # -1: statistics of every column, so that a file that lacks a later column can be told from its log entry.
        configuration={"delta.dataSkippingNumIndexedCols": "-1", _KEY: ",".join(key)},
        raise_if_key_not_exists=False,
    )


def _check_key(name: str, delta: DeltaTable, key: tuple[str, ...]) -> None:
    known = key_of(delta)
    if key and known and key != known:
        raise LakeError(
            f"The rows of table '{name}' are told apart by {', '.join(known)}, but the key {', '.join(key)} was asked "
            f"for. {_ELSEWHERE}"
        )


def _evolve(name: str, delta: DeltaTable, words: Mapping[str, str]) -> None:
    known = words_of(delta)
    wrong = [f"'{c}' is {known[c]}, not {word}" for c, word in words.items() if c in known and known[c] != word]
    wrong += [f"'{column}' is not among the new columns" for column in known if column not in words]
    if wrong:
        raise LakeError(f"Table '{name}' has other columns than those asked for: {'; '.join(wrong)}. {_ELSEWHERE}")
    new = [_field(column, word) for column, word in words.items() if column not in known]
    if new:
        delta.alter.add_columns(new)


def key_of(delta: DeltaTable) -> tuple[str, ...]:
    """The columns that tell the table's rows apart; empty when none was declared."""
    text = delta.metadata().configuration.get(_KEY) or ""
    return tuple(text.split(",")) if text else ()


def delta_schema(words: Mapping[str, str]) -> DeltaSchema:
    """A Delta schema of nullable columns."""
    from deltalake import Schema

    return Schema([_field(column, word) for column, word in words.items()])


def _field(column: str, word: str) -> Field:
    from deltalake import Field
    from deltalake.schema import PrimitiveType

    return Field(column, PrimitiveType(_DELTA.get(word, word)))


def words_of(delta: DeltaTable) -> dict[str, str]:
    """The table's columns as words, in order, the partition column included; raises LakeError for another type."""
    from deltalake.schema import PrimitiveType

    words = {}
    for field in delta.schema().fields:
        if not isinstance(field.type, PrimitiveType):
            raise LakeError(f"Column '{field.name}' of {delta.table_uri} is nested, which Mainstem does not read.")
        words[field.name] = column_type(_WORDS.get(field.type.type, field.type.type))
    return words


def arrow_type(word: str) -> pa.DataType:
    """The Arrow type of a word; a timestamp has microseconds and is UTC."""
    import pyarrow as pa

    decimal = re.fullmatch(r"decimal\((\d+),(\d+)\)", word)
    if decimal:
        return pa.decimal128(int(decimal[1]), int(decimal[2]))
    return {
        "bigint": pa.int64(),
        "int": pa.int32(),
        "double": pa.float64(),
        "string": pa.string(),
        "boolean": pa.bool_(),
        "date": pa.date32(),
        "timestamp": pa.timestamp("us", "UTC"),
    }[word]


def arrow_schema(words: Mapping[str, str]) -> pa.Schema:
    """An Arrow schema of nullable columns."""
    import pyarrow as pa

    return pa.schema([pa.field(column, arrow_type(word)) for column, word in words.items()])


def file_word(kind: pa.DataType) -> str:
    """The word of a column inside a Parquet file, or the Arrow type's own name when no word fits.

    Flink marks UTC timestamps as local ones (isAdjustedToUTC=false), so both spellings mean ``timestamp``.
    """
    import pyarrow as pa

    if pa.types.is_decimal(kind):
        return f"decimal({kind.precision},{kind.scale})"
    if kind == pa.timestamp("us"):
        return "timestamp"
    words = ("bigint", "int", "double", "string", "boolean", "date", "timestamp")
    return next((word for word in words if arrow_type(word) == kind), str(kind))

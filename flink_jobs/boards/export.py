"""Rows of a board as a file: CSV, Parquet or JSON, streamed batch by batch, so that no export is too large for the memory."""

from __future__ import annotations

import io
import json
import tempfile
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import IO, TYPE_CHECKING, Any, Literal

from flink_jobs.boards.engine import cursor
from flink_jobs.boards.shape import RANK, Board
from flink_jobs.boards.windows import END, START, Window, holding
from flink_jobs.lake.sql import name

if TYPE_CHECKING:
    import pyarrow as pa

Format = Literal["csv", "json", "parquet"]
_BATCH = 10_000


def export(board: Board, span: Sequence[Window], form: Format, group: tuple[Any, ...] | None = None) -> Iterator[bytes]:
    """The bytes of the file with the rows of these windows, ordered by window, group and rank.

    Times in CSV and JSON are ISO-8601 UTC with Z; JSON is one array of objects.
    """
    reader = _rows(board, span, group, text=form != "parquet")
    return {"csv": _csv, "json": _json, "parquet": _parquet}[form](reader)


def _rows(board: Board, span: Sequence[Window], group: tuple[Any, ...] | None, *, text: bool) -> pa.RecordBatchReader:
    columns = ", ".join(_column(c, word, text=text) for c, word in board.pinned.words.items() if c != board.pinned.by)
    # Several windows are all those inside a span; one is itself, not the shorter ones inside it.
    least, most = (">=", "<=") if len(span) > 1 else ("=", "=")
    tests, given = [f"t.{START} {least} ?", f"t.{END} {most} ?"], [_first(span), max(w.bounds[1] for w in span)]
    for column, value in zip(board.group, group or (), strict=group is not None):
        tests.append(f"t.{name(column)} IS NULL" if value is None else f"t.{name(column)} = ?")
        given += [] if value is None else [value]
    order = ", ".join(f"t.{name(c)}" for c in (END, START, *board.group, RANK))
    rows = board.pinned.sql(holding(board.pinned, span))
    sql = f"SELECT {columns} FROM ({rows}) t WHERE {' AND '.join(tests)} ORDER BY {order}"
    reader: pa.RecordBatchReader = cursor().sql(sql, params=given).to_arrow_reader(_BATCH)
    return reader


def _first(span: Sequence[Window]) -> datetime:
    return min(w.bounds[0] for w in span)


def _column(column: str, word: str, *, text: bool) -> str:
    """Parquet gets UTC instants, text the same in ISO-8601."""
    quoted = f"t.{name(column)}"
    if word == "timestamp":
        quoted = f"strftime({quoted}, '%Y-%m-%dT%H:%M:%S.%gZ')" if text else f"{quoted} AT TIME ZONE 'UTC'"
    return f"{quoted} AS {name(column)}"


def _csv(reader: pa.RecordBatchReader) -> Iterator[bytes]:
    import pyarrow.csv as csv

    yield (",".join(f'"{c}"' for c in reader.schema.names) + "\n").encode()
    for batch in reader:
        held = io.BytesIO()
        csv.write_csv(batch, held, csv.WriteOptions(include_header=False))
        yield held.getvalue()


def _json(reader: pa.RecordBatchReader) -> Iterator[bytes]:
    before = "[\n"
    for batch in reader:
        for row in batch.to_pylist():
            yield (before + json.dumps(row, ensure_ascii=False, default=str)).encode()
            before = ",\n"
    yield b"[]\n" if before == "[\n" else b"\n]\n"


def _parquet(reader: pa.RecordBatchReader) -> Iterator[bytes]:
    import pyarrow.parquet as pq

    with tempfile.TemporaryFile() as file:
        with pq.ParquetWriter(file, reader.schema) as writer:
            for batch in reader:
                writer.write_batch(batch)
        file.seek(0)
        yield from _pieces(file)


def _pieces(file: IO[bytes]) -> Iterator[bytes]:
    while piece := file.read(1 << 20):
        yield piece

"""Files: a stream as JSON lines, CSV (both gzip) or Parquet; the same stream gives the same bytes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from gzip import GzipFile
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from flink_jobs.core.errors import DeclarationError
from flink_jobs.simulate.damage import CSV, JSON, Damage
from flink_jobs.simulate.mess import BROKEN, Arrivals
from flink_jobs.simulate.shop import Events

if TYPE_CHECKING:
    from flink_jobs.simulate.shop import Ints

Format = Literal["jsonl", "csv", "parquet"]
SUFFIX: Mapping[Format, str] = {"jsonl": ".jsonl.gz", "csv": ".csv.gz", "parquet": ".parquet"}
COLUMNS = ("event_id", "user_id", "item_id", "category_id", "ts")
_CHUNK = 50_000
_ROW_GROUP = 1_000_000
_SPEED = 4


def write(path: Path, events: Events, form: Format, arrivals: Arrivals | None = None) -> dict[str, int]:
    """Write one stream and give the number of lines damaged in each way; with ``arrivals`` in that order, with known_at."""
    if form == "parquet":
        _parquet(path, arrivals.events if arrivals else events, arrivals)
        return {}
    damages = JSON if form == "jsonl" else CSV
    with path.open("wb") as raw, GzipFile("", "wb", _SPEED, raw, mtime=0) as out:
        if form == "csv":
            out.write((",".join((*COLUMNS, *(("known_at",) if arrivals else ()))) + "\n").encode())
        if arrivals is None:
            for lines in _lines(events, form, None):
                out.write("".join(lines).encode())
            return {}
        return _write_damaged(out, arrivals, form, damages)


def _write_damaged(out: GzipFile, arrivals: Arrivals, form: Format, damages: Mapping[str, Damage]) -> dict[str, int]:
    counts = dict.fromkeys(damages, 0)
    names, at, turn = list(damages), 0, 0
    for lines in _lines(arrivals.events, form, arrivals.known_at):
        for i in (arrivals.kind[at : at + len(lines)] == BROKEN).nonzero()[0]:
            name = names[turn % len(names)]
            lines[i] = damages[name](lines[i].rstrip("\n")) + "\n"
            counts[name] += 1
            turn += 1
        at += len(lines)
        out.write("".join(lines).encode())
    return {name: n for name, n in counts.items() if n}


def _lines(events: Events, form: Format, known_at: Ints | None) -> Iterator[list[str]]:
    """Lines in chunks, each line with its newline."""
    for at in range(0, len(events), _CHUNK):
        part = slice(at, at + _CHUNK)
        ids = [getattr(events, name)[part].tolist() for name in COLUMNS[:-1]]
        times = [_iso(events.ts[part])] + ([_iso(known_at[part])] if known_at is not None else [])
        yield [_line(row, form) for row in zip(*ids, *times, strict=True)]


def _line(row: tuple[Any, ...], form: Format) -> str:
    e, u, i, c, ts, *known = row
    if form == "csv":
        return f"{e},{u},{i},{c},{ts}{',' + known[0] if known else ''}\n"
    tail = f',"known_at":"{known[0]}"' if known else ""
    return f'{{"event_id":{e},"user_id":{u},"item_id":{i},"category_id":{c},"ts":"{ts}"{tail}}}\n'


def _iso(ms: Ints) -> list[str]:
    import numpy as np

    return [text + "Z" for text in np.datetime_as_string(ms.astype("datetime64[ms]"), unit="ms").tolist()]


def _parquet(path: Path, events: Events, arrivals: Arrivals | None) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    if arrivals is not None and arrivals.count(BROKEN):
        raise DeclarationError("Parquet has typed columns, so no record of it can be malformed. Take jsonl or csv.")
    stamp = pa.timestamp("us", tz="UTC")
    columns = {name: pa.array(getattr(events, name)) for name in COLUMNS[:-1]}
    columns["ts"] = pa.array(events.ts * 1000).cast(stamp)
    if arrivals is not None:
        columns["known_at"] = pa.array(arrivals.known_at * 1000).cast(stamp)
    pq.write_table(pa.table(columns), path, compression="zstd", row_group_size=_ROW_GROUP)

"""Records of one file, whatever its format: raw JSON text, key, event time, and where the record stands in the file."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from operator import itemgetter
from pathlib import Path
from typing import Any, NamedTuple, NoReturn

from flink_jobs.core.dataset import Dataset
from flink_jobs.core.errors import FileError, nearest
from flink_jobs.ingest.encode import Encoder, Number, event_ms, plain_iso
from flink_jobs.ingest.feeds import FeedFile, Found
from flink_jobs.ingest.lines import csv_header, csv_lines, text_lines


class Record(NamedTuple):
    """One record. ``line`` counts from 1; ``good`` tells whether all values fit, so that it is expected in the table."""

    line: int
    raw: str
    key: str
    event_ms: int | None
    known_ms: int | None
    good: bool


@dataclass(frozen=True)
class Mapping:
    """Which column of the file fills which column of the dataset."""

    columns: tuple[str, ...]
    sources: tuple[str, ...]
    constants: tuple[Any, ...]
    ignored: tuple[str, ...]


def map_columns(path: Path, how: FeedFile, dataset: Dataset, names: Sequence[str]) -> Mapping:
    """Match the columns of a file to those of the dataset; raises FileError for one that is named or needed but absent."""
    wanted = {target: source for source, target in how.rename.items()}
    for source in (*how.rename, *how.where, *([how.known_at] if how.known_at else [])):
        if source not in names:
            raise _missing(path, source, names, "the feed names it")
    columns = [c for c in dataset.columns if c in how.constant or wanted.get(c, c) in names]
    for column in dataset.columns:
        if column not in columns and dataset.required(column):
            raise _missing(path, wanted.get(column, column), names, f"dataset '{dataset.name}' needs it")
    sources = [wanted.get(c, c) for c in columns if c not in how.constant]
    used = {*sources, *how.where, how.known_at}
    return Mapping(
        columns=tuple([c for c in columns if c not in how.constant] + [c for c in columns if c in how.constant]),
        sources=tuple(sources),
        constants=tuple(how.constant[c] for c in columns if c in how.constant),
        ignored=tuple(n for n in names if n not in used),
    )


def _missing(path: Path, column: str, names: Sequence[str], why: str) -> FileError:
    return FileError(
        f"{path} has no column '{column}' ({why}). Its columns: {', '.join(names)}. {nearest(column, names)} "
        "Map it with 'rename: {column of the file: column of the dataset}'."
    )


def read_records(found: Found) -> Iterator[Record]:
    """The records of one file in its own order; raises FileError before the first one when the file does not fit."""
    reader = {"csv": _csv, "jsonl": _jsonl, "parquet": _parquet}[found.how.format_of(found.path)]
    return reader(found)


def ignored_columns(found: Found) -> tuple[str, ...]:
    """Columns of the file that fill nothing; empty for JSON lines, where each line may differ."""
    form = found.how.format_of(found.path)
    if form == "jsonl":
        return ()
    names = _csv_names(found) if form == "csv" else _parquet_file(found.path).schema_arrow.names
    return map_columns(found.path, found.how, found.dataset, names).ignored


def _delimiter(found: Found) -> str:
    return found.how.delimiter or ("\t" if ".tsv" in found.path.suffixes else ",")


def _csv_names(found: Found) -> list[str]:
    return list(found.how.header) or csv_header(found.path, _delimiter(found))


def _csv(found: Found) -> Iterator[Record]:
    names = _csv_names(found)
    mapping = map_columns(found.path, found.how, found.dataset, names)
    build = _builder(found, mapping)
    pick = _picker([names.index(s) for s in mapping.sources])
    where = [(names.index(c), frozenset(values)) for c, values in found.how.where.items()]
    known = names.index(found.how.known_at) if found.how.known_at else None
    lines = csv_lines(found.path, _delimiter(found), len(names), skip_header=not found.how.header)
    for line in lines:
        fields = line.fields
        if fields is None:
            yield _broken(line.number, line.raw)
        elif all(fields[at] in allowed for at, allowed in where):
            yield build(line.number, pick(fields), fields[known] if known is not None else None)


def _jsonl(found: Found) -> Iterator[Record]:
    how, dataset = found.how, found.dataset
    targets = {target: source for source, target in how.rename.items()}
    columns = [c for c in dataset.columns if c not in how.constant]
    mapping = Mapping(
        (*columns, *how.constant), tuple(targets.get(c, c) for c in columns), tuple(how.constant.values()), ()
    )
    build = _builder(found, mapping)
    time = targets.get(dataset.event_time, dataset.event_time)
    as_is = not how.rename and not how.constant and how.time_format == dataset.time_format
    for number, text, valid in text_lines(found.path):
        fields = _json_object(text) if valid else None
        if fields is None:
            yield _broken(number, text)
        elif all(str(fields.get(c)) in allowed for c, allowed in how.where.items()):
            record = build(number, [fields.get(s) for s in mapping.sources], fields.get(how.known_at))
            plain = dataset.time_format != "iso" or plain_iso(fields.get(time))
            yield record._replace(raw=text) if as_is and plain else record


def _parquet(found: Found) -> Iterator[Record]:
    file = _parquet_file(found.path)
    names: list[str] = file.schema_arrow.names
    mapping = map_columns(found.path, found.how, found.dataset, names)
    build = _builder(found, mapping)
    wanted = list(dict.fromkeys([*mapping.sources, *found.how.where, *filter(None, [found.how.known_at])]))
    number = 0
    for batch in file.iter_batches(columns=wanted):
        for row in batch.to_pylist():
            number += 1
            if all(str(row[c]) in allowed for c, allowed in found.how.where.items()):
                yield build(number, [row[s] for s in mapping.sources], row.get(found.how.known_at))


def _builder(found: Found, mapping: Mapping) -> Callable[[int, Sequence[Any], Any], Record]:
    encode = Encoder(found.dataset, mapping.columns, found.how.time_format).encode
    constants, time_format = mapping.constants, found.how.time_format

    def build(line: int, values: Sequence[Any], known: Any) -> Record:
        raw, key, at, good = encode([*values, *constants])
        return Record(line, raw, key, at, None if known is None else event_ms(known, time_format), good)

    return build


def _broken(line: int, raw: str) -> Record:
    return Record(line, raw, f"line {line}", None, None, False)


def _picker(places: list[int]) -> Callable[[Sequence[str]], Sequence[str]]:
    if len(places) == 1:
        return lambda fields: [fields[places[0]]]
    return itemgetter(*places)


def _json_object(text: str) -> dict[str, Any] | None:
    try:
        value = json.loads(text, parse_float=Number, parse_constant=_refuse)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def _refuse(word: str) -> NoReturn:
    raise ValueError(word)


def _parquet_file(path: Path) -> Any:
    import pyarrow
    import pyarrow.parquet

    try:
        return pyarrow.parquet.ParquetFile(path)
    except (OSError, pyarrow.ArrowInvalid) as error:
        raise FileError(
            f"{path} is not a whole Parquet file, so it was only half written or is of another format ({error}). "
            "Nothing of it was taken. Copy it again."
        ) from error

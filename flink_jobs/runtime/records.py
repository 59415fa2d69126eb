"""Records: a dataset as raw JSON records with their place, from Kafka topics or from files of records.

Both give one view with the columns _raw, _known_at, _partition, _offset, _topic; live also the event time, as the time
attribute with its watermark, and _arrival, by which rows can be numbered as they come.
"""

from __future__ import annotations

from collections.abc import Sequence

from flink_jobs.core.columns import quote, quoted
from flink_jobs.core.dataset import Dataset
from flink_jobs.core.errors import RunError
from flink_jobs.core.plan import Files, Topics
from flink_jobs.runtime import dialect, files, raw_records
from flink_jobs.runtime.text import Statement, literal, table, where, within

PLACE = (*dialect.STOOD, "_topic")
METADATA = (
    "`_known_at` TIMESTAMP_LTZ(3) METADATA FROM 'timestamp' VIRTUAL",
    "`_partition` INT METADATA FROM 'partition' VIRTUAL",
    "`_offset` BIGINT METADATA FROM 'offset' VIRTUAL",
)
"""Where a record stood in its topic, as columns of the topic's table."""


def name_of(dataset: str) -> str:
    """The view of a dataset's records; upper case, so that no step can have the name."""
    return f"RECORDS_{dataset}"


def from_topics(dataset: Dataset, bound: Topics, *, live: bool) -> list[Statement]:
    """Kafka topics, each record once, from the first that can matter."""
    source, time = files.source_name(dataset.name), quote(dataset.event_time)
    body = ["`_raw` STRING", *METADATA, "`_topic` STRING METADATA FROM 'topic' VIRTUAL"]
    body += dialect.time_columns(live, time, raw_records.event_time(dataset), raw_records.watermark(dataset))
    items = "`_raw`, CAST(`_known_at` AS TIMESTAMP(3)) AS `_known_at`, `_partition`, `_offset`, `_topic`"
    select = f"SELECT {', '.join([items, *dialect.carried(live, time)])}\nFROM {quote(source)}"
    return [
        Statement(dataset.name, table(source, body, options(dataset, bound, live=live))),
        Statement(dataset.name, select, view=name_of(dataset.name)),
    ]


def from_files(dataset: Dataset, bound: Files) -> list[Statement]:
    """Parquet files of records: raw, partition, offset, known_at."""
    source = files.source_name(dataset.name)
    stored = {"raw": "string", "partition": "int", "offset": "bigint", "known_at": "timestamp"}
    options = {**files.PARQUET, "path": files.folder_uri(bound.folder)}
    items = ", ".join(f"{files.column(c, word).split(' AS `')[0]} AS `_{c}`" for c, word in stored.items())
    select = f"SELECT {items}, {literal(dataset.topic_name)} AS `_topic`\nFROM {quote(source)}"
    return [
        Statement(dataset.name, table(source, files.stored(stored), options)),
        Statement(dataset.name, select, view=name_of(dataset.name)),
    ]


def rows(dataset: Dataset, read_from_ms: int | None, read_to_ms: int | None, *, live: bool) -> str:
    """SELECT: the dataset as steps see it: good records of ``[read_from, read_to)``, the first arrival of each key."""
    span = [f"{raw_records.PROBLEM} IS NULL", *within(raw_records.TIME, read_from_ms, read_to_ms)]
    # A judgement asks when a record arrived; only batch also orders by where it stood.
    place = ("_known_at",) if live else dialect.STOOD
    good = f"SELECT * FROM (\n{judged(dataset, live=live, place=place)}\n){where(span)}"
    time = dialect.event_time(live, quote(dataset.event_time), raw_records.TIME)
    columns = [time if c == dataset.event_time else quote(c) for c in dataset.columns]
    if "once" in dataset.trusted:
        return f"SELECT {', '.join(columns)} FROM (\n{good}\n)"
    return first(dataset, good, columns)


def first(dataset: Dataset, good: str, columns: Sequence[str]) -> str:
    """SELECT: of each key the row that arrived first. In these words the engine keeps one mark a key live; a count would keep
    a row and its number.
    """
    order = f"PARTITION BY {quoted(dataset.key)} ORDER BY {dialect.ARRIVAL}"
    numbered = f"SELECT ROW_NUMBER() OVER ({order}) AS `_copy`, r.* FROM (\n{good}\n) r"
    return f"SELECT {', '.join(columns)} FROM (\n{numbered}\n) WHERE `_copy` = 1"


def accounted(dataset: Dataset, *, live: bool, history_ms: int | None = None) -> str:
    """SELECT: every record, judged, with ``_copy``: 1 for the first good arrival of a key, more for its copies.

    A record with a time before ``history_ms`` has the problem that files brought its time already.

    One numbering for good and bad, so that a record takes one path and cannot be counted twice or be lost between two.
    """
    key = f"{quoted(dataset.key)}, {raw_records.PROBLEM}"
    return _numbered(judged(dataset, live=live, history_ms=history_ms), key)


def judged(dataset: Dataset, *, live: bool, history_ms: int | None = None, place: Sequence[str] = PLACE) -> str:
    """SELECT: place, raw text, typed columns and ``_problem`` of every record; see ``raw_records.judged``.

    What is not wanted of the place is left out here, as the engine does not see through the layers of judging.
    """
    kept = [*map(quote, (*place, "_raw")), *dialect.carried(live, quote(dataset.event_time))]
    return raw_records.judged(dataset, kept, quote(name_of(dataset.name)), live=live, history_ms=history_ms)


def _numbered(select: str, key: str) -> str:
    frame = f"PARTITION BY {key} ORDER BY {dialect.ARRIVAL} ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW"
    return f"SELECT COUNT(*) OVER ({frame}) AS `_copy`, r.* FROM (\n{select}\n) r"


def options(dataset: Dataset, bound: Topics, *, live: bool) -> dict[str, str]:
    """How the connector reads: from the first record that can matter, to the end where there is one."""
    if not live and not bound.bounded:
        raise RunError(f"A batch run reads dataset '{dataset.name}' from a topic without an end. Bind it bounded.")
    given = {
        "connector": "kafka",
        "topic": ";".join(bound.topics),
        "properties.bootstrap.servers": bound.bootstrap,
        "properties.isolation.level": "read_committed",
        "properties.commit.offsets.on.checkpoint": "false",
        "value.format": "raw",
        "value.fields-include": "ALL",
        "scan.startup.mode": "earliest-offset",
    }
    if bound.from_ms is not None:
        # By time of arrival, and a row may arrive before its event time by as much as it may lie ahead.
        start = max(0, bound.from_ms - dataset.max_ahead)
        given |= {"scan.startup.mode": "timestamp", "scan.startup.timestamp-millis": str(start)}
    if bound.bounded and bound.ends:
        given["scan.bounded.mode"] = "specific-offsets"
        stops = (f"partition:{partition},offset:{offset}" for partition, offset in sorted(bound.ends.items()))
        given["scan.bounded.specific-offsets"] = ";".join(stops)
    elif bound.bounded:
        given["scan.bounded.mode"] = "latest-offset"
    else:
        given["scan.watermark.idle-timeout"] = f"{bound.idle_ms} ms"
    return given

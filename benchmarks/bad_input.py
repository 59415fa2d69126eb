"""Bad input: what was tried and what the user saw, as a Markdown table: ``python -m benchmarks.bad_input``.

Broken records go through the very load that users run, in a small engine inside this process; broken files and
wrong declarations never reach it. The test suite holds every line of the table (``tests/ingest/test_bad_input.py``).
"""

from __future__ import annotations

import gzip
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from flink_jobs.core.dataset import Dataset
from flink_jobs.core.errors import MainstemError
from flink_jobs.core.plan import IngestJob
from flink_jobs.core.settings import Settings
from flink_jobs.ingest.feeds import Feed, FeedFile
from flink_jobs.ingest.load import load
from flink_jobs.jobs.declare import read_text
from flink_jobs.lake.sql import query

CLICKS = Dataset(
    name="clicks",
    columns={
        "id": "bigint",
        "user_id": "int",
        "kind": "string",
        "price": "decimal(6,2)",
        "share": "double",
        "ok": "boolean",
        "born": "date",
        "ts": "timestamp",
    },
    key=("id",),
    event_time="ts",
    nullable=("kind", "price", "share", "ok", "born"),
    allowed={"kind": ("view", "cart")},
)
GOOD = '"user_id":7,"ts":"2017-11-25T00:00:00Z"'
Execute = Callable[[IngestJob, Settings], None]


@dataclass(frozen=True)
class Record:
    """One line of a file and what becomes of it: ``row``, or reason and column of the quarantine."""

    what: str
    line: bytes
    seen: str


@dataclass(frozen=True)
class File:
    """A whole file and a part of the error; nothing of it is taken."""

    what: str
    name: str
    content: bytes
    error: str
    how: FeedFile | None = None


@dataclass(frozen=True)
class Declaration:
    """The steps of a pipeline over the stream ``views`` and a part of the error; nothing of it runs."""

    what: str
    steps: str
    error: str


def _json(what: str, line: str | bytes, seen: str) -> Record:
    return Record(what, line if isinstance(line, bytes) else line.encode(), seen)


JSON_RECORDS = (
    _json("a good record", f'{{"id":1,{GOOD}}}', "row"),
    _json("the same key again", f'{{"id":1,{GOOD}}}', "duplicate"),
    _json("JSON cut off in the middle", '{"id":2,"user_id":7,"ts":"2017', "not_json"),
    _json("text that is no JSON", "GET /index.html HTTP/1.1", "not_json"),
    _json("an array", f'[{{"id":3,{GOOD}}}]', "not_json"),
    _json("a bare number", "42", "not_json"),
    _json("an empty object", "{}", "missing id"),
    _json("bytes that are not UTF-8", b'{"id":4,"kind":"\xff\xfe",' + GOOD.encode() + b"}", "not_json"),
    _json("a zero byte", b'{"id":5,\x00' + GOOD.encode() + b"}", "not_json"),
    _json("a required column missing", '{"id":6,"ts":"2017-11-25T00:00:00Z"}', "missing user_id"),
    _json("a required column null", '{"id":7,"user_id":null,"ts":"2017-11-25T00:00:00Z"}', "missing user_id"),
    _json("the key null", f'{{"id":null,{GOOD}}}', "missing id"),
    _json("the event time null", '{"id":8,"user_id":7,"ts":null}', "missing ts"),
    _json("words for a number", '{"id":9,"user_id":"many","ts":"2017-11-25T00:00:00Z"}', "wrong_type user_id"),
    _json("a fraction for a whole number", f'{{"id":10.5,{GOOD}}}', "wrong_type id"),
    _json("a number in text", f'{{"id":"11",{GOOD}}}', "row"),
    _json("an object for a number", f'{{"id":{{"a":1}},{GOOD}}}', "wrong_type id"),
    _json("an object for text", f'{{"id":12,"kind":{{"a":1}},{GOOD}}}', "wrong_type kind"),
    _json("bigint overflow", f'{{"id":9223372036854775808,{GOOD}}}', "out_of_range id"),
    _json("int overflow", '{"id":13,"user_id":2147483648,"ts":"2017-11-25T00:00:00Z"}', "out_of_range user_id"),
    _json("decimal overflow", f'{{"id":14,"price":12345.00,{GOOD}}}', "out_of_range price"),
    _json("a thousand digits", f'{{"id":{"9" * 1000},{GOOD}}}', "out_of_range id"),
    _json("a value outside the list", f'{{"id":15,"kind":"buy",{GOOD}}}', "not_allowed kind"),
    _json("words for a boolean", f'{{"id":16,"ok":"perhaps",{GOOD}}}', "wrong_type ok"),
    _json("a day that does not exist", f'{{"id":17,"born":"2017-02-30",{GOOD}}}', "wrong_type born"),
    _json("words for a time", '{"id":18,"user_id":7,"ts":"yesterday"}', "wrong_type ts"),
    _json("a time that does not exist", '{"id":19,"user_id":7,"ts":"2017-02-30T00:00:00Z"}', "wrong_type ts"),
    _json("an hour that does not exist", '{"id":20,"user_id":7,"ts":"2017-11-25T25:00:00Z"}', "wrong_type ts"),
    _json("a number where a time is due", '{"id":21,"user_id":7,"ts":1511568000}', "wrong_type ts"),
    _json("a time in the far future", '{"id":22,"user_id":7,"ts":"2117-11-25T00:00:00Z"}', "too_far_ahead ts"),
    _json("a time of five digits", '{"id":23,"user_id":7,"ts":"12017-11-25T00:00:00Z"}', "wrong_type ts"),
    _json("a time with an offset", '{"id":24,"user_id":7,"ts":"2017-11-25T08:00:00+08:00"}', "row"),
    _json("a time before 1970", '{"id":25,"user_id":7,"ts":"1969-07-20T20:17:40Z"}', "row"),
    _json("an unknown column", f'{{"id":26,"color":"red",{GOOD}}}', "row"),
    _json("NaN", f'{{"id":27,"share":NaN,{GOOD}}}', "not_json"),
    _json("nested a thousand levels deep", f'{{"id":28,"x":{"[" * 1000}{"]" * 1000},{GOOD}}}', "not_json"),
    _json("a megabyte of text", f'{{"id":29,"note":"{"x" * 1_000_000}",{GOOD}}}', "row"),
    _json("quotes and line breaks in text", f'{{"id":30,"note":"a \\"b\\" \\n \\u0000 c",{GOOD}}}', "row"),
)
HEADER = "id,user_id,kind,price,share,ok,born,ts"
CSV_RECORDS = (
    _json("CSV: a good line", "101,7,view,1.50,0.5,true,2000-01-01,2017-11-25T00:00:00Z", "row"),
    _json("CSV: too few fields", "102,7,view", "not_json"),
    _json("CSV: too many fields", "103,7,view,1.50,0.5,true,2000-01-01,2017-11-25T00:00:00Z,more", "not_json"),
    _json("CSV: a quote that never closes", '104,7,"view,1.50,0.5,true,2000-01-01,2017-11-25T00:00:00Z', "not_json"),
    _json("CSV: a required field empty", "105,,view,1.50,0.5,true,2000-01-01,2017-11-25T00:00:00Z", "missing user_id"),
    _json("CSV: words for a number", "106,x,view,1.50,0.5,true,2000-01-01,2017-11-25T00:00:00Z", "wrong_type user_id"),
    _json("CSV: overflow", f"{'9' * 30},7,view,1,0.5,true,2000-01-01,2017-11-25T00:00:00Z", "out_of_range id"),
    _json("CSV: bytes that are not UTF-8", b"107,7,v\xffew,1,0.5,true,2000-01-01,2017-11-25T00:00:00Z", "not_json"),
    _json("CSV: nullable fields empty", "108,7,,,,,,2017-11-25T00:00:00Z", "row"),
    _json("CSV: the last line cut off", "109,7,view,1.5", "not_json"),
)
_WHOLE = f"{HEADER}\n101,7,view,1.50,0.5,true,2000-01-01,2017-11-25T00:00:00Z\n".encode()
FILES = (
    File("an empty file", "a.csv", b"", "is empty"),
    File("a header and no line", "a.csv", f"{HEADER}\n".encode(), "has no record that the feed takes"),
    File("a gzip that was half written", "a.csv.gz", gzip.compress(_WHOLE * 9_000)[:-50], "was only half written"),
    File("text named .gz", "a.csv.gz", _WHOLE, "Not a gzipped file"),
    File("a Parquet file that was half written", "a.parquet", b"PAR1half", "not a whole Parquet file"),
    File("a wrong schema", "a.csv", b"name,age\nx,1\n", "no column 'id'"),
    File("a misspelt column", "a.csv", _WHOLE.replace(b"user_id", b"userid"), "Did you mean 'userid'"),
    File("a name that tells no format", "a.dat", _WHOLE, "does not tell its format"),
    File(
        "a feed with an unknown column of the file",
        "a.csv",
        _WHOLE,
        "no column 'users' (the feed names it)",
        FeedFile(path="a.csv", dataset="clicks", rename={"users": "user_id"}),
    ),
    File(
        "a feed with an unknown column of the dataset",
        "a.csv",
        _WHOLE,
        "fills column 'user'",
        FeedFile(path="a.csv", dataset="clicks", rename={"user_id": "user"}),
    ),
    File(
        "a file that is not there",
        "a.csv",
        _WHOLE,
        "There is no file",
        FeedFile(path="b.csv", dataset="clicks"),
    ),
)

HOURLY = """
  counted: {window_aggregate: {input: views, window: {tumble: 1h}, per: [item_id], aggregates: {n: {count: "*"}}}}"""
DECLARATIONS = (
    Declaration(
        "a list of 0 rows",
        f"{HOURLY}\n  board: {{top_n: {{input: counted, n: 0, by: [{{column: n}}, {{column: item_id}}]}}}}",
        "has the number 0 as 'n'. It must be at least 1.",
    ),
    Declaration(
        "a list by a column that does not exist",
        f"{HOURLY}\n  board: {{top_n: {{input: counted, n: 3, by: [{{column: views}}, {{column: item_id}}]}}}}",
        "uses column 'views', but 'counted' has none of that name",
    ),
    Declaration(
        "a list whose order lets rows tie",
        f"{HOURLY}\n  board: {{top_n: {{input: counted, n: 3, by: [{{column: n, direction: desc}}]}}}}",
        "orders by n, which lets rows tie",
    ),
    Declaration(
        "a window longer than its rows can be read",
        HOURLY.replace("1h", "30d"),
        "needs the rows of 'views' for 30d, and they can be read for 7d (retention)",
    ),
)


def seen_records(settings: Settings, execute: Execute) -> dict[int, str]:
    """Load all broken records at once; what was seen of each, by its place in JSON_RECORDS + CSV_RECORDS."""
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        (folder / "a.jsonl").write_bytes(b"".join(r.line + b"\n" for r in JSON_RECORDS))
        (folder / "b.csv").write_bytes(b"\n".join([HEADER.encode(), *(r.line for r in CSV_RECORDS)]))
        feed = _feed(FeedFile(path="a.jsonl", dataset="clicks"), FeedFile(path="b.csv", dataset="clicks"))
        # Records of no kind may fail a whole load: the suite is not asked here, it would rightly refuse such a file.
        (loaded,) = load(settings, feed, folder, {"clicks": CLICKS}, run_id="bad", execute=execute, check=False)
    if not loaded.tally.even:
        raise AssertionError(f"The account is not even: {loaded.tally}")
    places = "SELECT _partition, _offset, 'row' FROM clicks UNION ALL "
    places += """SELECT "partition", "offset", trim(reason || ' ' || field) FROM clicks_quarantine"""
    rows = query(settings.lake, places).rows
    return {_place(partition, offset): str(seen) for partition, offset, seen in rows}


def _place(partition: int, offset: int) -> int:
    """The first file has the number -1 and no header line, the second one has both."""
    return offset - 1 if partition == -1 else len(JSON_RECORDS) + offset - 2


def seen_file(case: File, settings: Settings) -> str:
    """The error that a broken file ends in."""
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        (folder / case.name).write_bytes(case.content)
        feed = _feed(case.how or FeedFile(path=case.name, dataset="clicks"))
        try:
            load(settings, feed, folder, {"clicks": CLICKS}, run_id="bad-file", execute=_never)
        except MainstemError as error:
            return str(error).replace(f"{folder}/", "")
    raise AssertionError(f"{case.what} was loaded")


def seen_declaration(case: Declaration) -> str:
    """What 'mainstem check' says of a wrong declaration."""
    columns = (
        "columns: {event_id: bigint, item_id: bigint, ts: timestamp}, key: [event_id], event_time: ts, retention: 7d"
    )
    text = f"name: p\ndatasets:\n  views: {{{columns}}}\nsteps:{case.steps}\n"
    try:
        read_text(text, "p.yaml")
    except MainstemError as error:
        return str(error)
    raise AssertionError(f"{case.what} was taken")


def _feed(*files: FeedFile) -> Feed:
    return Feed(name="bad", pipeline="bad", files=files)


def _never(job: IngestJob, settings: Settings) -> None:
    raise AssertionError("A broken file reached the engine.")


def main() -> None:
    """Print the table; exit code 1 when something was seen that was not expected."""
    from flink_jobs.runtime import local
    from flink_jobs.services import flink_home

    wrong = 0
    with tempfile.TemporaryDirectory(prefix="bad-input-") as home:
        settings = Settings.load({"MAINSTEM_HOME": home})
        local.prepare(flink_home.build(settings), settings.folder("log"))
        seen = seen_records(settings, lambda job, _: local.run(job))
        print("| Tried | Seen |\n|---|---|")
        for place, record in enumerate((*JSON_RECORDS, *CSV_RECORDS)):
            found = seen.get(place, "nothing")
            wrong += found != record.seen
            words = "a row" if found == "row" else f"quarantine: {found}"
            print(f"| {record.what} | {words}{'' if found == record.seen else f' (expected {record.seen})'} |")
        for case in FILES:
            error = seen_file(case, settings)
            wrong += case.error not in error
            print(f"| {case.what} | refused: {error} |")
        for declared in DECLARATIONS:
            error = seen_declaration(declared)
            wrong += declared.error not in error
            print(f"| {declared.what} | refused: {error} |")
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()

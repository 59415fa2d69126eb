"""Each test: a file in, its records out."""

from __future__ import annotations

import gzip
import json
from datetime import UTC, datetime

import pytest

from flink_jobs.core.errors import FileError
from flink_jobs.ingest.feeds import FeedFile
from flink_jobs.ingest.records import ignored_columns, read_records

HEADER = "id,user_id,title,price,ts\n"
ROW = "1,7,tea,2.50,2017-11-25T00:00:00.004Z\n"


def how(**fields):
    return FeedFile(path="f", dataset="views", **fields)


def only(found):
    (record,) = read_records(found)
    return record


def test_a_csv_row_becomes_typed_json_with_its_line_and_time(found):
    record = only(found("v.csv", HEADER + ROW))
    assert json.loads(record.raw) == {
        "id": 1,
        "user_id": 7,
        "title": "tea",
        "price": 2.5,
        "ts": "2017-11-25T00:00:00.004Z",
    }
    assert (record.line, record.key, record.event_ms, record.good) == (2, "1", 1511568000004, True)


def test_empty_text_is_null_and_only_a_nullable_column_may_be(found):
    good, bad = read_records(found("v.csv", HEADER + "1,7,,,2017-11-25\n2,,tea,1,2017-11-25\n"))
    assert good.good and json.loads(good.raw)["title"] is None
    assert not bad.good and json.loads(bad.raw)["user_id"] is None


@pytest.mark.parametrize(
    ("row", "raw"),
    [
        ("x,7,,,2017-11-25", '"id":"x"'),
        ("1.5,7,,,2017-11-25", '"id":"1.5"'),
        ("99999999999999999999,7,,,2017-11-25", '"id":99999999999999999999'),
        ("1,7,,12345.00,2017-11-25", '"price":12345.00'),
        ("1,7,,cheap,2017-11-25", '"price":"cheap"'),
        ("1,7,,,yesterday", '"ts":"yesterday"'),
        ("1,7,,,2017-02-30", '"ts":"2017-02-30"'),
    ],
)
def test_a_value_that_does_not_fit_is_passed_on_as_written(found, row, raw):
    record = only(found("v.csv", HEADER + row + "\n"))
    assert raw in record.raw and not record.good


@pytest.mark.parametrize("line", ["1,7,tea", "1,7,tea,1,2017-11-25,more", '1,7,"tea,1,2017-11-25', "garbage"])
def test_a_broken_line_is_one_record_and_the_next_lines_are_read(found, line):
    broken, good = read_records(found("v.csv", HEADER + line + "\n" + ROW))
    assert (broken.raw, broken.line, broken.good, broken.event_ms) == (line, 2, False, None)
    assert (good.line, good.good) == (3, True)


def test_bytes_that_are_not_text_are_shown_and_refused(found):
    broken, good = read_records(found("v.csv", HEADER.encode() + b"1,7,t\xffa,1,2017-11-25\n" + ROW.encode()))
    assert broken.raw == "1,7,t\\xffa,1,2017-11-25" and not broken.good and good.good


def test_a_quoted_value_may_hold_commas_quotes_and_lines(found):
    record, after = read_records(found("v.csv", HEADER + '1,7,"a, ""b""\nc",1,2017-11-25\n' + ROW))
    assert json.loads(record.raw)["title"] == 'a, "b"\nc' and record.line == 2
    assert after.line == 4


def test_an_inch_sign_inside_a_value_is_a_value(found):
    assert json.loads(only(found("v.csv", HEADER + '1,7,12" pipe,1,2017-11-25\n')).raw)["title"] == '12" pipe'


def test_two_open_quotes_cost_two_records(found):
    lines = ['1,7,"a,1,2017-11-25', ROW.strip(), '2,7,"b,1,2017-11-25', ROW.strip()]
    assert [r.good for r in read_records(found("v.csv", HEADER + "\n".join(lines)))] == [False, True, False, True]


def test_columns_are_renamed_filtered_filled_and_the_rest_is_told(found):
    feed = how(
        rename={"no": "id", "at": "ts"},
        constant={"user_id": 9},
        where={"kind": "pv"},
        time_format="epoch_s",
        delimiter=";",
    )
    file = found("v.csv", "no;kind;at;extra\n1;pv;1511568000;x\n2;buy;1511568000;x\n", feed)
    record = only(file)
    assert json.loads(record.raw) == {"id": 1, "user_id": 9, "ts": "2017-11-25T00:00:00.000Z"}
    assert ignored_columns(file) == ("extra",)


def test_a_file_without_header_line_gets_its_names_from_the_feed(found):
    record = only(found("v.csv", ROW, how(header=("id", "user_id", "title", "price", "ts"))))
    assert record.good and record.line == 1


def test_json_lines_stay_as_they_are_when_nothing_is_mapped(found):
    text = '{"id": 1, "user_id": 7, "price": 1.10, "ts": "2017-11-25T00:00:00Z", "new": [1]}'
    records = list(read_records(found("v.jsonl", f"{text}\n[1]\n{{broken\n")))
    assert [(r.raw, r.good) for r in records] == [(text, True), ("[1]", False), ("{broken", False)]


def test_a_number_keeps_its_digits_when_a_json_line_is_mapped(found):
    file = found(
        "v.jsonl",
        '{"no": 1, "user_id": 7, "price": 1.10, "ts": 1511568000000}\n',
        how(rename={"no": "id"}, time_format="epoch_ms"),
    )
    assert '"price":1.10' in only(file).raw


def test_a_json_time_with_an_offset_is_written_in_utc(found):
    record = only(found("v.jsonl", '{"id": 1, "user_id": 7, "ts": "2017-11-25T08:00:00+08:00"}'))
    assert '"ts":"2017-11-25T00:00:00.000Z"' in record.raw and record.good


def test_a_nested_value_does_not_fit_a_text_column(found):
    assert not only(found("v.jsonl", '{"id": 1, "user_id": 7, "title": {"a": 1}, "ts": "2017-11-25T08:00:00Z"}')).good


def test_parquet_brings_its_own_types(found, tmp_path):
    import pyarrow as pa
    import pyarrow.parquet as pq

    at = datetime(2017, 11, 25, tzinfo=UTC)
    pq.write_table(
        pa.table({"id": [1, 2], "user_id": [7, None], "title": ["a", "b"], "ts": [at, at]}), tmp_path / "v.parquet"
    )
    file = found("v.parquet", (tmp_path / "v.parquet").read_bytes())
    records = list(read_records(file))
    assert [(r.line, r.event_ms, r.good) for r in records] == [(1, 1511568000000, True), (2, 1511568000000, False)]


def test_known_time_comes_from_the_mapped_column(found):
    record = only(found("v.csv", HEADER.strip() + ",seen\n" + ROW.strip() + ",2017-11-26\n", how(known_at="seen")))
    assert record.known_ms == 1511654400000


@pytest.mark.parametrize(
    ("name", "content", "text"),
    [
        ("v.csv", "", "is empty"),
        ("v.csv", "id,userid,title,price,ts\n" + ROW, "no column 'user_id'.*Did you mean 'userid'"),
        ("v.csv.gz", gzip.compress((HEADER + ROW * 5000).encode(), mtime=0)[:-20], "half written.*Copy it again"),
        ("v.csv.gz", b"not gzip", "cannot be read: Not a gzipped file"),
        ("v.parquet", b"PAR1 and no end", "not a whole Parquet file"),
        ("v.dat", ROW, "does not tell its format"),
    ],
)
def test_a_file_that_cannot_be_trusted_is_refused_with_its_cure(found, name, content, text):
    with pytest.raises(FileError, match=text):
        list(read_records(found(name, content)))

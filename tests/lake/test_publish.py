"""Batch publish: exactly the partitions of the span, once, and nothing that does not fit."""

from __future__ import annotations

import pyarrow as pa
import pytest

from flink_jobs.core.errors import LakeError, PartitionOwned
from flink_jobs.core.event_time import Span
from flink_jobs.lake.commit import APPEND, Change, commit
from flink_jobs.lake.history import history
from flink_jobs.lake.provenance import Provenance
from flink_jobs.lake.publish import append, partitions_of, publish
from flink_jobs.lake.table import Table

from .rows import D1, D2, D3, content, write_file


def three_days(table: Table) -> None:
    for day in (D1, D2, D3):
        write_file(table, "first", day, [1, 2, 3])
    publish(table, "first", [D1, D2, D3])


def test_only_the_named_partitions_are_replaced(table: Table) -> None:
    three_days(table)
    write_file(table, "second", D1, [7])
    done = publish(table, "second", [D1])
    assert (done.rows, done.files, done.partitions, done.repeated) == (1, 1, (D1,), False)
    assert content(table) == {D1: 1, D2: 3, D3: 3}


def test_a_partition_without_new_rows_becomes_empty_in_the_same_commit(table: Table) -> None:
    three_days(table)
    before = table.open().version()
    write_file(table, "second", D1, [7])
    assert publish(table, "second", [D1, D2]).version == before + 1
    assert content(table) == {D1: 1, D3: 3}


def test_a_run_without_any_row_empties_its_partitions(table: Table) -> None:
    three_days(table)
    assert publish(table, "second", [D2]).rows == 0
    assert content(table) == {D1: 3, D3: 3}


def test_the_second_call_of_a_run_changes_nothing_and_tells_the_first_result(table: Table) -> None:
    three_days(table)
    write_file(table, "second", D1, [7])
    first = publish(table, "second", [D1])
    write_file(table, "third", D1, [8, 9])
    publish(table, "third", [D1])
    again = publish(table, "second", [D1])
    assert (again.version, again.rows, again.repeated) == (first.version, 1, True)
    assert content(table)[D1] == 2


def test_a_run_id_cannot_serve_two_spans(table: Table) -> None:
    publish(table, "first", [D2])
    with pytest.raises(LakeError, match="Give another span another run id"):
        publish(table, "first", [D1])


def test_files_outside_the_span_are_refused_before_the_commit(table: Table) -> None:
    write_file(table, "first", D2, [1])
    with pytest.raises(LakeError, match=f"wrote rows of {D2} into 'clicks'"):
        publish(table, "first", [D1])
    assert table.open().version() == 0


@pytest.mark.parametrize(
    ("columns", "text"),
    [
        ({"user": None}, "'user' is missing"),
        ({"extra": pa.array([1])}, "'extra' is not a column of the table"),
        ({"user": pa.array([1])}, "'user' is bigint, not string"),
        ({"ts": pa.array([1], pa.timestamp("ms"))}, r"'ts' is timestamp\[ms\], not timestamp"),
        ({"id": pa.array([None], pa.int64())}, "have no 'id', which is part of the key"),
    ],
)
def test_a_file_that_does_not_fit_the_table_is_refused(table: Table, columns: dict[str, object], text: str) -> None:
    write_file(table, "first", D1, [1], columns=columns)
    with pytest.raises(LakeError, match=text):
        publish(table, "first", [D1])
    assert content(table) == {}


@pytest.mark.parametrize("size", [0, 1, 100])
def test_a_cut_file_is_refused(table: Table, size: int) -> None:
    file = write_file(table, "first", D1, [1, 2])
    file.write_bytes(file.read_bytes()[:size])
    with pytest.raises(LakeError, match="is not a whole Parquet file"):
        publish(table, "first", [D1])


def test_a_row_without_event_time_has_no_partition(table: Table) -> None:
    write_file(table, "first", "2017-11-25", [1])
    folder = table.run_folder("first")
    (folder / f"day={D1}").rename(folder / "day=__HIVE_DEFAULT_PARTITION__")
    with pytest.raises(LakeError, match="their event time is null"):
        publish(table, "first", [D1])


@pytest.mark.parametrize("folder", ["day=17495", "day=2017-11-25T03", "hour=2017-11-25T03", "other"])
def test_a_folder_that_names_no_partition_is_refused(table: Table, folder: str) -> None:
    write_file(table, "first", D1, [1])
    (table.run_folder("first") / f"day={D1}").rename(table.run_folder("first") / folder)
    with pytest.raises(LakeError, match=r"so its partition in 'clicks' is unknown|is no day of 'clicks'"):
        append(table, "first")


def test_files_in_progress_are_not_published(table: Table) -> None:
    write_file(table, "first", D1, [1])
    write_file(table, "first", D1, [2], name=".part-0.inprogress.77")
    write_file(table, "first", D1, [3], name="_SUCCESS")
    assert publish(table, "first", [D1]).rows == 1


@pytest.mark.parametrize("key", ["2017-11-25T03", "2017-11-25T00:30:00Z"])
def test_a_key_of_another_partitioning_is_refused(table: Table, key: str) -> None:
    with pytest.raises(LakeError, match="partitions are one day each"):
        publish(table, "first", [key])


def test_a_span_that_cuts_a_day_is_refused(table: Table) -> None:
    assert partitions_of(table, Span.parse(D1, D3)) == [D1, D2]
    with pytest.raises(LakeError, match="cuts a partition of 'clicks'"):
        partitions_of(table, Span.parse(D1, "2017-11-26T01"))


def test_append_keeps_what_is_there_and_happens_once(table: Table) -> None:
    three_days(table)
    write_file(table, "load", D1, [8, 9])
    assert append(table, "load").partitions == (D1,)
    assert append(table, "load").repeated
    assert content(table) == {D1: 5, D2: 3, D3: 3}


def test_an_append_between_reading_and_replacing_is_seen(table: Table) -> None:
    """The log alone would keep both the new rows and the appended ones."""
    three_days(table)
    write_file(table, "load", D1, [8])
    tries = []

    def decide(delta: object) -> Change:
        tries.append(delta)
        if len(tries) == 1:
            append(table, "load")
        return Change(replaced=[D1])

    commit(table, decide)
    assert len(tries) == 2
    assert D1 not in content(table)


def test_a_foreign_append_during_the_replacement_is_reported(table: Table, monkeypatch: pytest.MonkeyPatch) -> None:
    three_days(table)
    stranger = write_file(table, "foreign", D1, [8])
    write_file(table, "second", D1, [7])
    from flink_jobs.lake import commit as module
    from flink_jobs.lake.adds import stage

    write = module._write

    def late(delta: object, change: Change, mark: str) -> None:
        fresh = table.open()
        add = stage(table, fresh, [stranger])[0].add()
        fresh.create_write_transaction([add], "append", fresh.schema(), partition_by=["day"])
        write(delta, change, mark)  # type: ignore[arg-type]

    monkeypatch.setattr(module, "_write", late)
    for _ in range(2):  # Calling again must not make it good.
        with pytest.raises(PartitionOwned, match="Another program wrote the same partition at the same time"):
            publish(table, "second", [D1])


def test_provenance_comes_back_from_the_history(table: Table) -> None:
    told = Provenance("features", "v1", "[a, b)", {"clicks": 4}, suite="passed", proof="p-1")
    publish(table, "first", [D1], told)
    entry = table.open().history(1)[0]
    assert Provenance.of_commit(entry) == told
    assert entry["mainstem.run"] == "first"


def test_writers_that_never_win_are_told_so(table: Table, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("flink_jobs.lake.commit._ATTEMPTS", 3)

    nested = []

    def beaten(delta: object) -> Change:
        nested.append(1)
        fresh = table.open()
        from deltalake import CommitProperties, Transaction

        moved = [Transaction(APPEND, (fresh.transaction_version(APPEND) or 0) + 1)]
        properties = CommitProperties(app_transactions=moved)
        fresh.create_write_transaction([], "append", fresh.schema(), ["day"], commit_properties=properties)
        return Change()

    with pytest.raises(LakeError, match="other writers came first 3 times"):
        commit(table, beaten)
    assert len(nested) == 3


def test_a_version_is_the_one_of_its_commit_while_others_commit(table: Table, monkeypatch: pytest.MonkeyPatch) -> None:
    from flink_jobs.lake import commit as module

    write_file(table, "first", D1, [1])
    write, calls = module._write, []

    def early(*words: object) -> None:
        write(*words)  # type: ignore[arg-type]
        calls.append(words)
        if len(calls) == 1:
            for _ in range(3):
                commit(table, lambda _: Change())

    monkeypatch.setattr(module, "_write", early)
    assert publish(table, "first", [D1]).version == 1
    assert publish(table, "first", [D1]).version == 1
    assert [entry.version for entry in history(table, 3)] == [4, 3, 2]

"""Tables are made from column words, once, and grow by nullable columns."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pytest

from flink_jobs.core.errors import LakeError, WrongType
from flink_jobs.lake.schema import arrow_type, create, file_word, key_of, words_of
from flink_jobs.lake.table import Table, table_names

WORDS = ("bigint", "int", "double", "string", "boolean", "date", "timestamp", "decimal(12,2)", "decimal(38,0)")
ALL = {f"c{i}": word for i, word in enumerate(WORDS)}


def test_every_word_comes_back_from_the_table(tmp_path: Path) -> None:
    table = create(tmp_path, "all_types", ALL, partition_by="hour", key=("c0", "c3"), description="Everything.")
    delta = table.open()
    assert words_of(delta) == {**ALL, "hour": "string"}
    assert (key_of(delta), delta.metadata().description) == (("c0", "c3"), "Everything.")


@pytest.mark.parametrize("word", WORDS)
def test_every_word_comes_back_from_a_file(word: str) -> None:
    assert file_word(arrow_type(word)) == word


def test_a_type_without_a_word_keeps_its_own_name() -> None:
    assert file_word(pa.list_(pa.int64())) == "list<item: int64>"


def test_creating_again_changes_nothing(table: Table) -> None:
    create(table.lake, "clicks", {"id": "bigint", "user": "string", "ts": "timestamp"}, key=("id",))
    assert table.open().version() == 0


def test_a_new_column_becomes_a_column_of_the_table(table: Table) -> None:
    create(table.lake, "clicks", {"id": "bigint", "user": "string", "ts": "timestamp", "page": "string"})
    assert words_of(table.open())["page"] == "string"


@pytest.mark.parametrize(
    ("columns", "by", "key", "text"),
    [
        ({"id": "string", "user": "string", "ts": "timestamp"}, "day", (), "'id' is bigint, not string"),
        ({"id": "bigint", "user": "string"}, "day", (), "'ts' is not among the new columns"),
        ({"id": "bigint", "user": "string", "ts": "timestamp"}, "hour", (), "is partitioned by day, not by hour"),
        ({"id": "bigint", "user": "string", "ts": "timestamp"}, "day", ("user",), "the key user was asked for"),
    ],
)
def test_another_declaration_is_refused_by_column(
    table: Table, columns: dict[str, str], by: str, key: tuple[str, ...], text: str
) -> None:
    with pytest.raises(LakeError, match=f"{text}.*Publish to a table of another name"):
        create(table.lake, "clicks", columns, partition_by=by, key=key)  # type: ignore[arg-type]


def test_the_partition_column_has_one_type(tmp_path: Path) -> None:
    with pytest.raises(LakeError, match="'day' is the partition and has type date, not string"):
        create(tmp_path, "t", {"id": "bigint", "day": "string"})


@pytest.mark.parametrize("columns", [{}, {"day": "date"}])
def test_a_table_needs_a_column_of_its_own(tmp_path: Path, columns: dict[str, str]) -> None:
    with pytest.raises(LakeError, match="at least one column besides its partition"):
        create(tmp_path, "t", columns)


def test_an_unknown_word_is_refused(tmp_path: Path) -> None:
    with pytest.raises(WrongType, match=r"'bigit' is not a column type\. Did you mean 'bigint'"):
        create(tmp_path, "t", {"id": "bigit"})


@pytest.mark.parametrize("name", ["", "Clicks", "_state", "a/b", "../x", "x" * 64])
def test_names_that_could_leave_the_lake_are_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(LakeError, match="cannot be a table name"):
        Table(tmp_path, name)


@pytest.mark.parametrize("run_id", ["", "../x", "a b", "_x"])
def test_run_ids_that_could_leave_the_table_are_refused(tmp_path: Path, run_id: str) -> None:
    with pytest.raises(LakeError, match="cannot be a run id"):
        Table(tmp_path, "t").run_folder(run_id)


def test_the_lake_lists_only_tables(table: Table) -> None:
    (table.lake / "_proofs" / "_delta_log").mkdir(parents=True)
    (table.lake / "notes").mkdir()
    assert table_names(table.lake) == ["clicks"]
    assert table_names(table.lake / "nowhere") == []

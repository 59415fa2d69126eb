"""What is wrong with a case is told with its file and line."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from flink_jobs.cases.read import read
from flink_jobs.jobs.mistakes import Mistakes
from tests.cases.small import END, SHEET, click, counted, write

FIRST = click(1, "09:00:00")
LINES: list[tuple[list[Any], int, str]] = [
    ([FIRST, {**click(2, "09:00:01"), "dataset": "cliks"}, END], 2, "'cliks' is no dataset .* Did you mean 'clicks'"),
    ([{**FIRST, "dataset": "unread"}, END], 1, "'unread' is no dataset that pipeline 'small' reads"),
    ([click(1, "09:00:00", usr_id=1), END], 1, "'usr_id', which is no column .* Did you mean 'user_id'"),
    ([{**FIRST, "row": {"id": 1}}, END], 1, "lacks 'kind', a column of dataset 'clicks'"),
    ([click(1, "09:00:00", id="1"), END], 1, "'id' is \"1\". It must be a whole number"),
    ([click(1, "09:00:00", price=1.555), END], 1, "'price' is .*2 after it at most"),
    ([click(1, "09:00:00", user_id=None), END], 1, "'user_id' is null, but dataset 'clicks' needs it"),
    ([click(1, "09:00:00", kind="cart"), END], 1, "'cart', which is not allowed. Known: view, order"),
    ([click(1, "11:00:00", arrival="09:00:00"), END], 1, "happens more than 1h after it arrives"),
    ([click(1, "09:00:09"), click(2, "09:00:01"), END], 2, "before that of line 1 .* Sort the lines by arrival"),
    ([click(1, "09:00:10"), click(2, "09:00:00", arrival="09:00:11"), END], 2, "The row is late: .* watermark delay is 10s"),
    ([FIRST, click(2, "09:00:00", late=True), END], 2, "is marked late and is not"),
    ([click(1, "09:00:30"), {"mark": "crash"}, click(2, "09:00:01", arrival="09:00:31", late=True), END], 3, "the last crash"),
    ([{**FIRST, "late": 1}, END], 1, "'late' must be true or false"),
    ([{**FIRST, "arrival": "2025-03-08"}, END], 1, "'arrival' is 2025-03-08. It must be a time in UTC"),
    ([{**FIRST, "arival": ""}, END], 1, "'arival', which is not known there. Did you mean 'arrival'"),
    ([{"arrival": FIRST["arrival"], "row": {}}, END], 1, "lacks 'dataset'. A line is a row"),
    ([FIRST, {"mark": "pauze"}, END], 2, "'pauze' is a wrong mark. Did you mean 'pause'"),
    ([FIRST, {"mark": "pause", "row": {}}, END], 2, "It stands alone on its line"),
    ([END, FIRST], 1, "'end' stands before other lines"),
    ([FIRST], 1, "has no end"),
    ([], 1, "has no end"),
    (["# a remark", "", '{"mark": "end"'], 3, "is not JSON"),
    (['{"mark": "end", "mark": "end"}'], 1, "'mark' stands twice"),
    (["[]", END], 1, "holds no object"),
]  # fmt: skip
EXPECTED: list[tuple[list[Any], int, str]] = [
    ([counted("09:00:00", 1, "1.50")] * 2, 2, "has the key of line 1 .user_id, ts."),
    ([{**counted("09:00:00", 1, "1.50"), "ts": "2025-03-09T00:00:00Z"}], 1, "outside of the case's span"),
    ([{**counted("09:00:00", 1, "1.50"), "n": 1}], 1, "'n', which is no column of table 'click_counts'. Known: n_1h"),
    (["# what comes", {}], 2, "lacks 'n_1h', a column of table 'click_counts'"),
]
SHEETS: list[tuple[dict[str, Any] | str, int, str]] = [
    ({**SHEET, "pipeline": "shop_feature"}, 1, "neither a known pipeline nor a file .* Did you mean 'shop_features'"),
    ({**SHEET, "to": "2025-03-08T12"}, 2, "cuts a day"),
    ({**SHEET, "paralelism": 2}, 4, "'paralelism', which is not known there. Did you mean 'parallelism'"),
    ({"pipeline": "pipeline.yaml", "from": "2025-03-08"}, 1, "lacks 'to'"),
    ("pipeline\n", 1, "holds no case"),
]


def refused(folder: Path) -> str:
    with pytest.raises(Mistakes) as caught:
        read(folder)
    return str(caught.value)


@pytest.mark.parametrize(("lines", "line", "words"), LINES, ids=[w[:25] for _, _, w in LINES])
def test_a_wrong_line_of_arrivals(tmp_path: Path, lines: list[Any], line: int, words: str) -> None:
    with pytest.raises(Mistakes, match=rf"input/arrivals.jsonl:{line}:1: .*{words}"):
        read(write(tmp_path, lines))


@pytest.mark.parametrize(("lines", "line", "words"), EXPECTED, ids=[w[:25] for _, _, w in EXPECTED])
def test_a_wrong_line_of_expected_rows(tmp_path: Path, lines: list[Any], line: int, words: str) -> None:
    with pytest.raises(Mistakes, match=rf"expected/click_counts.jsonl:{line}:1: .*{words}"):
        read(write(tmp_path, [END], lines))


@pytest.mark.parametrize(("sheet", "line", "words"), SHEETS, ids=[w[:25] for _, _, w in SHEETS])
def test_a_wrong_case_yaml(tmp_path: Path, sheet: dict[str, Any] | str, line: int, words: str) -> None:
    with pytest.raises(Mistakes, match=rf"case.yaml:{line}:\d+: .*{words}"):
        read(write(tmp_path, [END], sheet=sheet))


def test_rows_that_nobody_would_compare_are_refused(tmp_path: Path) -> None:
    assert "publishes no table 'click_count'" in refused(write(tmp_path, [END], click_count=""))


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    (write(tmp_path, [END]) / "expected/click_counts.jsonl").unlink()
    assert "click_counts.jsonl:1:1: The file cannot be read (No such file or directory)" in refused(tmp_path)


def test_late_rows_need_one_watermark(tmp_path: Path) -> None:
    lines = [click(1, "09:00:30"), click(2, "09:00:01", arrival="09:00:31", late=True), END]
    assert "arrivals.jsonl:2:1: Late rows need" in refused(write(tmp_path, lines, sheet={**SHEET, "parallelism": 2}))


def test_all_mistakes_are_told_at_once_in_order(tmp_path: Path) -> None:
    told = refused(write(tmp_path, [click(1, "09:00:00", id=None), click(2, "09:00:00", kind=3), {"mark": 1}, END]))
    assert [row.split(":")[1] for row in told.splitlines()] == ["1", "2", "3"]

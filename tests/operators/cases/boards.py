"""Cases of lists over time: values of earlier windows, and who entered, left and moved."""

from __future__ import annotations

from typing import Any

from tests.operators.cases.case import Case, Row, at, dataset, step
from tests.operators.cases.rows import JUST_CLICKS

VOTES = dataset("votes", {"id": "bigint", "item": "string", "town": "string", "weight": "int"})


def _votes(*rounds: str) -> list[Row]:
    """One row a letter: rounds of ten seconds, an item a letter, in town x for small letters and y for great ones."""
    listed = [(t, letter) for t, letters in enumerate(rounds) for letter in letters]
    return [
        {"id": i, "item": c.lower(), "town": "x" if c.islower() else "y", "weight": i, "ts": at(10 * t + i / 10)}
        for i, (t, c) in enumerate(listed)
    ]


WITH_VOTES = {"votes": (VOTES, _votes("aabC", "abbc", "cccC", "", "b"))}
_MOST: list[dict[str, str]] = [{"column": "n", "direction": "desc"}, {"column": "item"}]


def _counts(given: str, per: list[str], **window: str) -> Any:
    count = {"n": {"count": "*"}, "last": {"last": "ts"}}
    return step("window_aggregate", "counts", {"input": given, "per": per, "window": window, "aggregates": count})


def _board(given: str, per: list[str], *, n: int = 2, **window: str) -> Any:
    listed = step("top_n", "board", {"input": "counts", "per": per, "n": n, "by": _MOST})
    return {**_counts(given, [*per, "item"], **window), **listed}


def _change(end: int, item: str, change: str, ranks: tuple[int | None, int | None], why: str | None, n: Any) -> Row:
    return {
        "window_end": at(end), "window_time": at(end - 0.001), "town": "x", "item": item, "change": change,
        "rank_before": ranks[0], "rank": ranks[1], "why": why, "n_before": n[0], "n": n[1],
    }  # fmt: skip


_MOVES = step("rank_changes", "out", {"input": "board", "why": ["n"]})
_ONLY_X = step("select", "only_x", {"input": "out", "where": "town = 'x'"})
_RATES = {"growth": "n - coalesce(n_before, 0)", "ratio": "n / n_before", "low": "wilson(n_before, n)"}
_GROWTH = step("select", "grown", {"input": "out", "columns": _RATES})

BOARDS = [
    Case(
        "who entered, left and moved",
        WITH_VOTES,
        {**_board("votes", ["town"], tumble="10s"), **_MOVES, **_ONLY_X},
        "only_x",
        expected=[
            _change(10, "a", "entered", (None, 1), None, (None, 2)),
            _change(10, "b", "entered", (None, 2), None, (None, 1)),
            _change(20, "a", "down", (1, 2), "n", (2, 1)),
            _change(20, "b", "up", (2, 1), "n", (1, 2)),
            _change(30, "a", "left", (2, None), None, (1, None)),
            _change(30, "b", "left", (1, None), None, (2, None)),
            _change(30, "c", "entered", (None, 1), None, (None, 3)),
            _change(40, "c", "left", (1, None), None, (3, None)),
            _change(50, "b", "entered", (None, 1), None, (None, 1)),
            _change(60, "b", "left", (1, None), None, (1, None)),
        ],
    ),
    Case(
        "moves of a list that hops",
        JUST_CLICKS,
        {**_board("clicks", ["user_id"], n=3, hop="10s", every="5s"),
         **step("rank_changes", "out", {"input": "board", "why": ["n", "last"]})},
        "out",
    ),
    Case(
        "moves of a day so far",
        JUST_CLICKS,
        {**_board("clicks", [], n=3, cumulate="1m", every="5s"), **step("rank_changes", "out", {"input": "board"})},
        "out",
    ),
    Case(
        "a list in parts",
        JUST_CLICKS,
        {
            **step("window_aggregate", "counts", {
                "input": "clicks", "per": ["item"], "window": {"hop": "10s", "every": "5s"}, "spread": 3,
                "aggregates": {
                    "n": {"count": "*"}, "users": {"count_distinct": "user_id"}, "spent": {"sum": "price"},
                    "last": {"last": "ts"}, "mean": {"avg": "price"}, "least": {"min": "price"},
                    "rest": {"count_distinct": "user_id", "where": "id > 3"},
                },
            }),
            **step("top_n", "out", {"input": "counts", "n": 2, "by": _MOST, "spread": 2}),
        },
        "out",
    ),
    Case(
        "growth",
        WITH_VOTES,
        {**_counts("votes", ["item"], tumble="10s"),
         **step("previous_window", "out", {"input": "counts", "columns": ["n"]}), **_GROWTH},
        "grown",
    ),
    Case(
        "a list by growth",
        WITH_VOTES,
        {**_counts("votes", ["town", "item"], tumble="10s"),
         **step("previous_window", "out", {"input": "counts", "columns": ["n"]}), **_GROWTH,
         **step("top_n", "rising", {
             "input": "grown", "n": 1, "by": [{"column": "growth", "direction": "desc"}, {"column": "town"}, {"column": "item"}],
         }),
         **step("rank_changes", "moves", {"input": "rising", "why": ["growth"]})},
        "moves",
    ),
    Case(
        "a list of items that were not counted in the window before, and when they last came back",
        WITH_VOTES,
        {**_counts("votes", ["town", "item"], tumble="10s"),
         **step("deduplicate", "fresh", {
             "input": "counts", "by": ["town", "item"], "within": "15s", "order": ["window_start", "window_end"],
         }),
         **step("sessionize", "back", {"input": "fresh", "per": ["item"], "gap": "25s", "cut": "day"}),
         **step("top_n", "board", {"input": "back", "n": 2, "by": [*_MOST, {"column": "town"}]}),
         **step("rank_changes", "moves", {"input": "board", "why": ["n", "session_number"]})},
        "moves",
    ),
    Case(
        "a list of windows of two lengths",
        WITH_VOTES,
        {**_counts("votes", ["item"], tumble="10s"),
         **step("window_aggregate", "longer", {
             "input": "votes", "per": ["item"], "window": {"tumble": "20s"},
             "aggregates": {"n": {"count": "*"}, "last": {"last": "ts"}},
         }),
         **step("union", "both", {"inputs": ["counts", "longer"], "tag": "length"}),
         **step("top_n", "out", {"input": "both", "n": 2, "by": [*_MOST, {"column": "length"}]})},
        "out",
    ),
    Case(
        "values of a window further back",
        JUST_CLICKS,
        {**_counts("clicks", ["item", "user_id"], hop="10s", every="5s"),
         **step("previous_window", "out", {"input": "counts", "columns": ["n", "last"], "back": "10s", "suffix": "_then"})},
        "out",
    ),
]  # fmt: skip

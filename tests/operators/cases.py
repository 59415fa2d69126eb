"""Small ugly inputs for every operator: ties, NULLs, leap days, one row, none; used by all checks of this folder."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from flink_jobs.core.dataset import Dataset
from flink_jobs.core.event_time import Span
from flink_jobs.core.operator import Operator
from flink_jobs.core.pipeline import Pipeline, Publication
from flink_jobs.operators import operators

Row = dict[str, Any]
DAY = datetime(2024, 2, 29, tzinfo=UTC)


def at(seconds: float) -> datetime:
    """An instant of the leap day 2024-02-29, to the millisecond."""
    return DAY + timedelta(milliseconds=round(seconds * 1000))


def dataset(name: str, columns: dict[str, str], *, key: tuple[str, ...] = ("id",), delay: str = "10s") -> Dataset:
    wide = {**columns, "ts": "timestamp"}
    free = tuple(c for c in columns if c not in key)
    return Dataset(
        name=name, columns=wide, key=key, event_time="ts", watermark_delay=delay, nullable=free  # type: ignore[arg-type]
    )


@dataclass(frozen=True)
class Case:
    """Rows in, steps, and the step whose rows count; ``expected`` where it is worth writing down by hand."""

    name: str
    inputs: Mapping[str, tuple[Dataset, list[Row]]]
    steps: Mapping[str, Operator]
    result: str
    expected: list[Row] | None = None
    span: Span = field(default_factory=lambda: Span(DAY, DAY + timedelta(days=1)))

    @property
    def pipeline(self) -> Pipeline:
        return Pipeline(
            name="case",
            datasets={n: d for n, (d, _) in self.inputs.items()},
            steps=dict(self.steps),
            publish={"result": Publication(source=self.result)},
        )

    def write(self, folder: Path) -> dict[str, Path]:
        """One Parquet file a dataset, in the order of the rows."""
        import pyarrow as pa

        from flink_jobs.reference.run import connect

        found = {}
        for name, (declared, rows) in self.inputs.items():
            found[name] = folder / name
            found[name].mkdir(parents=True)
            columns = {c: pa.array([r.get(c) for r in rows], arrow(t)) for c, t in declared.columns.items()}
            db = connect()
            db.register("given", pa.table(columns))
            # DuckDB writes decimals as whole numbers, which Flink reads; pyarrow writes bytes, which it does not.
            db.execute(f"COPY (FROM given) TO '{found[name] / 'rows.parquet'}' (FORMAT parquet)")
            db.close()
        return found


def arrow(word: str) -> Any:
    import pyarrow as pa

    if word.startswith("decimal"):
        return pa.decimal128(*map(int, word[8:-1].split(",")))
    plain = {"bigint": pa.int64(), "int": pa.int32(), "double": pa.float64(), "string": pa.string()}
    return plain.get(word) or {"boolean": pa.bool_(), "timestamp": pa.timestamp("us", "UTC"), "date": pa.date32()}[word]


def step(verb: str, name: str, fields: dict[str, Any]) -> dict[str, Operator]:
    """One step the way YAML declares it."""
    return {name: operators()[verb].model_validate({**fields, "step": name})}


CLICKS = dataset("clicks", {"id": "bigint", "user_id": "bigint", "item": "string", "price": "decimal(8,2)"})
ORDERS = dataset("orders", {"id": "bigint", "user_id": "bigint", "item": "string"})
PRICES = dataset("prices", {"item": "string", "cents": "int", "note": "string", "rate": "double"}, key=("item", "ts"))


def click(event: int, user: int | None, item: str | None, seconds: float, price: str | None = None) -> Row:
    money = None if price is None else Decimal(price)
    return {"id": event, "user_id": user, "item": item, "ts": at(seconds), "price": money}


SOME_CLICKS = [
    click(1, 1, "a", 0, "1.10"),
    click(2, 1, "b", 5, "0.01"),
    click(3, 1, "b", 5, None),
    click(4, 2, "ü", 6, "-7.00"),
    click(6, 1, None, 10.001, "99999.99"),
    click(5, 1, "a", 10, "2.20"),
    click(7, None, "a", 12, "3.00"),
    click(8, None, "c", 12, "3.00"),
    click(9, 2, "a", 15.999, "1.00"),
    click(10, 1, "a", 70, "1.00"),
    click(11, 2, "b", 3599.999, "5.55"),
    click(12, 2, "b", 3600, "5.55"),
    click(13, 1, "z", 86399.999, "0.00"),
]
TIED = [click(i, 1, "ab"[i % 2], 30, "1.00") for i in range(1, 6)]
SOME_ORDERS = [
    {"id": 1, "user_id": 1, "item": "b", "ts": at(5)},
    {"id": 2, "user_id": 1, "item": "a", "ts": at(15)},
    {"id": 3, "user_id": 1, "item": "a", "ts": at(15.001)},
    {"id": 4, "user_id": 2, "item": None, "ts": at(6)},
    {"id": 5, "user_id": None, "item": "a", "ts": at(12)},
    {"id": 6, "user_id": 3, "item": "q", "ts": at(20)},
]
SOME_PRICES = [
    {"item": "a", "cents": 100, "note": "first", "rate": 0.1, "ts": at(0)},
    {"item": "b", "cents": None, "note": "", "rate": -1e300, "ts": at(1)},
    {"item": "a", "cents": -5, "note": None, "rate": None, "ts": at(15)},
    {"item": "b", "cents": 7, "note": "+|'", "rate": 1 / 3, "ts": at(6)},
    {"item": "a", "cents": 300, "note": "ü", "rate": 5e-324, "ts": at(40)},
]
LOOK_BACK = {
    "per": ["user_id"],
    "windows": ["5s", "1m", "1h"],
    "aggregates": {
        "clicks": {"count": "*"},
        "of_a": {"count": "*", "where": "item = 'a'"},
        "items": {"count_distinct": "item"},
        "spent": {"sum": "price"},
        "mean": {"avg": "price"},
        "least": {"min": "item"},
        "most": {"max": "price"},
        "last_item": {"last": "item"},
        "last_dear": {"last": "ts", "where": "price > 2"},
    },
}
HOURLY = {
    "input": "clicks",
    "per": ["item"],
    "aggregates": {
        "n": {"count": "*"},
        "users": {"count_distinct": "user_id"},
        "spent": {"sum": "price"},
        "mean": {"avg": "price"},
        "last_user": {"last": "user_id"},
    },
}
BOARD = [{"column": "n", "direction": "desc"}, {"column": "item"}]


def _cases() -> list[Case]:
    clicks = {"clicks": (CLICKS, SOME_CLICKS)}
    with_orders = {**clicks, "orders": (ORDERS, SOME_ORDERS)}
    with_prices = {**clicks, "prices": (PRICES, SOME_PRICES)}
    both = dataset("more", {"id": "bigint", "user_id": "bigint", "item": "string", "price": "decimal(8,2)"})
    chosen = {
        "input": "clicks",
        "keep": ["id", "user_id", "ts", "price"],
        "columns": {
            "double_price": "price * 2",
            "share": "user_id / 3",
            "kind": "CASE WHEN item = 'a' THEN 'A' WHEN item IS NULL THEN '-' ELSE upper(item) END",
            "stamp": "epoch_ms(ts)",
        },
        "where": "coalesce(item, 'x') IN ('a', 'b', 'x', 'ü') AND NOT (id BETWEEN 2 AND 2)",
    }
    hop, cumulate = {"hop": "10s", "every": "5s"}, {"cumulate": "1m", "every": "20s"}
    board = step("window_aggregate", "counts", {**HOURLY, "window": {"tumble": "1m"}})
    return [
        Case("select", clicks, step("select", "out", chosen), "out"),
        Case(
            "union",
            {**clicks, "more": (both, TIED)},
            step("union", "out", {"inputs": ["clicks", "more"], "tag": "source", "names": {"more": "it's"}}),
            "out",
        ),
        Case(
            "deduplicate",
            clicks,
            step("deduplicate", "out", {"input": "clicks", "by": ["user_id"], "within": "5s", "order": ["id"]}),
            "out",
        ),
        Case(
            "deduplicate ties",
            {"clicks": (CLICKS, TIED)},
            step("deduplicate", "out", {"input": "clicks", "by": ["user_id"], "within": "1h", "order": ["item", "id"]}),
            "out",
            expected=[click(2, 1, "a", 30, "1.00")],
        ),
        Case("look-back", clicks, step("look_back_aggregate", "out", {"input": "clicks", **LOOK_BACK}), "out"),
        Case(
            "look-back ties",
            {"clicks": (CLICKS, TIED)},
            step("look_back_aggregate", "out", {"input": "clicks", **LOOK_BACK}),
            "out",
        ),
        Case(
            "look-back asked",
            with_orders,
            step("look_back_aggregate", "out", {"input": "clicks", "at": "orders", **LOOK_BACK}),
            "out",
        ),
        Case(
            "look-back strictly before",
            with_orders,
            step(
                "look_back_aggregate",
                "out",
                {
                    "input": "clicks",
                    "at": "orders",
                    "per": ["user_id"],
                    "windows": ["5s", "1h"],
                    "instant": "exclude",
                    "aggregates": {"n": {"count": "*"}, "of_a": {"count": "*", "where": "item = 'a'"}},
                },
            ),
            "out",
        ),
        Case(
            "interval join",
            with_orders,
            step(
                "interval_join",
                "out",
                {
                    "left": "clicks", "right": "orders", "on": ["user_id"], "prefix": "order_",
                    "within": {"before": "1s", "after": "5s"},
                },
            ),
            "out",
        ),
        Case(
            "interval join left",
            with_orders,
            step(
                "interval_join",
                "out",
                {
                    "left": "clicks", "right": "orders", "on": {"user_id": "user_id", "item": "item"},
                    "prefix": "order_", "within": {"after": "5s"}, "how": "left",
                },
            ),
            "out",
        ),
        Case(
            "point-in-time join",
            with_prices,
            step("point_in_time_join", "out", {"left": "clicks", "right": "prices", "on": ["item"], "prefix": "p_"}),
            "out",
        ),
        Case(
            "point-in-time join fresh",
            with_prices,
            step(
                "point_in_time_join",
                "out",
                {
                    "left": "clicks", "right": "prices", "on": ["item"], "prefix": "p_", "max_age": "12s",
                    "how": "inner", "take": ["cents", "rate"],
                },
            ),
            "out",
        ),
        Case("tumble", clicks, step("window_aggregate", "out", {**HOURLY, "window": {"tumble": "1h"}}), "out"),
        Case("hop", clicks, step("window_aggregate", "out", {**HOURLY, "window": hop}), "out"),
        Case("cumulate", clicks, step("window_aggregate", "out", {**HOURLY, "window": cumulate}), "out"),
        Case("top-n", clicks, {**board, **step("top_n", "out", {"input": "counts", "n": 2, "by": BOARD})}, "out"),
        Case(
            "chained",
            with_orders,
            {
                **step("union", "all_rows", {"inputs": ["slim", "orders"], "tag": "kind"}),
                **step("select", "slim", {"input": "clicks", "keep": ["id", "user_id", "item", "ts"]}),
                **step(
                    "look_back_aggregate",
                    "seen",
                    {
                        "input": "all_rows", "per": ["user_id"], "windows": ["10s"],
                        "aggregates": {"n": {"count": "*"}, "last": {"last": "item"}},
                    },
                ),
                **step(
                    "window_aggregate",
                    "out",
                    {
                        "input": "seen", "per": ["user_id"], "window": {"tumble": "1m"},
                        "aggregates": {"rows": {"count": "*"}, "most": {"max": "n_10s"}, "last": {"last": "last_10s"}},
                    },
                ),
            },
            "out",
        ),
        Case("nothing", {"clicks": (CLICKS, [])}, step("look_back_aggregate", "out", {"input": "clicks", **LOOK_BACK}), "out"),
        Case(
            "one row",
            {"clicks": (CLICKS, SOME_CLICKS[:1])},
            step("look_back_aggregate", "out", {"input": "clicks", **LOOK_BACK}),
            "out",
        ),
    ]  # fmt: skip


CASES = {c.name: c for c in _cases()}

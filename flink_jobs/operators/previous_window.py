"""Values of the same key in an earlier window: growth against the hour before, or against the same hour of last week."""

from __future__ import annotations

from dataclasses import replace
from typing import ClassVar

from pydantic import Field

from flink_jobs.core import stamp
from flink_jobs.core.columns import NAME, quote, quoted
from flink_jobs.core.errors import DeclarationError
from flink_jobs.core.event_time import Duration, format_duration
from flink_jobs.core.frame import MAX_MS, layer, over
from flink_jobs.core.operator import Given, Operator
from flink_jobs.core.relation import Relation
from flink_jobs.core.state import State, each_framed, each_key, each_value
from flink_jobs.core.state import packed as packed_text
from flink_jobs.operators.packing import pack, unpack

_BOUNDS = ("window_start", "window_end")


class PreviousWindow(Operator):
    """Each row with the values that its key had in the window ``back`` before.

    In
        One append relation with ``window_start`` and ``window_end`` (see WindowAggregate).
    Out
        Its columns, then each of ``columns`` under its name and ``suffix``. Same key and event time.
    Back
        From the end of the earlier window to the end of this one: the distance of neighbouring windows, unless declared.
        It must be a whole number of such distances.
    Missing keys
        A key without a row in the earlier window has NULL there. A key without a row in this window has no row, whatever it
        had before (see RankChanges, which tells who left). In a select after it: ``views - coalesce(views_before, 0)``,
        ``views / views_before``.
    When
        With its input row.
    State live
        The rows of ``back`` for each key.

    >>> from flink_jobs.core.relation import Relation
    >>> time = dict.fromkeys(("window_start", "window_end", "window_time"), "timestamp")
    >>> hourly = Relation("hourly", {**time, "item_id": "bigint", "n": "bigint"},
    ...                   ("window_start", "window_end", "item_id"), "window_time", every_ms=3_600_000)
    >>> step = PreviousWindow(step="grown", input="hourly", columns=["n"])
    >>> list(step.out({"hourly": hourly}).columns)[-2:], step.out({"hourly": hourly}).look_back_ms
    (['n', 'n_before'], 3600000)
    """

    smaller: ClassVar[str] = "a window nearer by (back), and fewer columns"

    input: str
    columns: tuple[str, ...] = Field(min_length=1)
    back: Duration | None = None
    suffix: str = Field(default="_before", pattern=f"^{NAME.pattern}$")

    def out(self, given: Given) -> Relation:
        rows = given[self.input]
        if not rows.windowed or not rows.every_ms:
            raise DeclarationError(
                f"Step '{self.step}' looks for earlier windows of '{self.input}', whose rows have no window. "
                "Put a window_aggregate before it.",
                path=("steps", self.step),
            )
        back = self._back(rows)
        if back < 1 or back % rows.every_ms or back > MAX_MS:
            raise DeclarationError(
                f"Step '{self.step}' looks back by {format_duration(back)}, where '{self.input}' has no window: its windows "
                f"end every {format_duration(rows.every_ms)}. Take a whole multiple of that, 999 days at most.",
                path=("steps", self.step),
            )
        rows.require(*self.columns, step=self.step)
        both = sorted(set(self._names()) & set(rows.columns)) or [n for n in self._names() if self._names().count(n) > 1]
        if both:
            raise DeclarationError(
                f"Step '{self.step}' makes the column '{both[0]}' twice. Name each column once, or take another suffix.",
                path=("steps", self.step),
            )
        made = {n: rows.columns[c] for c, n in zip(self.columns, self._names(), strict=True)}
        grown = replace(rows, name=self.step, columns={**rows.columns, **made}, known_windows=False)
        return grown.reaching(back_ms=back)

    def select(self, given: Given) -> str:
        rows = given[self.input]
        at, back = f"CAST({quote(rows.event_time)} AS STRING) || '|'", self._back(rows)
        packed = [f"{pack(at, c)} AS {quote(f'_{c}')}" for c in self.columns]
        # The least text of the frame is its earliest row, which lies where the earlier window is, or there is none.
        frame = over(self._per(rows), rows.event_time, back)
        earliest = {f"_least_{c}": f"MIN({quote(f'_{c}')}) {frame}" for c in self.columns}
        sql = layer(earliest, f"SELECT {quoted(rows.columns)}, {', '.join(packed)} FROM {quote(self.input)}")
        items = [f"{self._value(c, rows)} AS {quote(n)}" for c, n in zip(self.columns, self._names(), strict=True)]
        return f"SELECT {quoted(rows.columns)}, {', '.join(items)} FROM (\n{sql}\n)"

    def reference(self, given: Given) -> str:
        rows = given[self.input]
        time, back = rows.event_time, self._back(rows)
        same = "".join(f' AND b."{k}" IS NOT DISTINCT FROM r."{k}"' for k in self._per(rows))
        items = ", ".join(f'b."{c}" AS "{n}"' for c, n in zip(self.columns, self._names(), strict=True))
        return (
            f'SELECT r.*, {items} FROM "{self.input}" r LEFT JOIN "{self.input}" b '
            f'ON epoch_ms(b."{time}") + {back} = epoch_ms(r."{time}"){same}'
        )

    def state(self, given: Given) -> tuple[State, ...]:
        """The rows of ``back`` with a text for each column, and each text once more, since the least one leaves again."""
        rows, per = given[self.input], self._per(given[self.input])
        texts = {f"_{c}": packed_text(rows.columns[c]) for c in self.columns}
        frame = each_framed(rows, per, self._back(rows), {**rows.columns, **texts})
        entry = each_key(rows, per, {}, for_ms=self._back(rows))
        return (frame, *(each_value(entry, rows.event_time, text) for text in texts.values()))

    def _value(self, column: str, rows: Relation) -> str:
        least = quote(f"_least_{column}")
        there = f"{stamp.of(least)} = {stamp.before(quote(rows.event_time), self._back(rows))}"
        return f"CASE WHEN {there} THEN {unpack(least, rows.columns[column])} END"

    def _names(self) -> list[str]:
        return [f"{c}{self.suffix}" for c in self.columns]

    def _back(self, rows: Relation) -> int:
        return rows.every_ms if self.back is None else self.back

    def _per(self, rows: Relation) -> tuple[str, ...]:
        return tuple(k for k in rows.key if k not in _BOUNDS)

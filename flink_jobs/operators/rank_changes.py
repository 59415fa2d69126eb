"""The history of a list: who entered, who left, who moved up or down, and what of its own had changed."""

from __future__ import annotations

from typing import ClassVar

from flink_jobs.core.columns import quote, quoted
from flink_jobs.core.errors import DeclarationError
from flink_jobs.core.frame import interval
from flink_jobs.core.operator import Given, Operator
from flink_jobs.core.relation import Relation
from flink_jobs.core.state import State, each_stretch

_TIMES = ("window_end", "window_time")
_HIDDEN = ("window_start", *_TIMES, "rank")
OTHERS = "others"


class RankChanges(Operator):
    """One row for each thing whose rank differs between a window and the one before.

    In
        The append relation of a TopN.
    Out
        ``window_end`` and ``window_time`` of the window in which the change shows; ``per`` and key of what the list ranks;
        ``change`` (entered, left, up, down), ``rank_before``, ``rank`` (NULL where it is not in the list). With ``why``:
        each of its columns before (``<column>_before``) and now, and ``why``, the first of them that differs, or
        ``others`` where only others changed; NULL for who entered or left, which one side knows alone.
    Windows
        Each is compared with its neighbour: the hour before, the hop before, of a cumulated day the end before (so that at
        the first end of a day those of yesterday leave). Where a list has no rows, all that were in the one before leave.
    When
        As the watermark passes the end of the window.
    State live
        Two windows of the list.

    >>> from flink_jobs.core.relation import Relation
    >>> time = dict.fromkeys(("window_start", "window_end", "window_time"), "timestamp")
    >>> board = Relation("board", {**time, "item_id": "bigint", "n": "bigint", "rank": "bigint"},
    ...                  ("window_start", "window_end", "rank"), "window_time", every_ms=60_000, ranked=("item_id",))
    >>> list(RankChanges(step="moves", input="board", why=["n"]).out({"board": board}).columns)
    ['window_end', 'window_time', 'item_id', 'change', 'rank_before', 'rank', 'why', 'n_before', 'n']
    """

    smaller: ClassVar[str] = "a shorter list (n of the top_n before it), and fewer columns in why"

    input: str
    why: tuple[str, ...] = ()

    def out(self, given: Given) -> Relation:
        rows = given[self.input]
        if not rows.ranked or "rank" not in rows.key:
            raise DeclarationError(
                f"Step '{self.step}' follows the ranks of '{self.input}', which is no list. Put a top_n before it.",
                path=("steps", self.step),
            )
        if not rows.every_ms:
            raise DeclarationError(
                f"Step '{self.step}' follows the ranks of '{self.input}' from window to window, and its windows do not come from "
                "one window_aggregate, so nobody knows which one is the next. Rank the rows of one window_aggregate.",
                path=("steps", self.step),
            )
        rows.require(*self._who(rows), *self.why, step=self.step)
        pairs = [n for c in self.why for n in (f"{c}_before", c)]
        names = [*_TIMES, *self._who(rows), "change", "rank_before", "rank", *(["why"] if self.why else []), *pairs]
        both = [n for n in names if names.count(n) > 1]
        if both:
            raise DeclarationError(
                f"Step '{self.step}' makes the column '{both[0]}' twice. Take it out of 'why', or rename it in a select step.",
                path=("steps", self.step),
            )
        types = {**rows.columns, "change": "string", "rank_before": "bigint", "why": "string"}
        types |= {f"{c}_before": rows.columns[c] for c in self.why}
        return Relation(
            name=self.step,
            columns={n: types[n] for n in names},
            key=("window_end", *self._who(rows)),
            event_time="window_time",
            look_back_ms=rows.look_back_ms,
            look_ahead_ms=rows.look_ahead_ms,
        ).reaching(back_ms=rows.every_ms)

    def select(self, given: Given) -> str:
        rows, who = given[self.input], self._who(given[self.input])
        listed = f"SELECT {quote(rows.event_time)} AS `_at`, {quoted((*who, 'rank', *self.why))} FROM {quote(self.input)}"
        now = "`_at` + INTERVAL '0.001' SECOND(1, 3) = `window_end`"
        made = [
            f"MAX(CASE WHEN {test} THEN {quote(c)} END) AS {quote(f'{c}{suffix}')}"
            for c in ("rank", *self.why)
            for test, suffix in ((f"NOT ({now})", "_before"), (now, ""))
        ]
        group = quoted(("window_start", *_TIMES, *who))
        both = f"TABLE(HOP(TABLE `_list`, DESCRIPTOR(`_at`), {interval(rows.every_ms)}, {interval(2 * rows.every_ms)}))"
        pairs = f"WITH `_list` AS (\n{listed}\n)\nSELECT {group}, {', '.join(made)}\nFROM {both}\nGROUP BY {group}"
        change = (
            "CAST(CASE WHEN `rank_before` IS NULL THEN 'entered' WHEN `rank` IS NULL THEN 'left' "
            "WHEN `rank` < `rank_before` THEN 'up' ELSE 'down' END AS STRING) AS `change`"
        )
        items = [quoted((*_TIMES, *who)), change, "`rank_before`, `rank`", *self._reason()]
        items += [quoted((f"{c}_before", c)) for c in self.why]
        return f"SELECT {', '.join(items)} FROM (\n{pairs}\n) WHERE `rank` IS DISTINCT FROM `rank_before`"

    def reference(self, given: Given) -> str:
        rows, who = given[self.input], self._who(given[self.input])
        end = f"COALESCE(n.window_end, b.window_end + INTERVAL {rows.every_ms} MILLISECOND)"
        times = [f"{end} AS window_end", f"{end} - INTERVAL 1 MILLISECOND AS window_time"]
        sides = [f'COALESCE(n."{c}", b."{c}") AS "{c}"' for c in who]
        sides += [f'b."{c}" AS "{c}_before", n."{c}" AS "{c}"' for c in ("rank", *self.why)]
        same = "".join(f' AND n."{c}" IS NOT DISTINCT FROM b."{c}"' for c in who)
        pairs = (
            f'SELECT {", ".join([*times, *sides])} FROM "{self.input}" n FULL JOIN "{self.input}" b '
            f"ON epoch_ms(n.window_end) = epoch_ms(b.window_end) + {rows.every_ms}{same} "
            'WHERE n."rank" IS DISTINCT FROM b."rank"'
        )
        moved = "CASE WHEN \"rank\" IS NULL THEN 'left' WHEN \"rank_before\" IS NULL THEN 'entered' "
        moved += "WHEN \"rank\" > \"rank_before\" THEN 'down' ELSE 'up' END AS change"
        items = [*(f'"{c}"' for c in (*_TIMES, *who)), moved, '"rank_before", "rank"']
        if self.why:
            differing = ", ".join(f"""CASE WHEN "{c}_before" IS DISTINCT FROM "{c}" THEN '{c}' END""" for c in self.why)
            items.append(f"""IF("rank" + "rank_before" IS NULL, NULL, COALESCE({differing}, '{OTHERS}')) AS why""")
        items += [f'"{c}_before", "{c}"' for c in self.why]
        return f"SELECT {', '.join(items)} FROM ({pairs})"

    def state(self, given: Given) -> tuple[State, ...]:
        """What two neighbouring windows say of each thing in the list, a slice for each of them."""
        rows = given[self.input]
        made = {f"{c}{side}": rows.columns[c] for c in ("rank", *self.why) for side in ("_before", "")}
        return (each_stretch(rows, self._who(rows), rows.every_ms, made, for_ms=2 * rows.every_ms),)

    def _reason(self) -> list[str]:
        """The first value of its own that differs, where there are two."""
        if not self.why:
            return []
        known = " ".join(f"WHEN {quote(f'{c}_before')} IS DISTINCT FROM {quote(c)} THEN '{c}'" for c in self.why)
        some = "`rank` IS NOT NULL AND `rank_before` IS NOT NULL"
        return [f"CASE WHEN {some} THEN CAST(CASE {known} ELSE '{OTHERS}' END AS STRING) END AS `why`"]

    def _who(self, rows: Relation) -> tuple[str, ...]:
        """What tells apart whose ranks are followed: the group of the list, then what it ranks."""
        return (*(k for k in rows.key if k not in _HIDDEN), *rows.ranked)

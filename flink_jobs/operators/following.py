"""Following: rows of other streams near a row, collected into columns of that row, so that it comes out once.

Live, each side is an interval join on its own; the pairs of all sides stand under the rows themselves, and a window of one
millisecond collects what has the same row. Pairs of two sides never meet, so nothing multiplies, and the state is what the
bounds span.
"""

from __future__ import annotations

from dataclasses import dataclass

from flink_jobs.core.columns import flink_type, quote, quoted
from flink_jobs.core.frame import interval, over
from flink_jobs.core.operator import Strategy
from flink_jobs.core.relation import Relation
from flink_jobs.core.state import State, each_framed, each_key, each_row, packed
from flink_jobs.operators.matching import near
from flink_jobs.operators.packing import row_order
from flink_jobs.operators.take import Take


@dataclass(frozen=True)
class Side:
    """Right rows with t_left + low <= t_right <= t_left + high and equal ``on``, and what they come to.

    ``credit``: every left row of a right one counts it, or only the last or the first of them in time, then key.
    """

    right: Relation
    on: dict[str, str]
    low: int
    high: int
    take: dict[str, Take]
    inner: bool = False
    credit: str = "every"


@dataclass(frozen=True)
class Following:
    """A left relation and its sides; renders the SELECT and the reference of MultiJoin and Label."""

    left: Relation
    sides: tuple[Side, ...]
    step: str

    def select(self) -> str:
        left = self.left
        group = quoted([f"_l_{c}" for c in left.columns if c != left.event_time])
        rows = "\nUNION ALL\n".join([self._branch(None), *(self._branch(i) for i in range(len(self.sides)))])
        made = [f"COUNT(`_s{i}`) AS `_s{i}`" for i in range(len(self.sides))]
        made += [
            f"{t.collected(_at(i, n), t.type(s.right, step=self.step))} AS {_at(i, n)}"
            for i, s in enumerate(self.sides)
            for n, t in s.take.items()
        ]
        bounds = f"`window_start`, `window_end`, `window_time`{', ' if group else ''}{group}"
        wide = (
            f"WITH `_near` AS (\n{rows}\n)\nSELECT {bounds}, {', '.join(made)}\n"
            f"FROM TABLE(TUMBLE(TABLE `_near`, DESCRIPTOR(`_time`), {interval(1)}))\nGROUP BY {bounds}"
        )
        items = [
            f"{'`window_time`' if c == left.event_time else quote(f'_l_{c}')} AS {quote(c)}" for c in left.columns
        ]
        items += [
            f"{t.value(_at(i, n), t.type(s.right, step=self.step))} AS {quote(n)}"
            for i, s in enumerate(self.sides)
            for n, t in s.take.items()
        ]
        keep = " AND ".join(f"`_s{i}` > 0" for i, s in enumerate(self.sides) if s.inner)
        return f"SELECT {', '.join(items)} FROM (\n{wide}\n)" + (f" WHERE {keep}" if keep else "")

    def reference(self) -> str:
        left, key = self.left, self.left.key
        made = [f'p{i}."{n}"' for i, s in enumerate(self.sides) for n in s.take]
        joins = [
            f'JOIN ({self._collected(s)}) p{i} ON {" AND ".join(f"""l."{k}" IS NOT DISTINCT FROM p{i}."_l_{k}" """ for k in key)}'
            for i, s in enumerate(self.sides)
        ]
        listed = ", ".join([*(f'l."{c}"' for c in left.columns), *made])
        return f'SELECT {listed} FROM "{left.name}" l {" ".join(joins)}'

    def state(self) -> tuple[State, ...]:
        """Of each side: left rows for ``high``, right ones for ``-low``, and with ``credit`` the newest or first left row of
        each key. Then every left row once more with what all sides come to, until the slowest side has passed it.
        """
        left = self.left
        found = [s for i, side in enumerate(self.sides) for s in self._kept(i, side)]
        made = {f"_{i}_{n}": packed(t.type(s.right, step=self.step)) for i, s in enumerate(self.sides) for n, t in s.take.items()}
        slowest = max(max(s.high, -s.low, 0) for s in self.sides)
        return (*found, each_row(left, left.key, slowest, {**left.columns, **made}))

    def strategies(self) -> tuple[Strategy, ...]:
        """One for each side; the pairs of all sides are collected under their left row, so that nothing multiplies."""
        return tuple(
            near(f"{self.left.name} with {s.right.name}", s.on, max(-s.low, 0), s.high) for s in self.sides
        )

    def _kept(self, number: int, side: Side) -> tuple[State, ...]:
        left, right = self.left, side.right
        own = {c: right.columns[c] for c in side.on.values()} | {"_at": "timestamp"}
        own |= {f"_{number}_{n}": packed(t.type(right, step=self.step)) for n, t in side.take.items()}
        pairs = (
            each_row(left, tuple(side.on), max(side.high, 0)),
            each_row(right, tuple(side.on.values()), max(-side.low, 0), own),
        )
        if side.credit == "every":
            return pairs
        mine, theirs = tuple(side.on), tuple(side.on.values())
        if side.credit == "last_touch":
            return (*pairs, each_key(left, mine, {"_own": packed("string")}), each_row(right, theirs, 0, own))
        return (*pairs, each_framed(left, mine, side.high), each_framed(right, theirs, side.high, own))

    def _branch(self, number: int | None) -> str:
        """The left rows alone, or their pairs with the rows of one side; the columns of all other sides are NULL."""
        left = self.left
        items = [
            f"l.{quote(c)} AS {quote('_time' if c == left.event_time else f'_l_{c}')}" for c in left.columns
        ]
        for i, s in enumerate(self.sides):
            kinds = {f"_s{i}": "INT", **{f"_{i}_{n}": t.argument(s.right, "''")[0] for n, t in s.take.items()}}
            items += [
                f"{f'r.{quote(n)}' if i == number else f'CAST(NULL AS {kind})'} AS {quote(n)}" for n, kind in kinds.items()
            ]
        listed = f"SELECT {', '.join(items)}\nFROM "
        if number is None:
            return f"{listed}{quote(left.name)} AS l"
        side = self.sides[number]
        here, there = f"l.{quote(left.event_time)}", "r.`_at`"
        same = [f"l.{quote(a)} = r.{quote(f'_k{n}')}" for n, a in enumerate(side.on)]
        mine = quote(left.name)
        if side.credit != "every":
            same.append("l.`_own` = r.`_owner`")
            mine = f"(SELECT {quoted(left.columns)}, {row_order(left, step=self.step)} AS `_own` FROM {mine})"
        between = f"{there} BETWEEN {_moved(here, side.low)} AND {_moved(here, side.high)}"
        return f"{listed}{mine} AS l JOIN (\n{self._right(number, side)}\n) AS r\nON {' AND '.join(same)} AND {between}"

    def _right(self, number: int, side: Side) -> str:
        """The rows of a side: key, time, what is collected from them, and with ``credit`` the left row that owns them."""
        ordered = any(t.function in ("first", "last") for t in side.take.values())
        order = row_order(side.right, step=self.step) if ordered else "''"
        made = {f"_s{number}": ("INT", "1")}
        made |= {f"_{number}_{n}": t.argument(side.right, order) for n, t in side.take.items()}
        made |= {f"_k{n}": (flink_type(side.right.columns[c]), quote(c)) for n, c in enumerate(side.on.values())}
        items = [f"CAST({text} AS {kind}) AS {quote(n)}" for n, (kind, text) in made.items()]
        time = f"{quote(side.right.event_time)} AS `_at`"
        rows = f"SELECT {', '.join([*items, time])}\nFROM {quote(side.right.name)}"
        return rows if side.credit == "every" else self._owned(rows, made, side)

    def _owned(self, rows: str, made: dict[str, tuple[str, str]], side: Side) -> str:
        """The rows of a side with ``_owner``, the place in the order of the left row that gets the credit."""
        key = tuple(f"_k{n}" for n in range(len(side.on)))
        asking = dict(zip(key, side.on, strict=True))
        nothing = [
            f"{quote(asking[n])} AS {quote(n)}" if n in asking else f"CAST(NULL AS {kind}) AS {quote(n)}"
            for n, (kind, _) in made.items()
        ]
        own = f"{row_order(self.left, step=self.step)} AS `_own`"
        left = f"SELECT {', '.join(nothing)}, {quote(self.left.event_time)} AS `_at`, {own} FROM {quote(self.left.name)}"
        other = f"SELECT t.*, CAST(NULL AS STRING) AS `_own` FROM (\n{rows}\n) AS t"
        # The last one needs no lower bound: what lies too far back fails the bounds of the join.
        last = side.credit == "last_touch"
        owner = f"MAX(`_own`) {over(key, '_at', None)}" if last else f"MIN(`_own`) {over(key, '_at', side.high)}"
        marked = f"SELECT {owner} AS `_owner`, t.* FROM (\n{left}\nUNION ALL\n{other}\n) AS t"
        return f"SELECT * FROM (\n{marked}\n) WHERE {quote(next(iter(made)))} = 1"

    def _collected(self, side: Side) -> str:
        """Reference: the key of each left row and what one side comes to."""
        left, right = self.left, side.right
        key = ", ".join(f'l."{k}" AS "_l_{k}"' for k in left.key)
        same = " AND ".join(f'l."{a}" = r."{b}"' for a, b in side.on.items())
        gap = f'epoch_ms(r."{right.event_time}") - epoch_ms(l."{left.event_time}")'
        found = (
            f'SELECT {key}, r.* FROM "{left.name}" l JOIN "{right.name}" r '
            f"ON {same} AND {gap} >= {side.low} AND {gap} <= {side.high}"
        )
        if side.credit != "every":
            way = "DESC NULLS LAST" if side.credit == "last_touch" else "ASC NULLS FIRST"
            order = ", ".join(f'l."{c}" {way}' for c in (left.event_time, *left.key))
            per = ", ".join(f'r."{k}"' for k in right.key)
            found += f" QUALIFY ROW_NUMBER() OVER (PARTITION BY {per} ORDER BY {order}) = 1"
        made = ", ".join(f'{t.duckdb(right, step=self.step)} AS "{n}"' for n, t in side.take.items())
        again = " AND ".join(f'l."{k}" IS NOT DISTINCT FROM r."_l_{k}"' for k in left.key)
        by = ", ".join(f'l."{k}"' for k in left.key)
        some = f' HAVING COUNT(r."{right.event_time}") > 0' if side.inner else ""
        return f'SELECT {key}, {made} FROM "{left.name}" l LEFT JOIN ({found}) r ON {again} GROUP BY {by}{some}'


def _at(side: int, name: str) -> str:
    return quote(f"_{side}_{name}")


def _moved(time: str, ms: int) -> str:
    return f"{time} {'-' if ms < 0 else '+'} {interval(abs(ms))}"



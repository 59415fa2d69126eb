"""Join each row with what was known at its instant: features as of an impression, price as of an order."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from flink_jobs.core import stamp
from flink_jobs.core.columns import quote
from flink_jobs.core.errors import LooseOrder, WrongType
from flink_jobs.core.event_time import Duration
from flink_jobs.core.frame import over
from flink_jobs.core.operator import Given, Operator, Strategy
from flink_jobs.core.relation import ANY, Relation
from flink_jobs.core.state import State, each_key, each_row, packed
from flink_jobs.operators.aggregate import last_value
from flink_jobs.operators.matching import HERE, On, asking, below, pairs, require_pairs, taken


class PointInTimeJoin(Operator):
    """Each left row with the latest right row of its key at or before it.

    In
        Two append relations; the right one has at most one row for each key and instant, else LooseOrder. The right one
        may be a slowly changing table: one row for each change, with the instant from which it holds as its event time.
    Out
        The left columns, then the right ones (``take``, or all but the key columns) under ``prefix``. Key and event time of
        the left row. A left row without a right row in (t - max_age, t] has NULLs, or is dropped with ``how: inner``.
    Validity
        ``valid_to`` names a timestamp of the right row: it holds in [its event time, valid_to), without end where NULL. Only
        the latest row counts: when it has ended, nothing holds, also where an older row would.
    When
        As the watermark passes the left row.
    NULLs
        A NULL key matches nothing; a NULL value of the latest right row is taken as it is, never filled from an older one.
    Source
        As-of join; slowly changing dimension of type 2 (Kimball); application time periods of SQL:2011. Without ``max_age``
        the look-back has no limit, and live the state keeps the latest row of every key.

    >>> from flink_jobs.core.relation import Relation
    >>> orders = Relation("orders", {"id": "bigint", "item_id": "bigint", "ts": "timestamp"}, ("id",), "ts")
    >>> prices = Relation(
    ...     "prices", {"item_id": "bigint", "price": "bigint", "since": "timestamp"}, ("item_id", "since"), "since")
    >>> step = PointInTimeJoin(step="priced", left="orders", right="prices", on=["item_id"], max_age="30d")
    >>> list(step.out({"orders": orders, "prices": prices}).columns)
    ['id', 'item_id', 'ts', 'price', 'since']
    """

    asking = ("left",)

    smaller: ClassVar[str] = "a max_age, after which the newest row of a key is forgotten, and fewer columns in take"

    left: str
    right: str
    on: On = Field(min_length=1)
    max_age: Duration | None = None
    how: Literal["inner", "left"] = "left"
    take: tuple[str, ...] = ()
    prefix: str = ""
    valid_to: str | None = None

    def out(self, given: Given) -> Relation:
        left, right = given[self.left], given[self.right]
        require_pairs(self.on, left, right, step=self.step)
        names = taken(self.on, self.take, self.prefix, left, right, step=self.step)
        loose = [k for k in right.key if k not in {*pairs(self.on).values(), right.event_time}]
        if loose:
            raise LooseOrder([right.event_time], missing=loose, step=self.step)
        self._check_valid_to(right)
        unlimited = self.max_age is None or ANY in (left.look_back_ms, right.look_back_ms)
        age = (self.max_age or 1) - 1
        return Relation(
            name=self.step,
            columns={**left.columns, **{n: right.columns[c] for c, n in names.items()}},
            key=left.key,
            event_time=left.event_time,
            look_back_ms=ANY if unlimited else max(left.look_back_ms, right.look_back_ms + age),
            look_ahead_ms=max(left.look_ahead_ms, right.look_ahead_ms),
        )

    def select(self, given: Given) -> str:
        left, right = given[self.left], given[self.right]
        names = taken(self.on, self.take, self.prefix, left, right, step=self.step)
        since, known = f"CAST({quote(right.event_time)} AS STRING)", " AND ".join(
            f"{quote(c)} IS NOT NULL" for c in pairs(self.on).values()
        )
        # Time first, so that the greatest text is the latest row; '+' tells a value from a NULL of the same row.
        packed = {
            f"_{n}": ("STRING", f"{since} || '|' || COALESCE('+' || CAST({quote(c)} AS STRING), '')")
            for c, n in names.items()
        }
        packed["_since"] = ("STRING", since)
        if self.valid_to:
            packed["_until"] = ("STRING", f"{since} || '|' || COALESCE('+' || CAST({quote(self.valid_to)} AS STRING), '')")
        per, time = tuple(pairs(self.on)), left.event_time
        frame = over(per, time, None)
        latest = ", ".join(f"MAX({quote(p)}) {frame} AS {quote('_at' + p)}" for p in packed)
        fresh = "`_at_since` IS NOT NULL"
        if self.max_age is not None:
            fresh = f"`_at_since` > {stamp.before(quote(time), self.max_age)}"
        if self.valid_to:
            until = _value("until", "timestamp")
            fresh += f" AND COALESCE({until} > CAST({quote(time)} AS TIMESTAMP(3)), TRUE)"
        items = [quote(c) for c in left.columns]
        items += [f"CASE WHEN {fresh} THEN {_value(n, right.columns[c])} END AS {quote(n)}" for c, n in names.items()]
        keep = f"`{HERE}` = 1" + (f" AND {fresh}" if self.how == "inner" else "")
        union = f"{asking(left, right, pairs(self.on), packed)} WHERE {known}"
        return f"SELECT {', '.join(items)} FROM (\nSELECT {latest}, t.* FROM (\n{union}\n) AS t\n) WHERE {keep}"

    def reference(self, given: Given) -> str:
        left, right = given[self.left], given[self.right]
        names = taken(self.on, self.take, self.prefix, left, right, step=self.step)
        columns = [f'l."{c}"' for c in left.columns] + [f'r."{c}" AS "{n}"' for c, n in names.items()]
        same = " AND ".join(f'l."{a}" = r."{b}"' for a, b in pairs(self.on).items())
        time, since = f'l."{left.event_time}"', f'r."{right.event_time}"'
        age = "" if self.max_age is None else f" AND {since} > {time} - INTERVAL {self.max_age} MILLISECOND"
        ended = [f'(r."{c}" IS NULL OR r."{c}" > {time})' for c in ("_next", self.valid_to) if c]
        per = ", ".join(f'"{c}"' for c in pairs(self.on).values())
        right_rows = (
            f'SELECT *, LEAD("{right.event_time}") OVER (PARTITION BY {per} ORDER BY "{right.event_time}") AS "_next" '
            f'FROM "{self.right}"'
        )
        return (
            f'SELECT {", ".join(columns)} FROM "{self.left}" l {self.how.upper()} JOIN ({right_rows}) r '
            f"ON {same} AND {since} <= {time}{age} AND {' AND '.join(ended)}"
        )

    def state(self, given: Given) -> tuple[State, ...]:
        """The newest row of each right key as one text a column, and the rows of both sides that wait for the watermark."""
        left, right, on = given[self.left], given[self.right], pairs(self.on)
        names = taken(self.on, self.take, self.prefix, left, right, step=self.step)
        newest = {f"_{n}": packed(right.columns[c]) for c, n in names.items()} | {"_since": "string(23)"}
        newest |= {"_until": packed("timestamp")} if self.valid_to else {}
        waiting = {c: right.columns[c] for c in on.values()} | newest
        return (
            each_key(right, tuple(on.values()), newest),
            each_row(left, tuple(on), 0),
            each_row(right, tuple(on.values()), 0, waiting),
        )

    def strategies(self, given: Given) -> tuple[Strategy, ...]:
        kept = f"the newest row of {self.right} for each key"
        return (below(f"{self.left} as of {self.right}", tuple(pairs(self.on)), kept),)

    def _check_valid_to(self, right: Relation) -> None:
        if self.valid_to is None:
            return
        right.require(self.valid_to, step=self.step)
        if right.columns[self.valid_to] != "timestamp":
            raise WrongType(
                f"Step '{self.step}' ends rows of '{self.right}' at '{self.valid_to}', which is "
                f"{right.columns[self.valid_to]}. Take a timestamp.",
                path=("steps", self.step),
            )


def _value(name: str, kind: str) -> str:
    """The right value out of its packed text; an empty rest is NULL."""
    packed = quote(f"_at_{name}")
    return f"CASE WHEN CHAR_LENGTH({packed}) > 24 THEN {last_value(packed, kind, skip=1)} END"

"""Cut each key's rows into sessions: visits that end when nothing happens for a while."""

from __future__ import annotations

from dataclasses import replace
from typing import ClassVar, Literal

from pydantic import Field

from flink_jobs.core import stamp
from flink_jobs.core.columns import quote
from flink_jobs.core.errors import DeclarationError
from flink_jobs.core.event_time import Duration
from flink_jobs.core.frame import MAX_MS, before, interval, over
from flink_jobs.core.operator import Given, Operator
from flink_jobs.core.relation import ANY, Relation
from flink_jobs.core.state import State, each_key, each_newest, each_row, each_stretch

Cut = Literal["never", "day", "hour"]
CUT_MS = {"day": 86_400_000, "hour": 3_600_000}


class Sessionize(Operator):
    """Every row with the start and the number of its session: rows of one key, each less than ``gap`` after the one before.

    In
        One append relation.
    Out
        Its columns, then ``session_start`` (event time of the session's first row; with ``per`` it names the session) and
        ``session_number`` (1, 2, ... for each key). Same key and event time.
    Gap
        A row exactly ``gap`` after the row before it begins a new session: a session holds the rows in
        [start, last + gap).
    Cut
        ``cut: day`` or ``hour`` also ends every session at the end of the UTC day or hour and begins the numbers anew, so
        that look-back and state have a limit; ``never`` needs the whole past of a key.
    When
        As the watermark passes the row.
    Ties, NULLs
        All rows of an instant are in the same session. A NULL key is a key of its own.
    Source
        Session windows (Akidau et al., The Dataflow Model, VLDB 2015); sessions of web analytics, which end at midnight.

    >>> from flink_jobs.core.relation import Relation
    >>> views = Relation("views", {"id": "bigint", "user_id": "bigint", "ts": "timestamp"}, ("id",), "ts")
    >>> step = Sessionize(step="visits", input="views", per=["user_id"], gap="30m", cut="day")
    >>> list(step.out({"views": views}).columns)
    ['id', 'user_id', 'ts', 'session_start', 'session_number']
    """

    smaller: ClassVar[str] = "cut: day or hour, so that old sessions are forgotten, or a select before it with fewer columns"

    input: str
    per: tuple[str, ...] = Field(min_length=1)
    gap: Duration = Field(ge=1, le=MAX_MS)
    cut: Cut = "never"

    def out(self, given: Given) -> Relation:
        rows = given[self.input]
        rows.require(*self.per, step=self.step)
        made = {"session_start": "timestamp", "session_number": "bigint"}
        both = sorted(set(made) & set(rows.columns))
        if both:
            raise DeclarationError(
                f"Step '{self.step}' makes the column '{both[0]}', which '{self.input}' has already. Rename that one in a "
                "select step before.",
                path=("steps", self.step),
            )
        shaped = replace(rows, name=self.step, columns={**rows.columns, **made}, known_windows=False)
        return shaped.reaching(back_ms=cut_back(self.cut))

    def select(self, given: Given) -> str:
        rows = given[self.input]
        # Through text, because the planner of batch fails on a later frame whose key is a column that a frame has made.
        start = f"{stamp.time('CAST(`session_start` AS STRING)')} AS `session_start`"
        items = ", ".join([*map(quote, rows.columns), start, "`session_number`"])
        return f"SELECT {items} FROM (\n{with_sessions(rows, self.per, self.gap, self.cut)}\n)"

    def reference(self, given: Given) -> str:
        rows = given[self.input]
        same = same_session_key("s", "r", rows, self.per, self.cut)
        starts = session_starts(rows, self.per, self.gap, self.cut)
        upto = f's."{rows.event_time}" <= r."{rows.event_time}"'
        return (
            f'WITH starts AS ({starts}) SELECT r.*, (SELECT MAX(s."{rows.event_time}") FROM starts s WHERE {same} AND {upto}) '
            f'AS session_start, (SELECT COUNT(*) FROM starts s WHERE {same} AND {upto}) AS session_number FROM "{self.input}" r'
        )

    def state(self, given: Given) -> tuple[State, ...]:
        return sessions_state(given[self.input], self.per, self.cut)


def sessions_state(rows: Relation, per: tuple[str, ...], cut: Cut) -> tuple[State, ...]:
    """The newest row of each key, the running session of each key (and day or hour), and rows that wait for the watermark."""
    running = {"session_start": "timestamp", "session_number": "bigint"}
    cuts = each_key(rows, per, running) if cut == "never" else each_stretch(rows, per, CUT_MS[cut], running)
    return (each_newest(rows, per, rows.columns), cuts, each_row(rows, per, 0))


def cut_back(cut: Cut) -> int:
    """How far before a row its session can begin."""
    return ANY if cut == "never" else CUT_MS[cut] - 1


def with_sessions(rows: Relation, per: tuple[str, ...], gap: int, cut: Cut) -> str:
    """The rows with ``session_start``, ``session_number``, ``_before`` (the time of the row before), and ``_cut`` if cut."""
    time = rows.event_time
    now = f"CAST({quote(time)} AS TIMESTAMP(3))"
    part = "" if cut == "never" else f"{_cut(now, cut)} AS `_cut`, "
    sql = f"SELECT {before(per, time)} AS `_before`, {part}t.* FROM {quote(rows.name)} AS t"
    begins = f"`_before` IS NULL OR `_before` <= {now} - {interval(gap)}"
    if cut != "never":
        begins += f" OR {_cut('`_before`', cut)} <> `_cut`"
    sql = f"SELECT CASE WHEN {begins} THEN {now} END AS `_begins`, t.* FROM (\n{sql}\n) AS t"
    frame = over((*per, "_cut") if cut != "never" else per, time, None)
    made = f"MAX(`_begins`) {frame} AS `session_start`, COUNT(`_begins`) {frame} AS `session_number`"
    return f"SELECT {made}, t.* FROM (\n{sql}\n) AS t"


def _cut(time: str, cut: Cut) -> str:
    """The day or hour of a time as text."""
    return f"SUBSTRING(CAST({time} AS STRING), 1, {10 if cut == 'day' else 13})"


def same_session_key(a: str, b: str, rows: Relation, per: tuple[str, ...], cut: Cut) -> str:
    """Reference: whether two rows have the same key, and the same day or hour where sessions are cut."""
    same = [f'{a}."{c}" IS NOT DISTINCT FROM {b}."{c}"' for c in per]
    if cut != "never":
        same.append(f"date_trunc('{cut}', {a}.\"{rows.event_time}\") = date_trunc('{cut}', {b}.\"{rows.event_time}\")")
    return " AND ".join(same)


def session_starts(rows: Relation, per: tuple[str, ...], gap: int, cut: Cut) -> str:
    """Reference: key and instant of every row that has no other one less than ``gap`` before it."""
    time = rows.event_time
    near = f'p."{time}" < r."{time}" AND epoch_ms(r."{time}") - epoch_ms(p."{time}") < {gap}'
    key = ", ".join(f'r."{c}"' for c in (*per, time))
    return (
        f'SELECT DISTINCT {key} FROM "{rows.name}" r WHERE NOT EXISTS '
        f'(SELECT 1 FROM "{rows.name}" p WHERE {same_session_key("p", "r", rows, per, cut)} AND {near})'
    )

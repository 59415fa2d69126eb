"""A plan on the screen: short tables, each for one question."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, Any

from flink_jobs.cli.screen import console
from flink_jobs.core.event_time import format_duration, from_ms, iso

if TYPE_CHECKING:
    from rich.console import Console

_PARTS = 3
"""States of a step that are shown one by one; the rest is summed up."""


def show(found: dict[str, Any]) -> None:
    """Everything but the SQL."""
    screen, live = console(), found["end_ms"] is None
    screen.print(f"[bold]{found['pipeline']}[/] version {found['version']}, {'live' if live else 'batch'}")
    publishes, reads = _span(found["start_ms"], found["end_ms"]), _span(found["read_from_ms"], found["read_to_ms"])
    screen.print(f"publishes {publishes}, reads {reads}")
    _inputs(screen, found["inputs"])
    _outputs(screen, found)
    _joins(screen, found["joins"], live=live)
    for node in found["engine"] or ():
        screen.print(f"engine: {node}", style="dim", markup=False, soft_wrap=True)
    _state(screen, found)
    _time(screen, found)
    for fed in found["downstream"]:
        screen.print(f"downstream: {fed['table']} ({fed['pipeline']}), through {' → '.join(fed['through'])}")
    if not found["downstream"]:
        screen.print("downstream: no known pipeline reads these tables", style="dim")


def show_sql(found: dict[str, Any]) -> None:
    """The SELECT of every step."""
    screen = console()
    for view in found["views"]:
        screen.print(f"\n[bold]-- {view['name']}[/]")
        screen.print(view["select"], markup=False, soft_wrap=True)


def _inputs(screen: Console, inputs: list[dict[str, Any]]) -> None:
    from rich.table import Table

    from flink_jobs.forecast.limit import told

    listed = Table("reads", "partitions", "in the lake", "rows", "size", "version", box=None, pad_edge=False)
    for one in inputs:
        asked = f"{one['first']} … {one['last']} ({one['asked']})" if one["asked"] else f"topic {one['topic']}"
        if one["version"] is None:
            listed.add_row(one["dataset"], asked, "-", "-", "-", "no table yet")
        else:
            held = str(one["found"]), f"{one['rows']:,}", told(one["bytes"]), str(one["version"])
            listed.add_row(one["dataset"], asked, *held)
    screen.print(listed)


def _outputs(screen: Console, found: dict[str, Any]) -> None:
    from rich.table import Table

    written = Table("writes", "from", "partition", "key", "columns", "suite", box=None, pad_edge=False)
    for out in found["outputs"]:
        key, suite = ", ".join(out["key"]), out["suite"] or "derived"
        written.add_row(out["table"], out["source"], out["partition_by"], key, str(len(out["columns"])), suite)
    screen.print(written)


def _joins(screen: Console, joins: list[dict[str, str]], *, live: bool) -> None:
    for join in joins:
        words = f"joins in {join['step']} ({join['verb']}): {join['live' if live else 'batch']}"
        screen.print(words, markup=False, soft_wrap=True)


def _state(screen: Console, found: dict[str, Any]) -> None:
    """The live state by step, the largest parts of each first."""
    from rich.table import Table

    from flink_jobs.forecast.limit import told

    state = found["state"]
    kept = "for ever" if state["key_kept_ms"] is None else f"for {_rounded(state['key_kept_ms'])} without a row"
    if state["total_bytes"] is None:
        screen.print(f"a live run: {state['summary']}", markup=False, soft_wrap=True)
        return
    day = state["sampled"]["day"]
    screen.print(f"a live run {state['summary']}; from the rows of {day}; a key is remembered {kept}", soft_wrap=True)
    listed = Table("keeps", "what", "entries", "heap", "rocksdb", box=None, pad_edge=False)
    for step, group in groupby(state["parts"], key=lambda p: p["step"]):
        parts = sorted(group, key=lambda p: -p["bytes"].get("heap", 0))
        for number, part in enumerate(parts[:_PARTS]):
            sizes = [told(part["bytes"][b]) for b in ("heap", "rocksdb")] if part["bytes"] else ["unknown", "unknown"]
            entries = "-" if part["entries"] is None else f"{part['entries']:,}"
            listed.add_row("" if number else step, part["unknown"] or part["what"], entries, *sizes)
        rest = [p for p in parts[_PARTS:] if p["bytes"]]
        if rest:
            sums = [told(sum(p["bytes"][b] for p in rest)) for b in ("heap", "rocksdb")]
            listed.add_row("", f"and {len(rest)} smaller", f"{sum(p['entries'] for p in rest):,}", *sums)
    for column in listed.columns[2:]:
        column.justify = "right"
    screen.print(listed)
    ingest = [p for p in state["ingest"] if p["bytes"]]
    if ingest:
        marks, size = sum(p["entries"] for p in ingest), told(sum(p["bytes"]["heap"] for p in ingest))
        screen.print(
            f"beside it, the ingest of these topics keeps a mark a key for ever: {marks:,} by now, {size} on the heap"
        )
    if state["refused"]:
        screen.print(state["refused"], style="red", markup=False, soft_wrap=True)


def _rounded(ms: int) -> str:
    """Whole seconds, upwards: a look-back less 1ms is the look-back."""
    return format_duration(-(-ms // 1000) * 1000)


def _time(screen: Console, found: dict[str, Any]) -> None:
    expected = found["expected_time"]
    if found["end_ms"] is None:
        return
    if expected is None:
        screen.print("time: no past run to tell from", style="dim")
        return
    whose = "of this version" if expected["same_version"] else "of another version"
    words = (
        f"{expected['start_s']} s to start, {expected['day_s']} s a day, from {expected['jobs']} past job(s) {whose}"
    )
    screen.print(f"time: about {expected['seconds']:,.0f} s ({words})")


def _span(start_ms: int | None, end_ms: int | None) -> str:
    start = "the first row" if start_ms is None else iso(from_ms(start_ms))
    return f"from {start} " + ("on" if end_ms is None else f"to {iso(from_ms(end_ms))}")

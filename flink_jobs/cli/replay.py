"""``mainstem replay``: play recorded events into Kafka topics as if they happened now."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from flink_jobs.cli.screen import AsJson, console, print_json
from flink_jobs.core.errors import DeclarationError
from flink_jobs.core.event_time import Span, parse_duration, parse_utc

if TYPE_CHECKING:
    from flink_jobs.ingest.sending import Replayed


def register(app: typer.Typer) -> None:
    app.command()(replay)


def replay(
    feed: Annotated[str, typer.Argument(help="A shipped feed, a YAML file, or a folder with a feed.yaml.")],
    data: Annotated[Path | None, typer.Option(help="Folder of the files, when it is not the feed's own.")] = None,
    dataset: Annotated[str | None, typer.Option(help="Play only this dataset.")] = None,
    speed: Annotated[str, typer.Option(help="How many times as fast as it happened, or 'max'.")] = "max",
    start: Annotated[str | None, typer.Option("--from", help="First event time, UTC.")] = None,
    end: Annotated[str | None, typer.Option("--to", help="End of event time, not included.")] = None,
    shuffle: Annotated[str, typer.Option(help="How much later than its event a record may arrive, e.g. 8s.")] = "0s",
    late: Annotated[float, typer.Option(min=0, max=1, help="Share of rows that arrive too late.")] = 0.0,
    duplicates: Annotated[float, typer.Option(min=0, max=1, help="Share of rows that are sent twice.")] = 0.0,
    malformed: Annotated[float, typer.Option(min=0, max=1, help="Damaged records beside them, as a share.")] = 0.0,
    far_future: Annotated[float, typer.Option(min=0, max=1, help="Records of the next century, as a share.")] = 0.0,
    seed: Annotated[int, typer.Option(help="The same seed sends the same records.")] = 0,
    clock: Annotated[str, typer.Option(help="Known time of a record: 'wall' (now) or 'event' (its arrival).")] = "wall",
    partitions: Annotated[int | None, typer.Option(help="Partitions of topics that have to be made.")] = None,
    json: AsJson = False,
) -> None:
    """Play recorded events into Kafka topics in order of arrival, disturbed on demand, and count what was sent."""
    from flink_jobs.core.settings import Settings
    from flink_jobs.ingest.disorder import Disorder
    from flink_jobs.ingest.feeds import open_feed
    from flink_jobs.ingest.sending import send
    from flink_jobs.jobs.catalog import find

    opened, folder = open_feed(feed, data)
    disorder = Disorder(
        shuffle=parse_duration(shuffle),
        late=late,
        duplicates=duplicates,
        malformed=malformed,
        far_future=far_future,
        seed=seed,
    )
    sent = send(
        Settings.load(),
        opened.only(dataset) if dataset else opened,
        folder,
        find(opened.pipeline).datasets,
        disorder,
        span=_span(start, end),
        speed=_speed(speed),
        clock=_clock(clock),
        partitions=partitions,
    )
    if json:
        print_json(facts(sent))
    else:
        _show(sent)


def facts(sent: Replayed) -> dict[str, Any]:
    """The counts as plain data."""
    return {
        "topics": {c.topic: {"records": c.records, **c.kinds, "behind": c.behind, "rows": c.rows} for c in sent.topics},
        "seconds": round(sent.played.seconds, 3),
        "rate": round(sent.played.rate),
        "ignored_columns": sent.ignored,
    }


def _show(sent: Replayed) -> None:
    from rich.table import Table

    table = Table(title="Sent", caption="rows: what the table holds afterwards")
    table.add_column("topic", no_wrap=True)
    for name in ("sent", "good", "late", "copies", "damaged", "future", "unread", "rows"):
        table.add_column(name, justify="right")
    for counts in sent.topics:
        figures = (counts.records, *counts.kinds.values(), counts.rows)
        table.add_row(counts.topic, *(f"{figure:,}" for figure in figures))
    screen = console()
    screen.print(table)
    screen.print(f"{sent.played.seconds:.1f} s, {sent.played.rate:,.0f} records/s")
    for path, columns in sent.ignored.items():
        screen.print(f"Not used of {path}: {', '.join(columns)}")


def _span(start: str | None, end: str | None) -> Span | None:
    if start is None and end is None:
        return None
    return Span(parse_utc(start or "0001-01-01"), parse_utc(end) if end else None)


def _speed(text: str) -> float | None:
    if text == "max":
        return None
    try:
        speed = float(text.rstrip("x"))
    except ValueError:
        speed = 0.0
    if not 0 < speed < float("inf"):
        raise DeclarationError(f"The speed '{text}' is neither a number above 0, such as 60, nor 'max'.")
    return speed


def _clock(text: str) -> Literal["wall", "event"]:
    if text == "wall":
        return "wall"
    if text == "event":
        return "event"
    raise DeclarationError(f"The clock '{text}' is neither 'wall' nor 'event'.")

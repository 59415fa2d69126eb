"""mainstem simulate: the log of a made-up shop, with its truth beside it."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from flink_jobs.cli.screen import AsJson, console, print_json


def register(app: typer.Typer) -> None:
    """Add the verb to the app."""
    app.command("simulate")(simulate)


def simulate(
    out: Annotated[Path, typer.Option("--out", help="Folder for the files; files of the same names are replaced.")],
    days: Annotated[int, typer.Option(min=1, max=3650)] = 10,
    users: Annotated[int, typer.Option(min=1, help="About ten events a user and day.")] = 800,
    seed: Annotated[int, typer.Option(min=0, help="The same seed gives the same files.")] = 7,
    start: Annotated[datetime, typer.Option(formats=["%Y-%m-%d"], help="First UTC day.")] = datetime(2025, 3, 1),  # noqa: DTZ001
    form: Annotated[str, typer.Option("--format", help="jsonl, csv or parquet.")] = "jsonl",
    duplicates: Annotated[float, typer.Option(min=0, max=1, help="Share of rows that are sent twice.")] = 0.0,
    malformed: Annotated[float, typer.Option(min=0, max=1, help="Share of damaged records, on top.")] = 0.0,
    late: Annotated[float, typer.Option(min=0, max=1, help="Share of rows that arrive hours late.")] = 0.0,
    far_future: Annotated[float, typer.Option(min=0, max=1, help="Share of records from 2200 on, on top.")] = 0.0,
    as_json: AsJson = False,
) -> None:
    """Write the log of a made-up shop, one file a stream, with feed.yaml and truth.json beside them."""
    from flink_jobs.simulate.files import SUFFIX
    from flink_jobs.simulate.folder import simulate_into
    from flink_jobs.simulate.mess import Mess
    from flink_jobs.simulate.shop import Shop

    formats = {str(known): known for known in SUFFIX}
    if form not in formats:
        raise typer.BadParameter(f"'{form}' is not a format. Take jsonl, csv or parquet.", param_hint="--format")
    shop = Shop(days=days, users=users, seed=seed, start=start.date())
    mess = Mess(duplicates=duplicates, malformed=malformed, late=late, far_future=far_future)
    truth = simulate_into(out, shop, form=formats[form], mess=mess)
    if as_json:
        print_json({key: truth[key] for key in ("shop", "span", "beyond_end", "happened", "streams")})
    else:
        _show(out, truth)


def _show(out: Path, truth: dict[str, Any]) -> None:
    from rich.table import Table

    names = ("records", "rows", "duplicates", "malformed", "far_future", "late")
    listed = Table("file", *(n.replace("_", " ") for n in names), box=None, pad_edge=False, header_style="bold")
    for stream in truth["streams"].values():
        counts = {**stream, "malformed": sum(stream["malformed"].values())}
        listed.add_row(stream["file"], *(f"{counts[n]:,}" for n in names))
    screen = console()
    screen.print(listed)
    screen.print(f"In {out}, with feed.yaml and truth.json. Bring it in with: mainstem load {out}")

"""Stamps: a time as text, ``2017-11-25 01:02:03.004``, as Flink text. Texts of one width have the order of their times."""

from __future__ import annotations

from flink_jobs.core.frame import interval

WIDTH = 23
"""Characters of a TIMESTAMP(3) as text."""


def before(time: str, ms: int) -> str:
    """The stamp of ``ms`` before a time, to compare others with: many times cheaper than reading those as times."""
    return f"CAST(CAST({time} AS TIMESTAMP(3)) - {interval(ms)} AS STRING)"


def of(packed: str) -> str:
    """The stamp at the beginning of a text."""
    return f"SUBSTRING({packed}, 1, {WIDTH})"


def time(text: str, *, clock: str | None = None, cast: str = "CAST") -> str:
    """The time of a stamp. ``clock``: its second half where that needs mending; ``cast``: TRY_CAST for text that may be none.

    Day and clock apart: a cast of both at once goes through a formatter of Java, which costs many times as much.
    """
    clock = clock or f"SUBSTRING({text}, 12, 12)"
    since_midnight = f"({cast}({clock} AS TIME(3)) - TIME '00:00:00') DAY TO SECOND(3)"
    return f"CAST({day(text, cast=cast)} AS TIMESTAMP(3)) + {since_midnight}"


def day(text: str, *, cast: str = "CAST") -> str:
    """The day of a stamp."""
    return f"{cast}(SUBSTRING({text}, 1, 10) AS DATE)"

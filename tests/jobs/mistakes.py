"""Reads ``mistakes.txt``: wrong declarations and the exact words that a user sees.

After a wording has changed on purpose, ``python -m tests.jobs.mistakes`` writes the file anew; read the difference.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from flink_jobs.jobs.declare import read_text
from flink_jobs.jobs.mistakes import Mistakes

FILE = Path(__file__).with_name("mistakes.txt")
_CASE, _SAYS = "=" * 12 + " ", "-" * 12


@dataclass(frozen=True)
class Case:
    """A declaration and what is said about it."""

    title: str
    text: str
    says: str


def cases() -> list[Case]:
    """All cases of the file, in order."""
    found = []
    for block in FILE.read_text(encoding="utf-8").split(_CASE)[1:]:
        title, _, rest = block.partition("\n")
        text, _, says = rest.partition(_SAYS + "\n")
        found.append(Case(title, text, says.strip("\n")))
    return found


def said(text: str) -> str:
    """What a user sees for this declaration, read from a file ``p.yaml``; empty when nothing is wrong."""
    try:
        read_text(text, "p.yaml")
    except Mistakes as error:
        return str(error)
    return ""


def main() -> None:
    """Write the words of today behind every case."""
    blocks = [f"{_CASE}{c.title}\n{c.text}{_SAYS}\n{said(c.text)}\n\n" for c in cases()]
    FILE.write_text("".join(blocks).rstrip("\n") + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()

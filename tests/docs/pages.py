"""The pages as tests see them: fenced blocks with their place, links, and commands of the product."""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
_FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
_TITLE = re.compile(r"^#+ (.+)$", re.MULTILINE)
_NAMED = re.compile(r"# (\S+\.(?:ya?ml|jsonl))\n")


@dataclass(frozen=True)
class Block:
    """A fenced block; ``line`` is that of its first row of text."""

    page: Path
    line: int
    language: str
    text: str

    @property
    def place(self) -> str:
        return f"{self.page.relative_to(ROOT)}:{self.line}"

    @property
    def file(self) -> str:
        """The file that the reader is asked to save it as: a comment in its first row."""
        named = _NAMED.match(self.text)
        return named[1] if named else ""


def blocks(*languages: str) -> list[Block]:
    """All blocks of these languages, in order."""
    return [b for page in PAGES for b in _of(page) if not languages or b.language in languages]


def commands(block: Block) -> list[list[str]]:
    """The commands of a shell block as words, comments left out."""
    text = block.text.replace("\\\n", " ")
    return [words for row in text.splitlines() if (words := shlex.split(row, comments=True))]


def links(page: Path) -> list[str]:
    """Targets of the page's links, outside of fenced blocks."""
    return _LINK.findall(_FENCE.sub("", page.read_text(encoding="utf-8")))


def anchors(page: Path) -> set[str]:
    """What a link to a title of the page may name."""
    titles = _TITLE.findall(_FENCE.sub("", page.read_text(encoding="utf-8")))
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


def _of(page: Path) -> list[Block]:
    text = page.read_text(encoding="utf-8")
    return [Block(page, text.count("\n", 0, m.start(2)) + 1, m[1], m[2]) for m in _FENCE.finditer(text)]

"""Root cause: the one line of a Java trace that says what went wrong."""

from __future__ import annotations

import re
from itertools import pairwise

_CAUSE = re.compile(r"^\s*Caused by: (.*)$", re.MULTILINE)
_FRAME = re.compile(r"^\s*(at |\.\.\. \d+ (common frames omitted|more)|Suppressed: )")
_CLASS = re.compile(r"^(?:[a-z_][\w$]*\.)+(?P<name>[A-Z][\w$]*)(?::\s*|$)")
_TELLING = ("NullPointerException", "ArithmeticException", "NumberFormatException", "ClassCastException")
MAX = 600


def readable(trace: str) -> str:
    """The deepest cause with a text, without class path, frames and line breaks."""
    causes = [*_blocks(trace)]
    for text in reversed(causes):
        line = _clean(text)
        if line:
            return line[: MAX - 1] + "…" if len(line) > MAX else line
    return "the engine gave no reason"


def _blocks(trace: str) -> list[str]:
    """The first message and that of each cause, outermost first, each without its frames."""
    starts = [0, *(m.start() for m in _CAUSE.finditer(trace)), len(trace)]
    blocks = []
    for start, end in pairwise(starts):
        lines = trace[start:end].strip().removeprefix("Caused by:").splitlines()
        kept: list[str] = []
        for line in lines:
            if _FRAME.match(line):
                break
            kept.append(line.strip())
        blocks.append(" ".join(line for line in kept if line))
    return blocks


def _clean(text: str) -> str:
    """Without leading class names, except where the name is all there is."""
    text = re.sub(r"\s+", " ", text.split("Was expecting one of:")[0]).strip()
    # An object that has no text of its own: its address says nothing to a reader.
    text = re.sub(r"\b(?:[a-z_][\w]*\.)+([A-Z]\w*)@[0-9a-f]+\b", r"\1", text)
    name = ""
    while match := _CLASS.match(text):
        name, text = match["name"].split("$")[-1], text[match.end() :].strip()
    if not text:
        return name
    return f"{name}: {text}" if name in _TELLING else text

"""Text files line by line, so that one broken line costs one record and never the file."""

from __future__ import annotations

import csv
import gzip
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, cast

from flink_jobs.core.errors import FileError

_Text = tuple[int, str, bool]
LONGEST_QUOTE = 100
"""Lines that one quoted value may span; beyond it the quote is taken for a broken line."""


@dataclass(frozen=True, slots=True)
class Line:
    """One record of a text file. ``number`` counts from 1 and is the line where the record begins."""

    number: int
    raw: str
    fields: list[str] | None


def text_lines(path: Path) -> Iterator[_Text]:
    """Number, text and whether the text is valid UTF-8 of each line that is not blank; gzip by name.

    Raises FileError when the file is empty, is not there, or ends in the middle of its gzip stream.
    """
    number = 0
    try:
        with _open(path) as stream:
            for number, data in enumerate(stream, 1):
                if not data.isspace():
                    text, valid = _decode(data.lstrip(b"\xef\xbb\xbf") if number == 1 else data)
                    yield number, text, valid
    except EOFError as error:
        raise FileError(
            f"{path} breaks off after line {number}: its gzip stream has no end, so the file was only half written or "
            "half copied. Nothing of it was taken. Copy it again."
        ) from error
    except (OSError, zlib.error) as error:
        raise FileError(f"{path} cannot be read: {error}.") from error
    if number == 0:
        raise FileError(f"{path} is empty. Take it out of the feed or write it again.")


def _open(path: Path) -> IO[bytes]:
    if path.suffix == ".gz":
        return cast(IO[bytes], gzip.open(path, "rb"))
    return path.open("rb")


def _decode(data: bytes) -> tuple[str, bool]:
    line = data.rstrip(b"\r\n")
    try:
        text = line.decode("utf-8")
    except UnicodeDecodeError:
        return line.decode("utf-8", errors="backslashreplace"), False
    return (text, True) if "\x00" not in text else (text.replace("\x00", "\\x00"), False)


def csv_header(path: Path, delimiter: str) -> list[str]:
    """The column names in the first line."""
    for _, text, _ in text_lines(path):
        return [name.strip() for name in _split([text], delimiter)]
    raise FileError(f"{path} has only blank lines.")


def csv_lines(path: Path, delimiter: str, width: int, *, skip_header: bool) -> Iterator[Line]:
    """Records of a CSV file; ``fields`` is None for a line that has not ``width`` fields or breaks its quotes."""
    waiting: list[_Text] = []
    for at, text in enumerate(text_lines(path)):
        if at == 0 and skip_header:
            continue
        if not waiting and '"' not in text[1]:
            fields = text[1].split(delimiter)
            yield Line(text[0], text[1], fields if text[2] and len(fields) == width else None)
            continue
        waiting.append(text)
        yield from _settle(waiting, delimiter, width, last=False)
    while waiting:
        yield from _settle(waiting, delimiter, width, last=True)


def _settle(waiting: list[_Text], delimiter: str, width: int, *, last: bool) -> Iterator[Line]:
    """Emit what the waiting lines amount to; keep them while a quote is open that may yet close."""
    fields, is_open = _fields([text for _, text, _ in waiting], delimiter)
    if fields is not None and len(fields) == width and all(valid for _, _, valid in waiting):
        yield Line(waiting[0][0], "\n".join(text for _, text, _ in waiting), fields)
        waiting.clear()
    elif is_open and not last and len(waiting) <= LONGEST_QUOTE:
        return
    else:
        yield from _give_up(waiting, delimiter, width)


def _give_up(waiting: list[_Text], delimiter: str, width: int) -> Iterator[Line]:
    """The first line alone is broken; the others are read again."""
    yield Line(waiting[0][0], waiting[0][1], None)
    again = waiting[1:]
    waiting.clear()
    for text in again:
        waiting.append(text)
        yield from _settle(waiting, delimiter, width, last=False)


def _fields(lines: list[str], delimiter: str) -> tuple[list[str] | None, bool]:
    """The fields, or None and whether a quote is still open."""
    try:
        return _split(lines, delimiter), False
    except csv.Error as error:
        return None, "unexpected end of data" in str(error)


def _split(lines: list[str], delimiter: str) -> list[str]:
    whole = [line + "\n" for line in lines[:-1]] + [lines[-1]]
    rows = list(csv.reader(whole, delimiter=delimiter, strict=True))
    return rows[0] if len(rows) == 1 else []

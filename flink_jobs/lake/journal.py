"""What a live run has handed to the Delta log, in numbered entries; entry ``n`` is committed as transaction ``n``.

An entry is written before its commit and never changed. After a crash the entries beyond the table's transaction are
committed again as they stand, so a file is neither forgotten nor added twice.
"""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

_ROLL = 500
"""Entries kept as single files; older ones become one, or a long run would be slow to start."""


@dataclass(frozen=True)
class Entry:
    """Files of one commit, relative to the table, and their rows."""

    number: int
    files: tuple[str, ...]
    rows: int


class Journal:
    """The journal of one run and table, in a folder of its own."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self.load()

    def load(self) -> None:
        """Read the folder again: another process may have written to it."""
        found = [_read(path) for path in self._folder.glob("[0-9]*.json")]
        rolled = max((_read(path) for path in self._folder.glob("rolled-*.json")), key=_number, default=Entry(0, (), 0))
        self._rolled = rolled
        self._entries = sorted((entry for entry in found if entry.number > rolled.number), key=_number)
        self.seen = {file for entry in (rolled, *self._entries) for file in entry.files}

    @property
    def last(self) -> int:
        """The number of the newest entry; 0 when there is none."""
        return self._entries[-1].number if self._entries else self._rolled.number

    def after(self, number: int) -> list[Entry]:
        """Entries with a greater number, in order."""
        return [entry for entry in self._entries if entry.number > number]

    def rows(self, through: int) -> int:
        """Rows of all entries up to the number."""
        return self._rolled.rows + sum(entry.rows for entry in self._entries if entry.number <= through)

    def files(self, through: int) -> int:
        """Files of all entries up to the number; those that are gone from the disk may have been forgotten."""
        return len(self._rolled.files) + sum(len(e.files) for e in self._entries if e.number <= through)

    def write(self, files: Sequence[str], rows: int) -> Entry | None:
        """Add the next entry; None, and nothing written, when another process has added one meanwhile."""
        entry = Entry(self.last + 1, tuple(files), rows)
        try:
            _put(self._folder / f"{entry.number:010d}.json", entry)
        except FileExistsError:
            self.load()
            return None
        self._entries.append(entry)
        self.seen.update(files)
        return entry

    def roll(self, through: int, root: Path) -> None:
        """Melt committed entries into one when there are many; forget files that are no longer below ``root``."""
        old = [entry for entry in self._entries if entry.number <= through]
        if len(old) < _ROLL:
            return
        files = tuple(f for entry in (self._rolled, *old) for f in entry.files if (root / f).exists())
        rolled = Entry(old[-1].number, files, self.rows(old[-1].number))
        path = self._folder / f"rolled-{rolled.number:010d}.json"
        if not path.exists():
            _put(path, rolled)
        for entry in old:
            (self._folder / f"{entry.number:010d}.json").unlink(missing_ok=True)
        for earlier in self._folder.glob("rolled-*.json"):
            if earlier.name < path.name:
                earlier.unlink(missing_ok=True)
        self.load()


def _number(entry: Entry) -> int:
    return entry.number


def _read(path: Path) -> Entry:
    text = json.loads(path.read_text())
    return Entry(text["number"], tuple(text["files"]), text["rows"])


def _put(path: Path, entry: Entry) -> None:
    """Create the file whole, or raise FileExistsError: a link to a finished draft does both in one step."""
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    with draft.open("w") as file:
        json.dump({"number": entry.number, "files": entry.files, "rows": entry.rows}, file)
        file.flush()
        os.fsync(file.fileno())
    try:
        os.link(draft, path)
    finally:
        draft.unlink()

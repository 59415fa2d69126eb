"""New finished files of a run folder, looked for again and again."""

from __future__ import annotations

import os
import time
from pathlib import Path

_SETTLED_S = 2.0


class Scan:
    """Lists only folders that changed since the last look: a run of weeks has very many files."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._known: dict[Path, tuple[int, list[Path]]] = {}

    def files(self) -> list[Path]:
        """All finished files, sorted; none while the folder does not exist."""
        found = self._partition(self._folder)
        for partition in _folders(self._folder):
            found += self._partition(partition)
        return sorted(found)

    def _partition(self, folder: Path) -> list[Path]:
        try:
            changed = folder.stat().st_mtime_ns
            known = self._known.get(folder)
            if known and known[0] == changed:
                return list(known[1])
            found = [Path(entry.path) for entry in os.scandir(folder) if entry.is_file() and _final(entry.name)]
        except FileNotFoundError:
            return []
        # A folder that changed a moment ago may change once more within the same tick of its clock.
        if time.time() - changed / 1e9 > _SETTLED_S:
            self._known[folder] = (changed, found)
        return list(found)


def _folders(folder: Path) -> list[Path]:
    try:
        return [Path(entry.path) for entry in os.scandir(folder) if entry.is_dir() and _final(entry.name)]
    except FileNotFoundError:
        return []


def _final(name: str) -> bool:
    return not name.startswith((".", "_"))

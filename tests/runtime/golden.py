"""Golden files: SQL as it was last read by a person. ``MAINSTEM_GOLDEN=write pytest`` writes them anew."""

from __future__ import annotations

import os
from pathlib import Path

_FOLDER = Path(__file__).parent / "golden"


def check(name: str, text: str, *, replacing: dict[str, str] | None = None) -> None:
    """Compare with the file; ``replacing`` takes out what differs from run to run."""
    for old, new in (replacing or {}).items():
        text = text.replace(old, new)
    file = _FOLDER / name
    if os.environ.get("MAINSTEM_GOLDEN") == "write":
        file.write_text(text)
    assert text == file.read_text(), f"{name} differs: read the change, then write it with MAINSTEM_GOLDEN=write"

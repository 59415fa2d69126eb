"""Small JSON files that a reader sees whole or not at all."""

from __future__ import annotations

import json
import os
from pathlib import Path


def write_whole(path: Path, content: object) -> None:
    """Write JSON so that a reader sees the old text or the new one, never a part."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    draft.write_text(json.dumps(content))
    draft.replace(path)

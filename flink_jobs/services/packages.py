"""Where a Python package keeps the programs it carries."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

from flink_jobs.core.errors import PlatformError


def folder(module: str) -> Path:
    """The folder of an installed package, found without importing it. Raises PlatformError when it is missing."""
    found = importlib.util.find_spec(module)
    if found is None or found.origin is None:
        raise PlatformError(f"The package {module} is missing in {sys.prefix}. Remove that folder and start again.")
    return Path(found.origin).parent

"""Passwords and keys of the platform: random, made when first asked for, readable by their owner only."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from flink_jobs.core.settings import Settings


def file(settings: Settings, name: str) -> Path:
    folder = settings.folder("secrets")
    folder.chmod(0o700)
    return folder / name


def ensure(settings: Settings, name: str, size: int = 48) -> str:
    """The secret of this name, made of ``size`` random bytes when there is none."""
    path = file(settings, name)
    if not path.exists():
        part = path.with_suffix(f".{secrets.token_hex(8)}")  # threads of one start ask for one secret at once
        with open(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as out:
            out.write(secrets.token_urlsafe(size))
        try:
            os.link(part, path)  # unlike a rename it does not replace what another process made meanwhile
        except FileExistsError:
            pass
        finally:
            part.unlink()
    return path.read_text().strip()

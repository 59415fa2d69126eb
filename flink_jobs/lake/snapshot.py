"""One version of a table as a folder of its own, for an engine that reads folders and knows no Delta."""

from __future__ import annotations

import errno
import json
import os
import shutil
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flink_jobs.core.errors import LakeError
from flink_jobs.lake.active import ActiveFile, active_files
from flink_jobs.lake.schema import words_of
from flink_jobs.lake.table import Table

_NOTE = "_snapshot.json"
_NO_LINKS = {errno.EXDEV, errno.EPERM, errno.EMLINK, errno.ENOTSUP, errno.EOPNOTSUPP}


@dataclass(frozen=True)
class Snapshot:
    """The files of ``table`` at ``version``, flat in ``folder``; they stay whatever happens to the table."""

    table: str
    version: int
    folder: Path
    files: int
    rows: int
    bytes: int


def pin(
    table: Table,
    *,
    into: Path,
    version: int | None = None,
    partitions: Iterable[str] | None = None,
    columns: Mapping[str, str] | None = None,
) -> Snapshot:
    """Link the files of a version (by default the newest) into the folder ``into``, copying across devices.

    ``partitions`` limits it to those; ``columns`` (words by name) must be the table's. The folder appears whole or not
    at all; a second call for it returns the snapshot that is there, also when the table has moved on.
    """
    keys = None if partitions is None else sorted(set(partitions))
    if into.exists():
        return _known(table, into, version, keys)
    delta = table.open(version)
    _check_columns(table, words_of(delta), columns or {})
    files, pinned = active_files(delta, keys), delta.version()
    draft = into.with_name(f".{into.name}.{os.getpid()}")
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir(parents=True)
    for number, file in enumerate(files):
        _link(table, pinned, file, draft / f"{file.partition}-{number:06d}.parquet")
    rows, size = sum(file.rows for file in files), sum(file.size for file in files)
    snapshot = Snapshot(table.name, pinned, into, len(files), rows, size)
    (draft / _NOTE).write_text(json.dumps(_note(snapshot, keys)))
    draft.rename(into)
    return snapshot


def release(snapshot: Snapshot) -> None:
    """Delete the folder; the table's own files stay. Does nothing when it is gone already."""
    shutil.rmtree(snapshot.folder, ignore_errors=True)


def _link(table: Table, version: int, file: ActiveFile, target: Path) -> None:
    source = table.path / file.path
    try:
        os.link(source, target)
    except FileNotFoundError as error:
        raise LakeError(
            f"Version {version} of table '{table.name}' cannot be read any more: vacuum has deleted {file.path}. "
            "Read the newest version, or keep old files longer ('mainstem maintain --keep')."
        ) from error
    except OSError as error:
        if error.errno not in _NO_LINKS:
            raise
        shutil.copyfile(source, target)


def _check_columns(table: Table, known: Mapping[str, str], wanted: Mapping[str, str]) -> None:
    wrong = [f"'{c}' is missing" for c in wanted if c not in known]
    wrong += [f"'{c}' is {known[c]}, not {word}" for c, word in wanted.items() if c in known and known[c] != word]
    if wrong:
        raise LakeError(
            f"Table '{table.name}' cannot be read as declared: {'; '.join(wrong)}. It has: "
            f"{', '.join(f'{name} {word}' for name, word in known.items())}. Correct the dataset's columns."
        )


def _note(snapshot: Snapshot, keys: list[str] | None) -> dict[str, Any]:
    facts = {name: getattr(snapshot, name) for name in ("table", "version", "files", "rows", "bytes")}
    return {**facts, "partitions": keys}


def _known(table: Table, into: Path, version: int | None, keys: list[str] | None) -> Snapshot:
    try:
        note = json.loads((into / _NOTE).read_text())
    except FileNotFoundError as error:
        raise LakeError(f"{into} exists and is no snapshot of a table. Name a folder that does not exist.") from error
    if note["table"] != table.name or note["partitions"] != keys or version not in (None, note["version"]):
        raise LakeError(
            f"{into} holds version {note['version']} of table '{note['table']}', not what was asked for now. "
            "Release it first, or name another folder."
        )
    return Snapshot(note["table"], note["version"], into, note["files"], note["rows"], note["bytes"])

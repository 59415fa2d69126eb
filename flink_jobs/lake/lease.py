"""One live writer of a table at a time.

The lease is a lock of the operating system on a file beside the table: it ends with its process, however that ends.
It keeps two committers from doing each other's work; that no row is doubled does not rest on it, but on the log.
"""

from __future__ import annotations

import fcntl
import json
import os
import socket
from datetime import UTC, datetime
from typing import IO

from flink_jobs.core.errors import LakeError
from flink_jobs.core.event_time import iso
from flink_jobs.lake.table import Table


class Lease:
    """Held from construction to ``release``; raises LakeError, naming the holder, when somebody else has it."""

    def __init__(self, table: Table, owner: str) -> None:
        table.state.mkdir(parents=True, exist_ok=True)
        self._file: IO[str] = (table.state / "writer.lock").open("a+")
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            holder = _holder(self._file)
            self._file.close()
            raise LakeError(
                f"Table '{table.name}' is written by {holder}, so '{owner}' cannot write it too. "
                "Stop that process, or wait until it ends."
            ) from error
        self._note(owner)

    def release(self) -> None:
        """Let others write; may be called twice."""
        self._file.close()

    def _note(self, owner: str) -> None:
        facts = {"owner": owner, "pid": os.getpid(), "host": socket.gethostname(), "since": iso(datetime.now(UTC))}
        self._file.truncate(0)
        self._file.write(json.dumps(facts))
        self._file.flush()


def _holder(file: IO[str]) -> str:
    file.seek(0)
    try:
        facts = json.loads(file.read())
    except ValueError:  # The holder has the lock and has not written its name yet.
        return "another process"
    return f"'{facts['owner']}' (process {facts['pid']} on {facts['host']}, since {facts['since']})"

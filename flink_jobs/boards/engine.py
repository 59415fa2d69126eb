"""One DuckDB for all questions about boards: bounded memory, and answers that are kept while their version is the newest."""

from __future__ import annotations

import atexit
import shutil
import tempfile
from collections import OrderedDict
from collections.abc import Callable, Hashable
from functools import cache
from threading import Lock
from typing import TYPE_CHECKING, Any, TypeVar, cast

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

Answer = TypeVar("Answer")
_KEPT = 256


@cache
def _database() -> DuckDBPyConnection:
    import duckdb

    database = duckdb.connect()
    # What does not fit, such as the order of a large export, goes to a temporary folder.
    folder = tempfile.mkdtemp(prefix="mainstem-boards-").replace("'", "''")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    limits = ("memory_limit = '512MB'", "threads = 2", "parquet_metadata_cache = true", f"temp_directory = '{folder}'")
    for setting in limits:
        database.execute(f"SET GLOBAL {setting}")
    return database


def cursor() -> DuckDBPyConnection:
    """A connection of its own for one question, in UTC; other threads may have theirs at the same time."""
    connection = _database().cursor()
    connection.execute("SET TimeZone = 'UTC'")
    return connection


class Memory:
    """The latest answers by what was asked; the oldest are forgotten."""

    def __init__(self, most: int = _KEPT) -> None:
        self._most, self._lock = most, Lock()
        self._known: OrderedDict[Hashable, Any] = OrderedDict()

    def get(self, asked: Hashable, answer: Callable[[], Answer]) -> Answer:
        """The answer that is known, or else found and kept."""
        with self._lock:
            if asked in self._known:
                self._known.move_to_end(asked)
                return cast(Answer, self._known[asked])
        found = answer()
        with self._lock:
            self._known[asked] = found
            while len(self._known) > self._most:
                self._known.popitem(last=False)
        return found

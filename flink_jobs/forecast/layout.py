"""Layout: bytes of what the engine keeps, from the layout of its rows and the objects or texts around them.

A row is a bit for each NULL behind one byte, 8 bytes a column, and long texts behind that, all in words of 8 bytes. With
``r`` and ``k`` for the rows of an entry and of its key:

========  ==================================================  =====================================
form      heap                                                rocksdb, before compression
========  ==================================================  =====================================
rows      entries * (r + 264) + keys * (k + 600)              entries * (r + k + 36) + keys * 120
entries   entries * (r + k + 330)                             entries * (r + k + 40)
newest    entries * (2 * r + k + 1200)                        entries * (2 * r + 6 * k + 240)
values    entries * 100                                       entries * (r + k + 36)
marks     entries * (k + 210)                                 entries * (k + 40)
========  ==================================================  =====================================

264 is a row's object, its segment and array, and its place in a list of a map; 600 a key's own row and its places in four
tables; 330 the same for one table with a row in it; 1200 for six tables with two rows. A timer is among them. On disk half of
the right column is taken, because RocksDB compresses; ``benchmarks/state.py`` weighs both.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Literal

from flink_jobs.core.plan import StateBackend

Form = Literal["rows", "entries", "newest", "values", "marks"]
"""rows: many of one key in a map by time; entries: one row a key; newest: two rows a key; values: two numbers in a map of a
key; marks: a bit a key."""
COMPRESSED = 2
"""So many times their size RocksDB's files hold, or more."""
_INLINE = 7
"""A text up to so many bytes lies in the fixed part of a row."""


def bytes_of(
    form: Form, entries: int, keys: int, widths: Sequence[float | None], key: Sequence[float | None]
) -> dict[StateBackend, int]:
    """Bytes by backend; ``widths`` are the characters of each column of an entry and its key, None for one of fixed width."""
    r, k = _row(widths), _row(key)
    heap = {
        "rows": entries * (r + 264) + keys * (k + 600),
        "entries": entries * (r + k + 330),
        "newest": entries * (2 * r + k + 1200),
        "values": entries * 100,
        "marks": entries * (k + 210),
    }
    disk = {
        "rows": entries * (r + k + 36) + keys * 120,
        "entries": entries * (r + k + 40),
        "newest": entries * (2 * r + 6 * k + 240),
        "values": entries * (r + k + 36),
        "marks": entries * (k + 40),
    }
    return {"heap": heap[form], "rocksdb": disk[form] // COMPRESSED}


def _row(widths: Sequence[float | None]) -> int:
    texts = sum(_words(w) for w in widths if w is not None and w > _INLINE)
    return 8 * math.ceil((len(widths) + 8) / 64) + 8 * len(widths) + texts


def _words(text: float) -> int:
    return 8 * math.ceil(text / 8)

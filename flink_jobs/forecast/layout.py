"""Layout: bytes of the engine's rows in a backend, from the layout of its binary rows and the objects around them."""

from __future__ import annotations

import math
from collections.abc import Sequence

from flink_jobs.core.plan import StateBackend

_ENTRY = {"heap": 200, "rocksdb": 32}
"""Beside the row itself: on the heap the objects of a row and of its place in a map, on disk the prefix of a key and a time."""
_KEY = {"heap": 350, "rocksdb": 48}
"""For each key: on the heap its own row, its place in the table and its maps; on disk its timers and small values."""
_INLINE = 7
"""A text up to so many bytes lies in the fixed part of a row."""


def bytes_of(
    entries: int, keys: int, widths: Sequence[float | None], key: Sequence[float | None]
) -> dict[StateBackend, int]:
    """Bytes by backend of so many entries of so many keys.

    heap = entries * (row + 200) + keys * (key + 350); rocksdb = entries * (row + key + 32) + keys * 48, before compression.
    """
    row, name = _row(widths), _row(key)
    return {
        "heap": entries * (row + _ENTRY["heap"]) + keys * (name + _KEY["heap"]),
        "rocksdb": entries * (row + name + _ENTRY["rocksdb"]) + keys * _KEY["rocksdb"],
    }


def _row(widths: Sequence[float | None]) -> int:
    """A binary row: a bit for each NULL behind one byte, 8 bytes a column, and long texts behind that, in words of 8 bytes."""
    texts = sum(_words(w) for w in widths if w is not None and w > _INLINE)
    return 8 * math.ceil((len(widths) + 8) / 64) + 8 * len(widths) + texts


def _words(text: float) -> int:
    return 8 * math.ceil(text / 8)

"""Values of a column type at which engines part: the least, the greatest, nothing, what needs care as text."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

TEXTS = [
    "", " ", "ü", "u\u0308", "日本", "😀", "\uffff", "İıß", "שלום",
    "a\nb", 'say "no"', "it's", "back\\slash", "a|b", "NULL", "a!", "a",
]  # fmt: skip
SUMMED = 2**40
"""The greatest number of a column that is added up."""


def extremes(word: str, *, added: bool) -> list[Any]:
    """Huge, negative and smallest values; smaller ones where a column is ``added`` up."""
    if word.startswith("decimal"):
        digits, scale = map(int, word[8:-1].split(","))
        most = Decimal((10**digits - 1) // (4 if added else 1)).scaleb(-scale)
        least = Decimal(1).scaleb(-scale)
        return [most, -most, Decimal(0).scaleb(-scale), least, -least]
    top = {"bigint": SUMMED if added else 2**63 - 1, "int": 2**31 - 1}.get(word)
    if top is not None:
        return [top, -top - 1, 0, -1, top - 1]
    return {
        "double": [1.7976931348623157e308, -1e300, 5e-324, 0.1, -1 / 3],
        "boolean": [True, False],
        "string": ["x" * 300, "", "0", "-1", "9" * 40],
        "timestamp": [datetime(y, 12, 31, 23, 59, 59, 999_000, UTC) for y in (1969, 2038, 2100)],
    }[word]

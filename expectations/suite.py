"""Suite: the expectations of one partition, and columns computed for them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from great_expectations.expectations.expectation import Expectation


@dataclass(frozen=True)
class Suite:
    """``computed`` maps a column that only the suite sees to DuckDB SQL over the table's columns."""

    name: str
    expectations: tuple[Expectation, ...]
    computed: Mapping[str, str] = field(default_factory=dict)

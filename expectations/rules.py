"""One function a rule: a typed Great Expectations object with a severity and a title in plain words."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from great_expectations.expectations.core.expect_column_max_to_be_between import (
    ExpectColumnMaxToBeBetween,
)
from great_expectations.expectations.core.expect_column_min_to_be_between import ExpectColumnMinToBeBetween
from great_expectations.expectations.core.expect_column_pair_values_a_to_be_greater_than_b import (
    ExpectColumnPairValuesAToBeGreaterThanB,
)
from great_expectations.expectations.core.expect_column_values_to_be_between import (
    ExpectColumnValuesToBeBetween,
)
from great_expectations.expectations.core.expect_column_values_to_be_in_set import (
    ExpectColumnValuesToBeInSet,
)
from great_expectations.expectations.core.expect_column_values_to_be_unique import (
    ExpectColumnValuesToBeUnique,
)
from great_expectations.expectations.core.expect_column_values_to_not_be_null import (
    ExpectColumnValuesToNotBeNull,
)
from great_expectations.expectations.core.expect_compound_columns_to_be_unique import (
    ExpectCompoundColumnsToBeUnique,
)
from great_expectations.expectations.core.expect_table_row_count_to_be_between import (
    ExpectTableRowCountToBeBetween,
)
from great_expectations.expectations.expectation import Expectation
from great_expectations.expectations.metadata_types import FailureSeverity

CRITICAL, WARNING, INFO = FailureSeverity.CRITICAL, FailureSeverity.WARNING, FailureSeverity.INFO
Bound = float | datetime | None


def filled(column: str, title: str, severity: FailureSeverity = CRITICAL) -> Expectation:
    """Every row has a value."""
    return ExpectColumnValuesToNotBeNull(column=column, severity=severity, description=title)


def unique(columns: Sequence[str], title: str, severity: FailureSeverity = CRITICAL) -> Expectation:
    """No two rows have the same values in these columns."""
    if len(columns) == 1:
        return ExpectColumnValuesToBeUnique(column=columns[0], severity=severity, description=title)
    return ExpectCompoundColumnsToBeUnique(column_list=list(columns), severity=severity, description=title)


def between(
    column: str,
    title: str,
    severity: FailureSeverity = CRITICAL,
    *,
    low: Bound = None,
    high: Bound = None,
    below: Bound = None,
    mostly: float = 1,
) -> Expectation:
    """``low ≤ value ≤ high`` or ``low ≤ value < below`` in a share ``mostly`` of the rows that have a value."""
    return ExpectColumnValuesToBeBetween(
        column=column,
        min_value=low,
        max_value=high if below is None else below,
        strict_max=below is not None,
        mostly=mostly,
        severity=severity,
        description=title,
    )


def greatest(
    column: str, title: str, severity: FailureSeverity = CRITICAL, *, low: Bound = None, high: Bound = None
) -> Expectation:
    """The greatest value lies in ``low..high``."""
    return ExpectColumnMaxToBeBetween(
        column=column, min_value=low, max_value=high, severity=severity, description=title
    )


def least(
    column: str, title: str, severity: FailureSeverity = CRITICAL, *, low: Bound = None, high: Bound = None
) -> Expectation:
    """The smallest value lies in ``low..high``."""
    return ExpectColumnMinToBeBetween(
        column=column, min_value=low, max_value=high, severity=severity, description=title
    )


def known(column: str, values: Sequence[str], title: str, severity: FailureSeverity = CRITICAL) -> Expectation:
    """Every value is one of the listed."""
    return ExpectColumnValuesToBeInSet(column=column, value_set=list(values), severity=severity, description=title)


def not_above(small: str, great: str, title: str, severity: FailureSeverity = CRITICAL) -> Expectation:
    """``small ≤ great`` in every row that has both."""
    return ExpectColumnPairValuesAToBeGreaterThanB(
        column_A=great,
        column_B=small,
        or_equal=True,
        ignore_row_if="either_value_is_missing",
        severity=severity,
        description=title,
    )


def row_count(
    title: str, severity: FailureSeverity = CRITICAL, *, low: int | None = None, high: int | None = None
) -> Expectation:
    """The partition has ``low..high`` rows."""
    return ExpectTableRowCountToBeBetween(min_value=low, max_value=high, severity=severity, description=title)

"""Great Expectations judges: it names the metrics it needs, is handed them, and says whether each expectation holds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from flink_jobs.quality.frame import validate
from flink_jobs.quality.meter import (
    Unmeasured,
    columns_of,
    measurable,
    measure,
    row_condition,
)
from flink_jobs.quality.predicates import Condition
from flink_jobs.quality.rows import Rows

if TYPE_CHECKING:
    from great_expectations.core import ExpectationValidationResult
    from great_expectations.expectations.expectation import Expectation

_FORMAT = "BASIC"


@dataclass(frozen=True)
class Judged:
    """One expectation with its outcome; ``condition`` finds the failing rows, where there is one.

    ``error`` is set when nothing could be judged: a column is missing, or a metric cannot be computed.
    """

    expectation: Expectation
    success: bool
    result: dict[str, Any]
    condition: Condition | None = None
    error: str = ""


def judge(rows: Rows, expectations: Sequence[Expectation]) -> list[Judged]:
    """One outcome an expectation, in the order given."""
    needs = [_metrics(e) for e in expectations]
    lacking = [_lacking(rows, metrics) for metrics in needs]
    scanned = [not lack and all(measurable(m) for m in metrics) for lack, metrics in zip(lacking, needs, strict=True)]
    values = measure(rows, [m for metrics, ok in zip(needs, scanned, strict=True) if ok for m in metrics])
    slow = [i for i, ok in enumerate(scanned) if not ok and not lacking[i]]
    framed = dict(zip(slow, _framed(rows, [expectations[i] for i in slow], [needs[i] for i in slow]), strict=True))
    judged = []
    for i, expectation in enumerate(expectations):
        if lacking[i]:
            judged.append(Judged(expectation, False, {}, error=f"{lacking[i]} is missing"))
        elif i in framed:
            judged.append(_of(expectation, framed[i], None))
        else:
            judged.append(_measured(expectation, needs[i], values))
    return judged


def _measured(expectation: Expectation, metrics: Sequence[Any], values: dict[Any, Any]) -> Judged:
    broken = [v.why for m in metrics if isinstance(v := values[m.id], Unmeasured)]
    if broken:
        return Judged(expectation, False, {}, error=broken[0])
    try:
        outcome = expectation.metrics_validate(
            metrics=values, runtime_configuration={"result_format": _FORMAT}, execution_engine=_engine()
        )
    except (TypeError, ValueError) as error:
        return Judged(expectation, False, {}, error=str(error))
    return _of(expectation, outcome, _condition(metrics))


def _metrics(expectation: Expectation) -> list[Any]:
    needed = expectation.get_validation_dependencies(
        execution_engine=_engine(), runtime_configuration={"result_format": _FORMAT}
    )
    return list(needed.get_metric_configurations())


@cache
def _engine() -> Any:
    """Great Expectations asks for an engine even where it is handed every number."""
    from great_expectations.execution_engine.pandas_execution_engine import (
        PandasExecutionEngine,
    )

    return PandasExecutionEngine()


def _lacking(rows: Rows, metrics: Sequence[Any]) -> str:
    return ", ".join(rows.missing(columns_of(metrics)))


def _condition(metrics: Sequence[Any]) -> Condition | None:
    """The condition of the expectation itself, not of the null count that it also asks for."""
    found = [c for m in metrics if m.metric_name.endswith(".unexpected_values") and (c := row_condition(m))]
    return found[0] if found else None


def _framed(
    rows: Rows, slow: Sequence[Expectation], needs: Sequence[Sequence[Any]]
) -> list[ExpectationValidationResult]:
    if not slow:
        return []
    columns = {c for metrics in needs for c in columns_of(metrics)}
    whole = any(not columns_of(metrics) for metrics in needs)
    return validate(rows, slow, [] if whole else sorted(columns))


def _of(expectation: Expectation, outcome: ExpectationValidationResult, condition: Condition | None) -> Judged:
    return Judged(expectation, bool(outcome.success), dict(outcome.result), condition, _error(outcome))


def _error(outcome: ExpectationValidationResult) -> str:
    """The text of an exception inside Great Expectations; one per metric, or one for the whole."""
    info: Any = outcome.exception_info or {}
    found = [info] if "raised_exception" in info else list(info.values())
    return next((str(e["exception_message"]) for e in found if e.get("raised_exception")), "")

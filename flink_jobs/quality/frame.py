"""The slow way for expectations without SQL: Great Expectations' own pandas engine over the columns they need."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from flink_jobs.quality.rows import VIEW, Rows, quoted

if TYPE_CHECKING:
    from great_expectations.core import ExpectationValidationResult
    from great_expectations.expectations.expectation import Expectation


def validate(
    rows: Rows, expectations: Sequence[Expectation], columns: Sequence[str]
) -> list[ExpectationValidationResult]:
    """One result an expectation, in order. Only ``columns`` are read into memory (all when none is named)."""
    import great_expectations as gx
    from great_expectations.core.validation_definition import ValidationDefinition
    from great_expectations.data_context.types.base import ProgressBarsConfig

    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = ProgressBarsConfig(globally=False)
    whole = context.data_sources.add_pandas("rows").add_dataframe_asset("partition")
    suite = gx.ExpectationSuite(name="suite", expectations=[_own(e) for e in expectations])
    definition = ValidationDefinition(
        name="check", data=whole.add_batch_definition_whole_dataframe("whole"), suite=context.suites.add(suite)
    )
    run = context.validation_definitions.add(definition).run(
        batch_parameters={"dataframe": _frame(rows, columns)}, result_format={"result_format": "SUMMARY"}
    )
    # Results come back in another order than the suite's, so each is found by the identity the suite gave it.
    found = {result.expectation_config.id: result for result in run.results if result.expectation_config}
    missing = [e.expectation_type for e in suite.expectations if e.id not in found]
    if missing:
        raise RuntimeError(f"Great Expectations did not evaluate {', '.join(missing)}.")
    return [found[e.id] for e in suite.expectations]


def _own(expectation: Expectation) -> Expectation:
    """A copy, because a suite takes possession of what it is given."""
    return expectation.copy()


def _frame(rows: Rows, columns: Sequence[str]) -> Any:
    names = ", ".join(quoted(c) for c in columns) or "*"
    return rows.connection.execute(f"SELECT {names} FROM {VIEW}").df()

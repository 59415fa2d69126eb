"""Expectations that Great Expectations does not ship. Each judges numbers that the check has measured."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from great_expectations.expectations.expectation import BatchExpectation

if TYPE_CHECKING:
    from great_expectations.execution_engine.execution_engine import ExecutionEngine


class ExpectDeclaredColumns(BatchExpectation):
    """The files have exactly the declared columns with the declared types; order does not matter."""

    columns: dict[str, str]

    metric_dependencies: ClassVar[tuple[str, ...]] = ("table.column_types",)
    success_keys: ClassVar[tuple[str, ...]] = ("columns",)
    args_keys: ClassVar[tuple[str, ...]] = ("columns",)

    def _validate(
        self,
        metrics: dict[Any, Any],
        runtime_configuration: dict[Any, Any] | None = None,
        execution_engine: ExecutionEngine[Any] | None = None,
    ) -> dict[Any, Any]:
        found = {column["name"]: column["type"] for column in metrics["table.column_types"]}
        wrong = [f"{c} is missing" for c in self.columns if c not in found]
        wrong += [f"{c} was not declared" for c in found if c not in self.columns]
        wrong += [f"{c} is {found[c]}, not {t}" for c, t in self.columns.items() if found.get(c, t) != t]
        return {"success": not wrong, "result": {"observed_value": "; ".join(wrong) or f"{len(found)} columns"}}


class ExpectQuarantineShare(BatchExpectation):
    """Of all records of the partition, at most ``max_share`` could not be read."""

    quarantined: int
    max_share: float

    metric_dependencies: ClassVar[tuple[str, ...]] = ("table.row_count",)
    success_keys: ClassVar[tuple[str, ...]] = ("quarantined", "max_share")
    args_keys: ClassVar[tuple[str, ...]] = ("quarantined", "max_share")

    def _validate(
        self,
        metrics: dict[Any, Any],
        runtime_configuration: dict[Any, Any] | None = None,
        execution_engine: ExecutionEngine[Any] | None = None,
    ) -> dict[Any, Any]:
        records = metrics["table.row_count"] + self.quarantined
        share = self.quarantined / records if records else 0.0
        seen = f"{self.quarantined:,} of {records:,} records ({share:.3%})"
        return {"success": share <= self.max_share, "result": {"observed_value": seen}}

"""All cases that share an input as one pipeline, so that one job proves every operator at once."""

from __future__ import annotations

from typing import Any

from flink_jobs.core.operator import Operator
from flink_jobs.core.pipeline import Pipeline, Publication
from tests.operators.cases import Case


def together(name: str, cases: list[Case]) -> Pipeline:
    """Steps get the number of their case in front, and each case's result becomes a table."""
    datasets: dict[str, Any] = {}
    steps: dict[str, Operator] = {}
    publish: dict[str, Publication] = {}
    for number, case in enumerate(cases):
        datasets |= {n: d for n, (d, _) in case.inputs.items()}
        renamed = {n: f"c{number}_{n}" for n in case.steps}
        steps |= {renamed[n]: step.renamed(renamed[n], renamed) for n, step in case.steps.items()}
        publish[f"case_{number}"] = Publication(source=renamed[case.result])
    return Pipeline(name=name, datasets=datasets, steps=steps, publish=publish)


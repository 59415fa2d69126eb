"""Fields of the trigger form that several DAGs share."""

from __future__ import annotations

from airflow.sdk import Param

ASKED = {
    "pipeline": "{{ params.pipeline }}",
    "parallelism": "{{ params.parallelism }}",
    "unproven": "{{ params.unproven }}",
}
"""What a task that publishes takes from the form of ``partition`` or ``live``."""


def partition(of: str, doing: str) -> dict[str, Param]:
    """The form of a DAG that builds a day of a pipeline's tables; ``doing`` is its verb."""
    asked = day("Day", f"UTC day to {doing}, where the run has no partition key.")
    return {"pipeline": pipeline(of), "parallelism": parallelism(), "unproven": unproven(), "partition": asked}


def live(of: str) -> dict[str, Param]:
    """The form of a DAG that keeps a pipeline's live job running."""
    words = "First event time to publish, e.g. 2017-12-01 (UTC); empty: where batch ends."
    return {
        "pipeline": pipeline(of),
        "parallelism": parallelism(),
        "unproven": unproven(),
        "fence": text("", "Fence", words),
    }


def pipeline(default: str) -> Param:
    """A pipeline by name or file."""
    return Param(
        default, type="string", title="Pipeline", description="Name of a shipped pipeline, or the path of a YAML file."
    )


def parallelism(default: int = 1) -> Param:
    """Flink slots of one job."""
    return Param(
        default,
        type="integer",
        minimum=1,
        maximum=128,
        title="Parallelism",
        description="Flink slots that one job takes.",
    )


def unproven() -> Param:
    """Publish without a proof."""
    return Param(
        False,
        type="boolean",
        title="Unproven",
        description="Publish a version that no proof stands for (prove_features makes one); the commits and every page say so.",
    )


def day(title: str, description: str, default: str | None = None) -> Param:
    """A UTC day."""
    kind: str | list[str] = "string" if default else ["null", "string"]
    return Param(default, type=kind, format="date", title=title, description=description)


def text(default: str, title: str, description: str) -> Param:
    """A text that may stay empty."""
    return Param(default, type=["null", "string"], title=title, description=description)

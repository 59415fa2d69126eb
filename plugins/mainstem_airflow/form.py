"""Fields of the trigger form that several DAGs share."""

from __future__ import annotations

from airflow.sdk import Param


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

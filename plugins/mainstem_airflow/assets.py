"""Published tables as Airflow assets: one name for a table, its asset, its suite and its pages."""

from __future__ import annotations

from airflow.sdk import Asset


def table(name: str) -> Asset:
    """The asset of a lake table; its events carry a partition key, rows and the Delta version."""
    return Asset(name=name, uri=f"lake://tables/{name}", group="lake")

"""Lateness: which rows of raw tables a live job may have dropped, judged by when they became known.

A live job's watermark is not recorded, so it is bounded from above: of a dataset it is at most the latest event time known so
far less the delay, and where a topic had been silent for so long that the engine no longer waited for it, at most what the
other datasets had reached. A row above the bound was surely in time; one below may have been late. Repairing a partition for
a row that was not late changes nothing in it.
"""

from __future__ import annotations

from collections.abc import Mapping

IDLE_MS = 7_500
"""A silence after which a topic may no longer hold the watermark back: half of what the engine is told, because known times
are those of the broker and not those of the engine."""


def late(datasets: Mapping[str, int]) -> str:
    """DuckDB SELECT of ``d, t, k, id, loaded`` from the view ``known`` with these columns: rows that may have been late.

    ``datasets`` maps a dataset to its watermark delay. ``t`` is the event time and ``k`` the known time (epoch ms);
    ``loaded`` rows came from files, so no live job has seen them in its topic.
    """
    delays = " ".join(f"WHEN '{name}' THEN {max(delay, 1)}" for name, delay in datasets.items())
    return (
        f"WITH marks AS (SELECT d, k, MAX(t) - CASE d {delays} END AS w FROM known WHERE NOT loaded GROUP BY d, k), "
        "own AS (SELECT d, k, MAX(w) OVER past AS own, LAG(k) OVER past AS last FROM marks "
        "WINDOW past AS (PARTITION BY d ORDER BY k)), "
        "every AS (SELECT DISTINCT k, MAX(w) OVER (ORDER BY k) AS reached FROM marks), "
        "bound AS (SELECT d, k, own, MAX(reached) FILTER (last IS NULL OR k - last > "
        f"{IDLE_MS}) OVER (PARTITION BY d ORDER BY k) AS waited FROM own JOIN every USING (k)) "
        "SELECT known.d, known.t, known.k, known.id, known.loaded FROM known LEFT JOIN bound USING (d, k) "
        "WHERE loaded OR t <= GREATEST(own, COALESCE(waited, own))"
    )

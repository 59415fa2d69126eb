"""Lateness: which rows of raw tables a live job may have dropped, judged by what stood before them in their topic.

A live job's watermark is not recorded, so it is bounded from above. The engine keeps a watermark for each partition of a
topic and goes by the least of them, so when it reads a row it has come at most to the latest event time before that row in
its partition, less the delay. Only where a partition had been silent for so long that the engine no longer waited for it can
the watermark have come as far as the others had. A row above the bound was surely in time; one below may have been late.
Repairing a partition for a row that was not late changes nothing in it.
"""

from __future__ import annotations

from collections.abc import Mapping

IDLE_MS = 7_500
"""A silence after which a topic may no longer hold the watermark back: half of what the engine is told, because known times
are those of the broker and not those of the engine."""


def late(datasets: Mapping[str, int]) -> str:
    """DuckDB SELECT of ``d, t, k, id, loaded`` from the view ``known``: rows that may have been late.

    ``known`` has the dataset ``d``, the event time ``t`` and known time ``k`` (epoch ms), the place in the topic ``p`` and ``o``,
    and a hash ``id`` of the key. ``loaded`` rows came from files, so no live job has seen them in its topic. ``datasets`` maps a
    dataset to its watermark delay.
    """
    delays = " ".join(f"WHEN '{name}' THEN {delay}" for name, delay in datasets.items())
    return (
        f"WITH sent AS (SELECT *, t - CASE d {delays} END AS w FROM known WHERE NOT loaded), "
        "reached AS (SELECT d, p, k, MAX(MAX(w)) OVER (PARTITION BY d, p ORDER BY k) AS w FROM sent GROUP BY d, p, k), "
        "paused AS (SELECT d, p, o, k, k - LAG(k) OVER (PARTITION BY d, p ORDER BY o) AS pause FROM sent), "
        "alone AS (SELECT paused.*, s.d AS other_d, s.p AS other_p FROM paused JOIN (SELECT DISTINCT d, p FROM sent) s "
        f"ON s.d <> paused.d OR s.p <> paused.p WHERE pause IS NULL OR pause > {IDLE_MS}), "
        "resumed AS (SELECT a.d, a.p, a.o, MAX(r.w) AS others FROM alone a ASOF JOIN reached r "
        "ON r.d = a.other_d AND r.p = a.other_p AND a.k >= r.k GROUP BY ALL), "
        "bound AS (SELECT *, MAX(w) OVER (PARTITION BY d, p ORDER BY o ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS own, "
        "MAX(others) OVER (PARTITION BY d, p ORDER BY o ROWS UNBOUNDED PRECEDING) AS waited "
        "FROM sent LEFT JOIN resumed USING (d, p, o)) "
        "SELECT d, t, k, id, loaded FROM bound WHERE t <= GREATEST(own, waited) "
        "UNION ALL SELECT d, t, k, id, loaded FROM known WHERE loaded"
    )

"""Explained: the nodes in which the engine joins, sorts and keeps state, from its own plan of a job that is not run."""

from __future__ import annotations

import re
import uuid

from flink_jobs.core.plan import Files, Job, Plan, Topics
from flink_jobs.core.settings import Settings
from flink_jobs.runtime import client

_NODE = re.compile(r"(\w*(?:Join|Aggregate|Rank|Deduplicate|Match|Limit)\(.*)")
_REUSED = re.compile(r"\(reuse_id=\[\d+\]\)")
_PLAN = "== Optimized Execution Plan =="


def nodes(plan: Plan, settings: Settings) -> list[str]:
    """One line a node, the last of the job first. Needs the platform's job server; raises PlatformError without it."""
    text = client.explain(_job(plan, settings), settings=settings)
    return shortened(text.partition(_PLAN)[2] or text)


def shortened(text: str) -> list[str]:
    """The nodes of a plan's text without the columns that they hand on, each once."""
    found = (m[1] for m in map(_NODE.search, _REUSED.sub("", text).splitlines()) if m)
    return list(dict.fromkeys(node.partition(", select=[")[0].removesuffix(")") + ")" for node in found))


def _job(plan: Plan, settings: Settings) -> Job:
    """Bound to topics that need not be there, or to an empty folder."""
    empty, live = settings.folder("explained"), plan.end_ms is None
    return Job(
        job_id=uuid.uuid4().hex,
        name=f"explain {plan.pipeline}",
        plan=plan,
        live=live,
        sources={
            d.name: Topics(topics=(d.topic_name,), bootstrap=settings.kafka) if live else Files(folder=str(empty))
            for d in plan.datasets
        },
        sinks={o.table: str(empty / o.table) for o in plan.outputs},
    )

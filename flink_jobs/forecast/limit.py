"""Limit: how much state a live job may keep on this machine, and the refusal of one that would keep more."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Mapping
from dataclasses import dataclass

from flink_jobs.core.errors import DeclarationError, StateTooLarge
from flink_jobs.core.pipeline import Pipeline
from flink_jobs.core.plan import StateBackend
from flink_jobs.core.settings import Settings
from flink_jobs.forecast.size import Size
from flink_jobs.services.flink_config import task_manager_heap

VARIABLE = "MAINSTEM_STATE_LIMIT"
_UNITS = {"m": 1 << 20, "g": 1 << 30, "t": 1 << 40}
_SHARE = 2
"""Half of the heap: the other half is for rows on their way, and for what changes while a checkpoint is written. Half of the
free disk: a checkpoint is a second copy."""


@dataclass(frozen=True)
class Limit:
    """Bytes of state, and where the number comes from."""

    bytes: int
    source: str


def limit(settings: Settings, backend: StateBackend, stated: str = "", env: Mapping[str, str] | None = None) -> Limit:
    """The limit of a live job: ``stated``, else MAINSTEM_STATE_LIMIT, else half of what the backend has here."""
    env = os.environ if env is None else env
    if stated:
        return Limit(parse_size(stated, "--state-limit"), "--state-limit")
    if env.get(VARIABLE):
        return Limit(parse_size(env[VARIABLE], VARIABLE), VARIABLE)
    if backend == "heap":
        return Limit(task_manager_heap(env) // _SHARE, "half of the TaskManager's heap")
    there = next(p for p in (settings.home, *settings.home.parents) if p.exists())
    return Limit(shutil.disk_usage(there).free // _SHARE, "half of the free disk")


def parse_size(text: str, where: str) -> int:
    """Bytes of ``800m``, ``2g`` or ``1t``; raises DeclarationError."""
    found = re.fullmatch(r"([1-9]\d*)([mgt])", text)
    if not found:
        raise DeclarationError(f"{where} is '{text}', but must be a size like '800m' or '20g'.")
    return int(found[1]) * _UNITS[found[2]]


def told(size: int) -> str:
    """Bytes for people: 3_400_000 → 3.2 MB."""
    for unit, name in ((1 << 40, "TB"), (1 << 30, "GB"), (1 << 20, "MB"), (1 << 10, "kB")):
        if size >= unit:
            return f"{size / unit:,.1f} {name}"
    return f"{size} B"


def refusal(name: str, pipeline: Pipeline, found: Size, backend: StateBackend, most: Limit) -> str:
    """Why a live job may not start, and what to do; empty when it may, or when nothing could be estimated."""
    if not found.known or found.total(backend) <= most.bytes:
        return ""
    step, parts = found.largest(backend)
    kept = sum(p.bytes[backend] for p in parts)
    of = f"step '{step}' ({parts[0].verb})" if parts[0].verb else f"the source of '{step}'"
    listed = "".join(f"\n  • {p.what}: {p.entries:,} entries, {told(p.bytes[backend])}" for p in parts[:3])
    place = "on the heap" if backend == "heap" else "on disk"
    cures = "".join(f"\n  - {cure}" for cure in _cures(step, pipeline, found, backend))
    return (
        f"The live job '{name}' would keep about {told(found.total(backend))} of state {place}, and its limit is "
        f"{told(most.bytes)} ({most.source}). It is not started.\n"
        f"Most of it, {told(kept)}, is kept by {of}:{listed}\n"
        f"The numbers follow from the rows of {found.day}. One of these helps:{cures}"
    )


def refuse(name: str, pipeline: Pipeline, found: Size, backend: StateBackend, most: Limit) -> None:
    """Raise StateTooLarge for a job above its limit."""
    text = refusal(name, pipeline, found, backend, most)
    if text:
        raise StateTooLarge(text)


def _cures(step: str, pipeline: Pipeline, found: Size, backend: StateBackend) -> list[str]:
    declared = pipeline.steps.get(step)
    if declared is not None:
        cures = [f"in '{step}': {declared.smaller}"]
    else:
        cures = [
            f"shorter look-backs in the steps over '{step}': a key is remembered for the whole look-back and 7 days"
        ]
    if backend == "heap":
        cures.append(f"--state-backend rocksdb, which keeps it on disk: about {told(found.total('rocksdb'))}")
        cures.append("a larger heap: MAINSTEM_TM_MEMORY=8g in front of './mainstem up'")
    else:
        cures.append("a larger disk under MAINSTEM_HOME")
    need = -(-found.total(backend) * 5 // 4 >> 20)
    return [*cures, f"--state-limit {need}m (or {VARIABLE}), if you know better"]

"""Names of runs and jobs: readable for people, fixed for the engine, so that asking twice never runs twice."""

from __future__ import annotations

import hashlib
import re

from flink_jobs.core.errors import DeclarationError
from flink_jobs.core.event_time import Span

_RUN_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")


def run_id(text: str) -> str:
    """The text, when it can name a run folder; raises DeclarationError."""
    if not _RUN_ID.fullmatch(text):
        raise DeclarationError(
            f"'{text}' cannot be a run id. Take letters, digits, dot, dash and underscore, 100 characters at most."
        )
    return text


def fresh_run_id(pipeline: str, span: Span, seed: str) -> str:
    """A run id that shows what runs; ``seed`` tells two runs of one span apart."""
    digest = hashlib.sha256(f"{pipeline}|{span}|{seed}".encode()).hexdigest()[:8]
    return f"{pipeline}-{span.start:%Y%m%dT%H}-{digest}"


def job_id(of_run: str) -> str:
    """The engine's job id of a run: 32 hex digits."""
    return hashlib.sha256(of_run.encode()).hexdigest()[:32]

"""Readiness: a partition is complete when the watermark of its input has passed its end, not when a clock says so."""

from __future__ import annotations

import asyncio
import logging
from datetime import datetime

from flink_jobs.core.event_time import Span, iso, parse_utc
from mainstem_airflow.patience import Patience, steady
from mainstem_airflow.runs_api import Record, RunsApi

_PAUSE_S = 15.0
_PATIENCE_S = 900.0


async def wait_for_watermark(api: RunsApi, live: str, span: Span, log: logging.Logger) -> bool:
    """Wait until the live job has passed the end of the span; false when no such job runs, so that nothing arrives."""
    patience, told = Patience(_PATIENCE_S), False
    while True:
        record = await steady(lambda: api.show_live(live), patience, log)
        if record is None or record.get("wanted") == "stopped":
            return False
        at = watermark(record)
        if at is not None and span.end is not None and at >= span.end:
            log.info("Watermark of '%s' is %s: the partition is complete.", live, iso(at))
            return True
        if not told:
            log.info("Waiting until the watermark of '%s' (%s) passes %s.", live, iso(at) if at else "none yet", span)
        told = True
        await asyncio.sleep(_PAUSE_S)


def watermark(record: Record) -> datetime | None:
    """The watermark of a live job's record."""
    text = record.get("watermark")
    return parse_utc(str(text)) if text else None

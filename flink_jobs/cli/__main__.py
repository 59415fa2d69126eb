"""``python -m flink_jobs.cli`` is ``mainstem``."""

from __future__ import annotations

from flink_jobs.cli import main

main()

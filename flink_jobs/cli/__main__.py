"""``python -m flink_jobs.cli`` is ``mainstem``."""

from __future__ import annotations

from flink_jobs.cli import main

if __name__ == "__main__":  # the search for verbs imports this file too
    main()

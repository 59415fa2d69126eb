"""Finished files of a run folder, and the partition their path names."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import unquote

from flink_jobs.core.errors import LakeError
from flink_jobs.core.event_time import Partitioning

_KEYS: Mapping[Partitioning, re.Pattern[str]] = {
    "day": re.compile(r"\d{4}-\d\d-\d\d"),
    "hour": re.compile(r"\d{4}-\d\d-\d\dT\d\d"),
}
_EXAMPLES: Mapping[Partitioning, str] = {"day": "2017-11-25", "hour": "2017-11-25T08"}
_NULLS = ("__HIVE_DEFAULT_PARTITION__", "__DEFAULT_PARTITION__")


def final_files(folder: Path) -> list[Path]:
    """Files that the engine has finished, sorted; none when the folder does not exist.

    Names that begin with a dot or an underscore are files still being written, or notes.
    """
    found = []
    for here, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if not name.startswith(("_", "."))]
        found += [Path(here, name) for name in names if not name.startswith(("_", "."))]
    return sorted(found)


def partition_of(file: Path, by: Partitioning, table: str) -> str:
    """The partition key that the folder names, such as ``2017-11-25``; raises LakeError when it names none."""
    name, _, value = file.parent.name.partition("=")
    if name != by or not value:
        raise LakeError(f"{file} does not lie in a '{by}=…' folder, so its partition in '{table}' is unknown.")
    if value in _NULLS:
        raise LakeError(
            f"Table '{table}' would get rows without a {by}: their event time is null ({file}). "
            "Send such rows to quarantine, or filter them out in the pipeline."
        )
    key = unquote(value)
    if not _KEYS[by].fullmatch(key):
        raise LakeError(
            f"{file} lies in the partition '{key}', which is no {by} of '{table}'. Write the partition column as text "
            f"such as {_EXAMPLES[by]}; the engine writes a DATE there as a number."
        )
    return key

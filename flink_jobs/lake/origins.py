"""Origins: what each partition of a published table was computed from, as the log tells, remembered when the log forgets.

The log drops commits after a month; who asks for a repair then still wants to know what a partition had read. So what the log
says is kept in a note beside the table, and each look adds the commits since the last one.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from flink_jobs.core.event_time import Span, parse_utc, to_ms
from flink_jobs.lake.log import commits
from flink_jobs.lake.table import Table
from flink_jobs.lake.whole import write_whole


@dataclass(frozen=True)
class Published:
    """A batch commit that replaced a partition: when (epoch ms of the wall clock), the table versions it had read, and the
    version of the pipeline."""

    version: int
    at_ms: int
    run_id: str
    inputs: Mapping[str, int] = field(hash=False)
    pipeline_version: str = ""


@dataclass(frozen=True)
class Opened:
    """A commit that gave the partitions from ``live_from_ms`` on to a live run."""

    version: int
    at_ms: int
    run_id: str
    live_from_ms: int


@dataclass(frozen=True)
class Origins:
    """All that is known up to version ``through`` of the table."""

    through: int = -1
    published: Mapping[str, Published] = field(default_factory=dict)
    opened: tuple[Opened, ...] = ()

    def of(self, partition: str) -> Published | Opened | None:
        """What wrote the partition last: a batch, or the live run that took it since; None: nobody knows."""
        batch = self.published.get(partition)
        start = Span.of_partition(partition).start_ms
        live = max((o for o in self.opened if o.live_from_ms <= start), key=lambda o: o.version, default=None)
        if batch is not None and (live is None or live.version < batch.version):
            return batch
        return live


def origins(table: Table) -> Origins:
    """What the note and the log tell of every partition."""
    known = _read(table)
    fresh: list[dict[str, Any]] = []
    for entry in commits(table):
        if entry["version"] <= known.through:
            break
        fresh.append(entry)
    if not fresh:
        return known
    published, opened = dict(known.published), list(known.opened)
    for entry in reversed(fresh):
        _take(entry, published, opened)
    found = Origins(int(fresh[0]["version"]), published, tuple(opened))
    write_whole(table.state / "origins.json", asdict(found))
    return found


def _take(entry: Mapping[str, Any], published: dict[str, Published], opened: list[Opened]) -> None:
    version, at_ms = int(entry["version"]), int(entry["timestamp"])
    if entry.get("mainstem.action") == "publish":
        inputs = json.loads(entry.get("mainstem.inputs") or "{}")
        run, of = str(entry.get("mainstem.run") or ""), str(entry.get("mainstem.version") or "")
        made = Published(version, at_ms, run, inputs, of)
        published.update(dict.fromkeys(json.loads(entry.get("mainstem.partitions") or "[]"), made))
    elif entry.get("mainstem.live_run") and entry.get("mainstem.fence"):
        live_from = to_ms(parse_utc(str(entry["mainstem.fence"])))
        opened.append(Opened(version, at_ms, str(entry["mainstem.live_run"]), live_from))


def _read(table: Table) -> Origins:
    try:
        facts = json.loads((table.state / "origins.json").read_text())
    except FileNotFoundError:
        return Origins()
    published = {key: Published(**one) for key, one in facts["published"].items()}
    return Origins(facts["through"], published, tuple(Opened(**one) for one in facts["opened"]))

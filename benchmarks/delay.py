"""From an event to its place on the board: how long, while events come at a steady rate.

``python -m benchmarks.delay --rate 50000 --seconds 120``. A live job keeps the hundred most seen items of each second and its
committer publishes them; two readers look at the board with the functions that the page's endpoints use, one ten times a
second (``readable``), one as often as the page does (``on_page``). Where the job falls behind, the next lower rate is tried.
In the end every list must be that of the same events in DuckDB. One JSON line a rate; exit code 1 when a row differs or no
rate was kept up.

A delay counts from the end of a list's second, when its last event was made, or from the newest event of each row. In it are
the watermark delay (1 s), the wait for the next checkpoint (some 2 s apart), the committer's turn (1 s) and the reader's.
With ``--trusted form once`` the sender guarantees what it does keep, and the job takes it at its word.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import get_args

from benchmarks.measure import cost, own_platform
from benchmarks.readers import Reader, reading
from benchmarks.steady import Flow, Sending
from flink_jobs.core.dataset import Guarantee
from flink_jobs.core.settings import Settings
from flink_jobs.ingest import registration
from flink_jobs.ingest.replay import make_topics
from flink_jobs.jobs.catalog import find
from flink_jobs.lake.sql import query
from flink_jobs.reference.run import connect
from flink_jobs.runs import live

PIPELINE = str(Path(__file__).with_suffix(".yaml"))
BOARD, TOPIC = "delay_board", "events"
RATES = (50_000, 30_000, 20_000, 10_000)
WINDOW_MS, WATERMARK_MS, DRAIN_S = 1_000, 1_000, 300
BEHIND_S = 2.0
"""How much later lists of the last third may come than those of the first before the job counts as falling behind."""


def step(settings: Settings, readers: Mapping[str, Reader], sending: Sending, warm_up_s: int) -> tuple[Flow, bool]:
    """One rate to its end; prints what came of it, and tells whether the job kept up."""
    flows: list[Flow] = []
    made, quick = cost(settings, lambda: flows.append(sending.result())), readers["readable"].seen
    flow, shown = flows[0], max(quick, default=0)
    drained = _wait([reader.seen for reader in readers.values()], until=flow.complete_ms(WATERMARK_MS, WINDOW_MS))
    ends = range(flow.start_ms + warm_up_s * 1000 + WINDOW_MS, flow.complete_ms(WATERMARK_MS, WINDOW_MS) + 1, WINDOW_MS)
    third = max(1, len(ends) // 3)
    early, late = (_spread(_since_end(quick, some))["p50"] for some in (ends[:third], ends[-third:]))
    reached = round(flow.sent / flow.seconds)
    kept_up = drained and reached >= 0.98 * flow.rate and late - early <= BEHIND_S
    facts: dict[str, object] = {
        "rate": flow.rate,
        "reached": reached,
        "seconds": round(flow.seconds, 1),
        "kept_up": kept_up,
    }
    for name, reader in readers.items():
        facts[f"end_of_window_to_{name}_s"] = _spread(_since_end(reader.seen, ends))
        facts[f"newest_event_of_row_to_{name}_s"] = _spread(_since_newest(settings, reader.seen, ends))
    facts |= {"p50_of_first_third_s": early, "p50_of_last_third_s": late, "producer_late_ms": flow.late_ms}
    facts |= {
        "sent_but_not_on_the_board_at_the_end": max(0, flow.end_ms - max(shown, flow.start_ms)) * flow.rate // 1000
    }
    print(json.dumps(facts | {"cores_used": round(made.cpu / made.wall, 2)}), flush=True)
    return flow, kept_up


def _wait(seen: Sequence[Mapping[int, int]], *, until: int) -> bool:
    """Whether all have seen the list that ends then within ``DRAIN_S``."""
    deadline = time.monotonic() + DRAIN_S
    while not (there := all(max(one, default=0) >= until for one in seen)) and time.monotonic() < deadline:
        time.sleep(0.2)
    return there


def _since_end(seen: Mapping[int, int], ends: Iterable[int]) -> list[float]:
    """Seconds from the end of each window to its list; a list that was not seen has none."""
    return [(seen[end] - end) / 1000 for end in ends if end in seen]


def _since_newest(settings: Settings, seen: Mapping[int, int], ends: range) -> list[float]:
    rows = f"SELECT epoch_ms(window_end) AS e, epoch_ms(newest) FROM {BOARD} WHERE e BETWEEN {ends[0]} AND {ends[-1]}"
    return [(seen[end] - newest) / 1000 for end, newest in query(settings.lake, rows).rows if end in seen]


def _spread(values: Sequence[float]) -> dict[str, float]:
    ordered = sorted(values) or [float("inf")]
    places = {"p50": 0.5, "p90": 0.9, "p99": 0.99, "max": 1.0}
    found = {
        name: round(ordered[min(int(share * len(ordered)), len(ordered) - 1)], 2) for name, share in places.items()
    }
    return found | {"samples": len(values)}


def differing(settings: Settings, flows: Sequence[Flow]) -> tuple[int, int]:
    """Rows of the board, and how many are only there or only in what DuckDB makes of the same events."""
    columns = "window_end, item_id, n, newest, rank"
    ours = f"SELECT epoch_ms(window_end), item_id, n, epoch_ms(newest), rank FROM {BOARD}"
    found = query(settings.lake, ours).rows
    db = connect()
    events = " UNION ALL ".join(flow.sql for flow in flows)
    counts = (
        f"SELECT ms - ms % {WINDOW_MS} + {WINDOW_MS} AS window_end, item_id, count(*) AS n, max(ms) AS newest "
        f"FROM ({events}) GROUP BY ALL"
    )
    rank = "row_number() OVER (PARTITION BY window_end ORDER BY n DESC, item_id) AS rank"
    newest = max((row[0] for row in found), default=0)
    wanted = db.execute(
        f"SELECT {columns} FROM (SELECT *, {rank} FROM ({counts}) WHERE window_end <= {newest}) WHERE rank <= 100"
    ).fetchall()
    db.close()
    return len(found), len({*map(tuple, found)} ^ {*wanted}) + len(found) - len({*map(tuple, found)})


def declared(folder: Path, trusted: Sequence[str]) -> str:
    """The pipeline's file, with what is guaranteed."""
    file, delay = folder / "delay.yaml", "    watermark_delay: 1s\n"
    file.write_text(Path(PIPELINE).read_text().replace(delay, f"{delay}    trusted: [{', '.join(trusted)}]\n"))
    return str(file)


def run(settings: Settings, rates: Sequence[int], seconds: int, warm_up_s: int, trusted: Sequence[str] = ()) -> bool:
    """The rates from the highest on, until one was kept up; the platform of ``settings`` must be up."""
    pipeline = declared(settings.home, trusted)
    make_topics(settings, list(find(pipeline).datasets.values()), partitions=2)
    today = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    live.start(pipeline, today, parallelism=2, unproven=True, settings=settings)
    job = registration.find(settings, "delay").job
    checkpoint_ms = job.checkpoint_ms if job else None
    print(
        json.dumps(
            {"checkpoint_ms": checkpoint_ms, "watermark_delay_ms": WATERMARK_MS, "window_ms": WINDOW_MS, "trusted": trusted}
        ),
        flush=True,
    )
    flows: list[Flow] = []
    kept_up = False
    with reading(settings, BOARD) as readers:
        for rate in rates:
            first = flows[-1].first + flows[-1].sent if flows else 0
            sending = Sending(settings.kafka, TOPIC, rate=rate, seconds=seconds + warm_up_s, first=first)
            flow, kept_up = step(settings, readers, sending, warm_up_s)
            flows.append(flow)
            if kept_up:
                break
    rows, wrong = differing(settings, flows)
    print(json.dumps({"steady_rate": flows[-1].rate if kept_up else None, "rows": rows, "differing_rows": wrong}))
    return kept_up and rows > 0 and not wrong


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--rate", type=int, default=RATES[0], help="events a second; where it is too much, lower ones follow"
    )
    parser.add_argument("--seconds", type=int, default=120)
    parser.add_argument("--warm-up", type=int, default=30, help="seconds at the same rate before, which do not count")
    parser.add_argument("--trusted", nargs="*", choices=get_args(Guarantee), default=())
    parser.add_argument("--port-base", type=int, default=30_340)
    asked = parser.parse_args()
    with own_platform(asked.port_base, ("kafka", "flink", "jobs", "runs", "committer")) as settings:
        rates = (asked.rate, *(r for r in RATES if r < asked.rate))
        good = run(settings, rates, asked.seconds, asked.warm_up, asked.trusted)
    sys.exit(0 if good else 1)


if __name__ == "__main__":
    main()

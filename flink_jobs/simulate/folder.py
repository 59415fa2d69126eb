"""Folder: a simulated log on disk: one file a stream, a feed that names them, and ``truth.json``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flink_jobs.core.event_time import days, from_ms, iso
from flink_jobs.simulate.files import SUFFIX, Format, write
from flink_jobs.simulate.funnel import Log, simulate
from flink_jobs.simulate.mess import COPY, FUTURE, GOOD, Arrivals, Mess, disturb
from flink_jobs.simulate.shop import Shop

if TYPE_CHECKING:
    from flink_jobs.simulate.shop import Ints

_CALM = Mess()


def simulate_into(folder: Path, shop: Shop, *, form: Format = "jsonl", mess: Mess = _CALM) -> dict[str, Any]:
    """Write the log of a shop and give its truth, which is also in ``truth.json``.

    ``streams`` holds for each file: records = rows + duplicates + malformed + far_future, with ``rows`` by UTC day of
    event time. ``chances`` are the planted rates by category id, ``happened`` what came of them.
    """
    import numpy as np

    folder.mkdir(parents=True, exist_ok=True)
    log = simulate(shop)
    next_id = 1 + sum(len(events) for events in log.streams.values())
    streams: dict[str, Any] = {}
    for number, (name, events) in enumerate(log.streams.items()):
        rng = np.random.default_rng((shop.seed, number))
        arrivals = None if mess.none else disturb(events, mess, rng, next_id=next_id)
        file = f"{name}{SUFFIX[form]}"
        damaged = write(folder / file, events, form, arrivals)
        streams[name] = {"file": file, **_counted(arrivals, len(events), damaged), "days": _by_day(shop, events.ts)}
        next_id += 0 if arrivals is None else len(arrivals.kind) - len(events)
    truth = {**_head(log), "streams": streams}
    (folder / "truth.json").write_text(json.dumps(truth, indent=2) + "\n", encoding="utf-8")
    (folder / "feed.yaml").write_text(_feed({n: s["file"] for n, s in streams.items()}, mess), encoding="utf-8")
    return truth


def _counted(arrivals: Arrivals | None, rows: int, damaged: dict[str, int]) -> dict[str, Any]:
    """How many records of each kind the file holds."""
    if arrivals is None:
        plain = {"duplicates": 0, "malformed": {}, "far_future": 0, "late": 0, "behind_watermark": 0}
        return {"records": rows, "rows": rows, **plain}
    return {
        "records": len(arrivals.kind),
        "rows": arrivals.count(GOOD),
        "duplicates": arrivals.count(COPY),
        "malformed": damaged,
        "far_future": arrivals.count(FUTURE),
        "late": arrivals.late,
        "behind_watermark": arrivals.behind_watermark,
    }


def _by_day(shop: Shop, ts: Ints) -> dict[str, int]:
    import numpy as np

    span = shop.span
    counts = np.bincount((ts - span.start_ms) // 86_400_000, minlength=shop.days).tolist()
    keys = days(span.start.date(), from_ms(span.end_ms - 1).date())
    return dict(zip(keys, counts, strict=True))


def _head(log: Log) -> dict[str, Any]:
    """What was planted, and what came of it."""
    shop, views, orders = log.shop, log.streams["page_views"], log.streams["orders"]
    planted = {name: getattr(log.rates, name) for name in log.rates.__dataclass_fields__}
    return {
        "shop": {"days": shop.days, "users": shop.users, "seed": shop.seed, "items": shop.item_count},
        "span": [iso(shop.span.start), iso(from_ms(shop.span.end_ms))],
        "beyond_end": log.beyond_end,
        "happened": {
            "carts_per_view": len(log.streams["carts"]) / max(len(views), 1),
            "favourites_per_view": len(log.streams["favourites"]) / max(len(views), 1),
            "orders_per_view": len(orders) / max(len(views), 1),
        },
        "chances": {
            str(i + 1): {name: round(float(values[i]), 6) for name, values in planted.items()}
            for i in range(shop.category_count)
        },
    }


def _feed(files: dict[str, str], mess: Mess) -> str:
    known = {} if mess.none else {"known_at": "known_at"}
    listed = [{"path": file, "dataset": name, **known} for name, file in files.items()]
    head = "name: simulated_shop\npipeline: shop\nfiles:\n"
    return head + "".join(f"  - {json.dumps(entry)}\n" for entry in listed)

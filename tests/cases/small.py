"""A small case on disk for the tests of this room: clicks of users, counted over the hour before each."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

PIPELINE = """\
name: small
datasets:
  clicks:
    columns: {id: bigint, user_id: bigint, kind: string, price: "decimal(8,2)", ts: timestamp}
    key: [id]
    event_time: ts
    watermark_delay: 10s
    nullable: [price]
    allowed: {kind: [view, order]}
  unread: {columns: {id: bigint, ts: timestamp}, key: [id], event_time: ts}
steps:
  counts:
    look_back_aggregate:
      {input: clicks, per: [user_id], windows: [1h], aggregates: {n: {count: "*"}, spent: {sum: price}}}
publish:
  click_counts: {from: counts}
"""
SHEET = {"pipeline": "pipeline.yaml", "from": "2025-03-08", "to": "2025-03-09"}
END = {"mark": "end"}


def click(number: int, time: str, *, arrival: str = "", **more: Any) -> dict[str, Any]:
    """A line of arrivals; ``time`` and ``arrival`` are times of 8 March 2025."""
    row = {"id": number, "user_id": 1, "kind": "view", "price": "1.50", "ts": f"2025-03-08T{time}.000Z"}
    line = {"arrival": f"2025-03-08T{arrival or time}.000Z", "dataset": "clicks"}
    return {**line, **({"late": True} if more.pop("late", False) else {}), "row": {**row, **more}}


def counted(time: str, n: int, spent: str) -> dict[str, Any]:
    """A line of what is expected."""
    return {"user_id": 1, "ts": f"2025-03-08T{time}.000Z", "n_1h": n, "spent_1h": spent}


def write(
    folder: Path, lines: list[Any], expected: list[Any] | None = None, sheet: dict[str, Any] | str = SHEET, **files: str
) -> Path:
    """The case; lines that are text are written as they are."""
    for place in ("input", "expected"):
        (folder / place).mkdir(parents=True, exist_ok=True)
    (folder / "pipeline.yaml").write_text(PIPELINE)
    text = sheet if isinstance(sheet, str) else "".join(f"{k}: {v}\n" for k, v in sheet.items())
    (folder / "case.yaml").write_text(text)
    (folder / "input/arrivals.jsonl").write_text(_text(lines))
    (folder / "expected/click_counts.jsonl").write_text(_text(expected or []))
    for name, content in files.items():
        (folder / "expected" / f"{name}.jsonl").write_text(content)
    return folder


def _text(lines: list[Any]) -> str:
    return "".join((line if isinstance(line, str) else json.dumps(line)) + "\n" for line in lines)

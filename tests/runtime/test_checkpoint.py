"""How far sources were, from the bytes of a checkpoint as the Kafka connector writes them."""

from __future__ import annotations

import struct
from pathlib import Path

from flink_jobs.core.address import address
from flink_jobs.runtime.checkpoint import taken

OPEN = -(2**63)


def split(topic: str, partition: int, offset: int, stop: int = OPEN) -> bytes:
    return struct.pack(">H", len(topic)) + topic.encode() + struct.pack(">iqq", partition, offset, stop)


def test_offsets_are_summed_over_partitions_and_topics_told_apart(tmp_path: Path) -> None:
    assigned = struct.pack(">H", 6) + b"clicks" + struct.pack(">ii", 0, 1)
    content = (
        assigned
        + b"\x00"
        + split("clicks", 0, 7)
        + split("clicks", 1, 5)
        + split("more_clicks", 0, 9)
        + split("empty", 0, -2)
    )
    (tmp_path / "_metadata").write_bytes(content)
    assert taken(address(tmp_path), ["clicks", "empty", "other"]) == {"clicks": 12, "empty": 0, "other": 0}


def test_a_file_that_is_not_there_yet_tells_nothing(tmp_path: Path) -> None:
    assert taken(address(tmp_path / "chk-1"), ["clicks"]) == {"clicks": 0}

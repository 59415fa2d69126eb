"""Checkpoint: how far a job's Kafka sources were, read from the checkpoint's own file.

Nothing else tells it in time: metrics are old by up to ten seconds, and so are offsets that a source tells to the broker, because
it waits that long for records before it looks up. Small state stands in the file itself. A source keeps each partition as topic,
number, next offset and stopping offset; those of an open end carry the least of all numbers, by which they are found.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterable

from flink_jobs.core.address import path_of

_NO_END = struct.pack(">q", -(2**63))


def taken(checkpoint: str, topics: Iterable[str]) -> dict[str, int]:
    """Records of each topic that were read before the checkpoint, over all its partitions, where none was ever deleted.

    ``checkpoint`` is the address of a folder on this machine; a file that is still being written tells too little.
    """
    try:
        content = (path_of(checkpoint) / "_metadata").read_bytes()
    except FileNotFoundError:
        return dict.fromkeys(topics, 0)
    return {topic: sum(_offsets(content, topic).values()) for topic in topics}


def _offsets(content: bytes, topic: str) -> dict[int, int]:
    """The next offset of each partition; one that is negative says that none was read yet."""
    name = topic.encode()
    split = re.compile(re.escape(struct.pack(">H", len(name)) + name) + b"(.{4})(.{8})" + re.escape(_NO_END), re.DOTALL)
    found: dict[int, int] = {}
    for part, offset in split.findall(content):
        number = int.from_bytes(part, "big")
        found[number] = max(found.get(number, 0), int.from_bytes(offset, "big", signed=True))
    return found

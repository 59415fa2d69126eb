"""Events at a steady rate into a topic, from a process of its own; which item and what time each has follows from its number."""

from __future__ import annotations

import multiprocessing
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from flink_jobs.core.event_time import from_ms, iso

ITEMS = 1_000
_CYCLE, _STEP = 10_007, 7_919
_SQUARE = _CYCLE**2 // ITEMS + 1
_EVERY_S = 0.02


@dataclass(frozen=True)
class Flow:
    """What was sent: ``sent`` events numbered from ``first`` on, ``rate`` a second from ``start_ms`` on; all sent ``seconds``
    later, and none later than ``late_ms`` after its event time."""

    start_ms: int
    rate: int
    first: int
    sent: int
    seconds: float
    late_ms: int

    @property
    def end_ms(self) -> int:
        """The time of the event after the last one."""
        return self.start_ms + self.sent * 1000 // self.rate

    def complete_ms(self, watermark_ms: int, window_ms: int) -> int:
        """The end of the last window that the watermark has surely passed."""
        newest = self.end_ms - watermark_ms - window_ms
        return newest - newest % window_ms

    @property
    def sql(self) -> str:
        """The same events as DuckDB makes them."""
        item = f"pow(i * {_STEP} % {_CYCLE}, 2)::BIGINT // {_SQUARE}"
        return (
            f"SELECT i AS event_id, {item} AS item_id, {self.start_ms} + (i - {self.first}) * 1000 // {self.rate} AS ms "
            f"FROM range({self.first}, {self.first + self.sent}) r(i)"
        )


class Sending:
    """A flow that goes on in another process."""

    def __init__(self, bootstrap: str, topic: str, *, rate: int, seconds: int, first: int) -> None:
        ends = multiprocessing.get_context("spawn")
        self._pipe, its = ends.Pipe()
        self._process = ends.Process(target=_send, args=(its, bootstrap, topic, rate, seconds, first), daemon=True)
        self._process.start()
        its.close()

    def result(self) -> Flow:
        """Waits until all was sent; raises EOFError when the process has died."""
        found: Flow = self._pipe.recv()
        self._process.join(20)
        return found


def _send(pipe: Any, bootstrap: str, topic: str, rate: int, seconds: int, first: int) -> None:
    from confluent_kafka import Producer

    producer = Producer({"bootstrap.servers": bootstrap, "linger.ms": 5, "compression.type": "lz4", "acks": "all"})
    items = [(i * _STEP % _CYCLE) ** 2 // _SQUARE for i in range(_CYCLE)]
    start_ms = (int(time.time()) + 2) * 1000
    time.sleep(start_ms / 1000 - time.time())
    sent, late_ms, total = 0, 0, rate * seconds
    while sent < total:
        now_ms = int(time.time() * 1000)
        due = min(total, (now_ms - start_ms) * rate // 1000)
        if due > sent:
            late_ms = max(late_ms, now_ms - start_ms - sent * 1000 // rate)
            producer.produce_batch(topic, _messages(items, start_ms, rate, first, range(sent, due)))
            sent = due
        producer.poll(0)
        time.sleep(max(0.0, _EVERY_S - (time.time() - now_ms / 1000)))
    if producer.flush(60):
        raise RuntimeError(f"The broker at {bootstrap} did not take all events.")
    pipe.send(Flow(start_ms, rate, first, sent, time.time() - start_ms / 1000, late_ms))


def _messages(items: Sequence[int], start_ms: int, rate: int, first: int, numbers: range) -> list[dict[str, Any]]:
    """Events of one millisecond share the text of their time, which is the dear part."""
    made, last, text = [], -1, ""
    for number in numbers:
        ms = start_ms + number * 1000 // rate
        if ms != last:
            last, text = ms, iso(from_ms(ms))
        i = first + number
        made.append({"key": str(i), "value": f'{{"event_id":{i},"item_id":{items[i % _CYCLE]},"ts":"{text}"}}'})
    return made

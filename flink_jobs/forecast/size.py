"""Size: entries and bytes of everything that a live job keeps, in the state that it reaches when its windows are full."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from flink_jobs.core.dataset import Dataset
from flink_jobs.core.pipeline import Pipeline
from flink_jobs.core.plan import Plan, StateBackend
from flink_jobs.core.relation import ANY
from flink_jobs.core.state import TEXT, State, each_key, width
from flink_jobs.forecast.count import Counter, Growth
from flink_jobs.forecast.layout import Form, bytes_of
from flink_jobs.forecast.sample import Sample
from flink_jobs.runtime.configuration import OUTAGE_MS


@dataclass(frozen=True)
class Part:
    """One state of a step or, where ``verb`` is empty, of a dataset's source. ``entries`` is None where ``unknown`` says why."""

    step: str
    verb: str
    what: str
    entries: int | None
    bytes: Mapping[StateBackend, int]
    unknown: str = ""


@dataclass(frozen=True)
class Size:
    """All states of a job. ``lasting_ms`` is how long a key is remembered without a row; None: for ever, and then the counts
    are those of as much time as the tables hold now, and grow with every new key. ``trouble``: why nothing could be read.
    ``beside`` is what the ingest of the same topics keeps, a job of its own that remembers every key for ever.
    """

    parts: tuple[Part, ...]
    lasting_ms: int | None
    day: str
    trouble: str = ""
    beside: tuple[Part, ...] = ()

    @property
    def known(self) -> bool:
        """Whether anything could be estimated."""
        return any(p.entries is not None for p in self.parts)

    @property
    def unknown(self) -> tuple[str, ...]:
        """Why something could not be."""
        return tuple(dict.fromkeys(p.unknown for p in self.parts if p.unknown))

    def total(self, backend: StateBackend) -> int:
        """Bytes of all that could be estimated."""
        return sum(p.bytes[backend] for p in self.parts if p.entries is not None)

    def largest(self, backend: StateBackend) -> tuple[str, list[Part]]:
        """The step that keeps most, and its parts, the largest first."""
        steps: dict[str, list[Part]] = {}
        for part in self.parts:
            if part.entries is not None:
                steps.setdefault(part.step, []).append(part)
        name = max(steps, key=lambda n: (sum(p.bytes[backend] for p in steps[n]), n))
        return name, sorted(steps[name], key=lambda p: -p.bytes[backend])


def size(pipeline: Pipeline, plan: Plan, sample: Sample, *, horizon_ms: int | None = None) -> Size:
    """Estimate each state of the live job; ``horizon_ms`` is how much event time there will be, without end if not given."""
    lasting = None if plan.state_ms is None else plan.state_ms + OUTAGE_MS
    clock = _Clock(pipeline, sample, Counter(sample), lasting, horizon_ms)
    parts = [clock.part(d.name, "", _seen(d), 0) for d in plan.datasets if "once" not in d.trusted]
    for view in plan.views:
        step = pipeline.steps[view.name]
        kept = step.state(pipeline.relations)
        latest = max((pipeline.relations[i].look_ahead_ms for i in step.inputs()), default=0)
        parts += [clock.part(view.name, step.verb(), s, latest - pipeline.relations[s.of].look_ahead_ms) for s in kept]
    for_ever = _Clock(pipeline, sample, clock.counter, None, horizon_ms)
    beside = tuple(for_ever.part(d.name, "", _seen(d), 0) for d in plan.datasets if d.raw)
    return Size(tuple(parts), lasting, sample.day, beside=beside)


def _seen(dataset: Dataset) -> State:
    """What the source of a live job keeps so that no record counts twice: a mark for each key."""
    return each_key(dataset.relation(), dataset.key, {"seen": "boolean"})


def _form(state: State) -> Form:
    if state.each == "row":
        return "rows"
    if state.counted:
        return "values"
    if state.framed:
        return "newest"
    return "marks" if list(state.holds.values()) == ["boolean"] else "entries"


def _lasting(state: State, grown: Growth) -> int:
    """How long an entry stays: rows of a frame half as long again where their key has no other row in it."""
    if not state.framed or not grown.rows:
        return state.for_ms
    rows, keys = grown.rows_in(state.for_ms), grown.keys_in(state.for_ms)
    return round(state.for_ms * (1 + 0.5 * min(keys / max(rows, 1e-9), 1.0)))


@dataclass(frozen=True)
class _Clock:
    """How long things stay, over the sample that says how many they are."""

    pipeline: Pipeline
    sample: Sample
    counter: Counter
    lasting_ms: int | None
    horizon_ms: int | None

    def part(self, step: str, verb: str, state: State, waits_ms: int) -> Part:
        """``waits_ms`` is how much later than these rows the watermark of the step's slowest input comes."""
        what = state.words if verb else f"a mark for each {', '.join(state.per)}, so that no record counts twice"
        missing = self.sample.unknown.get(state.of)
        if missing:
            return Part(step, verb, what, None, {}, f"no table '{missing}' with rows to sample")
        delay = max((d.watermark_delay for d in self.pipeline.datasets.values()), default=0)
        grown = self.counter.growth(self.pipeline.relations[state.of], state.per)
        if state.for_ms == ANY:
            ms = self.sample.history_ms if self.lasting_ms is None else self.lasting_ms
        else:
            ms = _lasting(state, grown) + (delay + waits_ms if state.each == "row" else delay)
        ms = ms if self.horizon_ms is None else min(ms, self.horizon_ms)
        entries = round(self._entries(state, grown, ms))
        keys = entries if state.each == "key" else min(entries, round(grown.keys_in(ms)))
        return Part(
            step, verb, what, entries, bytes_of(_form(state), entries, keys, self._widths(state), self._key(state))
        )

    def _entries(self, state: State, grown: Growth, ms: int) -> float:
        if state.each == "row":
            return grown.rows_in(ms)
        if state.each == "key":
            return grown.keys_in(ms)
        whole = max(ms, state.cut_ms)
        if state.cut_ms <= grown.span_ms:
            found = self.counter.per_stretch(self.pipeline.relations[state.of], state.per, state.cut_ms)
            return min(found * whole / grown.span_ms, grown.rows_in(whole))
        return grown.keys_in(state.cut_ms) * whole / state.cut_ms

    def _widths(self, state: State) -> list[float | None]:
        """Characters of each column of an entry; None for one of fixed width."""
        return [self._width(state.of, c, kind) for c, kind in state.holds.items()]

    def _key(self, state: State) -> list[float | None]:
        known = self.pipeline.relations[state.of].columns
        return [self._width(state.of, c, known.get(c, "string")) for c in state.per]

    def _width(self, of: str, column: str, kind: str) -> float | None:
        if kind == "string":
            rows = self.pipeline.relations[of]
            return (self.counter.text(rows, column) if rows.columns.get(column) == "string" else 0.0) or float(TEXT)
        return float(width(kind)) if kind.startswith("string(") else None

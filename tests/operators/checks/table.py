"""Table: which test holds which check, for which operators and how many cases, and why an operator is left out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from flink_jobs.operators import operators
from tests.operators.cases import CASES, Case
from tests.operators.checks.bases import bases, beside, cover, verbs
from tests.operators.checks.behind import KEEPS, PASSES, drops
from tests.operators.checks.kinds import KINDS
from tests.operators.checks.mutants import ERRORS, NOT_THERE
from tests.operators.proving import EXAMPLES, TOGETHER, degrees, groups
from tests.operators.test_reach import AHEAD, BACK

Counts = Mapping[str, int]
_ROOM = "tests/operators/"
_ON_DISK = "its state lies on disk in this test, where old files go with later compactions"


@dataclass(frozen=True)
class Check:
    """``cases`` by operator; ``without`` gives the reason for each operator that has none."""

    name: str
    test: str
    cases: Callable[[], Counts]
    without: Mapping[str, str] = field(default_factory=dict)


def of(cases: Iterable[Case], times: int = 1) -> Counts:
    return Counter({verb: n * times for verb, n in Counter(v for case in cases for v in verbs(case)).items()})


def at(degree: int) -> Counts:
    """Cases that the modes run at a degree of parallelism, in both arrival orders."""
    return of([c for group in groups().values() if degree in degrees(group) for c in group], 2)


def planted(kind: str) -> Check:
    found = {verb: n for verb, errors in ERRORS.items() if (n := sum(kind == error[0] for error in errors))}
    without = {verb: reasons[kind] for verb, reasons in NOT_THERE.items() if kind in reasons}
    return Check(f"planted error: {kind}", f"{_ROOM}test_checks.py::test_planted_errors_are_caught", lambda: found, without)


def tight(side: str, test: str, held: Mapping[str, list[Case]]) -> Check:
    counts = {verb: len(cases) for verb, cases in held.items() if cases}
    without = {verb: f"it has no {side} of its own" for verb in operators() if verb not in counts}
    return Check(f"a millisecond less of {side} is too little", test, lambda: counts, without)


def shrinking() -> Counts:
    return of(bases()[:TOGETHER])


def killed() -> Counts:
    some = bases()[:TOGETHER]
    return of([*some, *beside(some)])


def dropping() -> Counts:
    return {verb: n for verb, n in of(filter(drops, cover())).items() if verb not in KEEPS}


def kept() -> dict[str, str]:
    """Why no case of an operator drops a late row."""
    passed = {verb: PASSES[case.name] for case in cover() if case.name in PASSES for verb in verbs(case)}
    return {verb: reason for verb, reason in {**passed, **KEEPS}.items() if verb not in dropping()}


def appending() -> Counts:
    return of(c for c in cover() if c.pipeline.relations[c.result].kind == "append")


def checks() -> list[Check]:
    """All checks; but for errors of a meaning, which only some have, each holds for every operator or says why not."""
    modes, late = f"{_ROOM}test_modes.py::test_batch_live_and_reference_agree", f"{_ROOM}test_late.py::test_"
    rows, near = f"{_ROOM}test_checks.py::test_", f"{_ROOM}test_reach.py::test_"
    each = f"{rows}all_kinds_of_rows_and_generated_ones"
    kills = "tests/recovery/test_operators.py::test_operators_survive_kills_in_the_middle"
    clock = f"{_ROOM}test_complete.py::test_no_operator_reads_a_clock_or_draws_by_chance"
    whole = f"{_ROOM}test_reference.py::test_rows_have_the_promised_columns_key_and_span"
    on_disk = {verb: _ON_DISK for verb in operators() if verb not in shrinking()}
    return [
        Check("promised columns and key", whole, lambda: of(CASES.values())),
        Check("batch = live = reference, two arrival orders", modes, lambda: at(1)),
        Check("the same at parallelism 2", modes, lambda: at(2)),
        Check(f"the same at parallelism 4, {len(KINDS)} kinds of rows", each, lambda: of(bases(), len(KINDS))),
        Check("the same over rows by Hypothesis", each, lambda: of(bases(), EXAMPLES)),
        Check("empty input", f"{rows}inputs_of_nothing", lambda: of(bases())),
        Check("one row", f"{rows}inputs_of_one_row", lambda: of(bases())),
        Check("late rows are counted exactly", f"{late}late_rows_are_counted_exactly", lambda: of(cover())),
        Check("killed and restored in the middle", kills, killed),
        Check("state shrinks after the watermark", kills, shrinking, on_disk),
        Check("no clock, no chance", clock, lambda: of(CASES.values())),
        Check("look-back and look-ahead are enough", f"{near}what_is_declared_is_enough", lambda: of(bases())),
        tight("look-back", f"{near}a_millisecond_less_of_look_back_loses_something", BACK),
        tight("look-ahead", f"{near}a_millisecond_less_of_look_ahead_loses_something", AHEAD),
        *map(planted, ("window end", "tie", "null", "meaning")),
        Check("planted error: dropped late row", f"{late}a_dropped_late_row_is_seen", dropping, kept()),
        Check("planted error: duplicated restore", f"{late}rows_that_come_twice_are_seen", appending),
    ]


def lines(held: set[str]) -> list[str]:
    """One line for each check whose test is ``held``, and the sum."""
    found, total = [], 0
    for check in (c for c in checks() if c.test in held):
        counts = check.cases()
        total += sum(counts.values())
        found.append(f"{check.name}: {len(counts)} operators, {sum(counts.values())} cases")
        for reason in dict.fromkeys(check.without.values()):
            found.append(f"    not {', '.join(v for v, r in check.without.items() if r == reason)}: {reason}")
    return [*found, f"{len(operators())} operators, {total} cases in all"] if found else []

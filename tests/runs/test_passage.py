"""Looks at a live job in, the event time up to which its files are complete out; no engine runs."""

from __future__ import annotations

from flink_jobs.runs.passage import Passage
from flink_jobs.runtime.progress import Progress


def look(passage: Passage, now: float, watermark: int | None, known: int, completed: int, attempt: int = 1) -> int | None:
    seen = Progress(started_ms=attempt, watermarks={}, known=known, completed=completed)
    return passage.look(seen, watermark, now)


def settled(attempt: int = 1) -> Passage:
    """Known for long enough that the next look is a mark."""
    passage = Passage()
    for now in (0, 4, 8):
        look(passage, now, 0, 1, 1, attempt)
    return passage


def test_two_checkpoints_after_the_mark_pass_it() -> None:
    passage = settled()
    told = [look(passage, *at) for at in ((16, 700, 3, 3), (20, 800, 4, 3), (24, 900, 5, 5), (28, 900, 6, 5), (32, 900, 6, 6))]
    assert told == [None, None, None, None, 700]


def test_a_checkpoint_begun_before_the_mark_does_not_count() -> None:
    passage = settled()
    for at in ((16, 700, 3, 3), (20, 700, 4, 3), (24, 700, 4, 4), (28, 700, 4, 4), (60, 700, 5, 5)):
        assert look(passage, *at) is None
    assert look(passage, 70, 700, 6, 6) == 700


def test_the_watermark_of_a_fresh_attempt_is_not_believed() -> None:
    passage = Passage()
    for now in range(0, 13, 4):
        assert look(passage, now, 700, 9, 9) is None
    assert passage._mark is None


def test_a_restart_between_mark_and_checkpoints_begins_anew() -> None:
    passage = settled()
    look(passage, 16, 700, 3, 3)
    look(passage, 20, 700, 3, 3)
    for step in range(4):
        assert look(passage, 24 + step, None, 9 + step, 9 + step, attempt=2) is None


def test_a_job_that_is_away_begins_anew_and_what_is_passed_stays_passed() -> None:
    passage = settled()
    for at in ((16, 700, 3, 3), (20, 700, 3, 3), (24, 700, 4, 4), (28, 700, 5, 5)):
        look(passage, *at)
    assert passage.look(None, None, 30) == 700
    assert look(passage, 32, 5, 5, 5, attempt=3) == 700


def test_the_mark_never_goes_back() -> None:
    passage = settled()
    for at in ((16, 700, 3, 3), (20, 700, 3, 3), (24, 700, 4, 4), (28, 700, 5, 5)):
        look(passage, *at)
    for now in range(32, 80, 4):
        assert look(passage, now, 600, now, now) == 700


def test_one_input_without_a_watermark_leaves_the_job_without_one() -> None:
    seen = Progress(started_ms=1, watermarks={"a": 5, "b": None, "c": 3})
    assert (seen.watermark(["a", "c"]), seen.watermark(["a", "b"]), seen.watermark(["x"])) == (3, None, None)

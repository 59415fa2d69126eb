"""Names of tries: fixed for a try, new for each, and different for another backfill."""

from __future__ import annotations

from dataclasses import replace

from flink_jobs.runs.names import run_id
from mainstem_airflow.run_names import Attempts

HERE = Attempts("build_features", "build", "backfill__2017-11-25T00:00:00+00:00__2017-11-25__x", "2017-11-25")


def test_a_try_has_one_name() -> None:
    assert HERE.name(1) == replace(HERE).name(1) and HERE.name(1) != HERE.name(2)


def test_a_second_backfill_is_another_run() -> None:
    assert replace(HERE, airflow_run="backfill__2017-11-25T00:00:00+00:00__2017-11-25__y").name(1) != HERE.name(1)


def test_mapped_tasks_do_not_meet() -> None:
    assert len({replace(HERE, map_index=i).name(1) for i in range(-1, 20)}) == 21


def test_earlier_tries_the_latest_first() -> None:
    assert HERE.before(4) == [HERE.name(3), HERE.name(2), HERE.name(1)] and HERE.before(1) == []


def test_any_name_can_name_a_run_folder() -> None:
    long = Attempts("Ein DAG.mit/Umlaut ü" * 9, "t" * 200, "r" * 200, "2017-11-25T08 +00:00")
    assert run_id(HERE.name(12)) and run_id(long.name(12))
    assert HERE.name(1).startswith("build_features-2017-11-25-")

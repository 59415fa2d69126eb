"""Folders of a shared job become the runs' own, however often the dealing is begun."""

from __future__ import annotations

from pathlib import Path

from flink_jobs.runs.deal import clear_away, deal


def write(folder: Path, day: str, text: str) -> None:
    (folder / f"day={day}").mkdir(parents=True)
    (folder / f"day={day}" / "part-0").write_text(text)


def test_each_run_gets_its_own_partitions(tmp_path: Path) -> None:
    shared, own = tmp_path / "run-s", tmp_path / "run-a"
    write(shared, "2025-03-01", "one")
    write(shared, "2025-03-02", "two")
    deal(shared, own, "day", ["2025-03-01"])
    deal(shared, own, "day", ["2025-03-01"])
    assert (own / "day=2025-03-01" / "part-0").read_text() == "one"
    assert [f.name for f in shared.iterdir()] == ["day=2025-03-02"]
    clear_away(shared)
    assert shared.exists(), "another run's rows are still there"
    deal(shared, tmp_path / "run-b", "day", ["2025-03-02"])
    clear_away(shared)
    assert not shared.exists()


def test_a_repeated_job_replaces_what_nobody_has_read(tmp_path: Path) -> None:
    shared, own = tmp_path / "run-s", tmp_path / "run-a"
    write(own, "2025-03-01", "old")
    write(shared, "2025-03-01", "new")
    deal(shared, own, "day", ["2025-03-01"])
    assert (own / "day=2025-03-01" / "part-0").read_text() == "new"


def test_a_day_without_rows_has_no_folder(tmp_path: Path) -> None:
    deal(tmp_path / "run-s", tmp_path / "run-a", "day", ["2025-03-01"])
    assert not (tmp_path / "run-a").exists()


def test_a_lone_run_has_its_files_already(tmp_path: Path) -> None:
    write(tmp_path / "run-a", "2025-03-01", "one")
    deal(tmp_path / "run-a", tmp_path / "run-a", "day", ["2025-03-01"])
    assert (tmp_path / "run-a" / "day=2025-03-01").is_dir()

"""Bad input: each line of the table in the documents. No record is lost, no file is half taken."""

from __future__ import annotations

import pytest

from benchmarks.bad_input import (
    CSV_RECORDS,
    DECLARATIONS,
    FILES,
    JSON_RECORDS,
    seen_declaration,
    seen_file,
    seen_records,
)
from flink_jobs.core.settings import Settings

RECORDS = (*JSON_RECORDS, *CSV_RECORDS)


@pytest.mark.slow
@pytest.mark.parametrize("case", FILES, ids=lambda case: case.what)
def test_a_broken_file_is_refused_with_its_cause(case, tmp_path):
    settings = Settings.load({"MAINSTEM_HOME": str(tmp_path)})
    assert case.error in seen_file(case, settings)
    assert not list(settings.lake.glob("clicks/run-*"))


@pytest.mark.parametrize("case", DECLARATIONS, ids=lambda case: case.what)
def test_a_wrong_declaration_is_refused_with_its_place_and_cause(case):
    seen = seen_declaration(case)
    assert case.error in seen and seen.startswith("p.yaml:5:" if "\n" not in case.steps.strip() else "p.yaml:6:")


@pytest.fixture(scope="module")
def seen(tmp_path_factory, run_locally):
    settings = Settings.load({"MAINSTEM_HOME": str(tmp_path_factory.mktemp("bad"))})
    return seen_records(settings, run_locally)


@pytest.mark.flink
# PyFlink warns of itself, and leaves its JVM to the end of the process.
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.filterwarnings("ignore::ResourceWarning")
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize("place", range(len(RECORDS)), ids=[record.what for record in RECORDS])
def test_a_broken_record_goes_to_quarantine_with_its_reason(place, seen):
    assert seen[place] == RECORDS[place].seen

"""The SELECT of every operator, live and in batch, as it was last read. ``MAINSTEM_GOLDEN=write`` writes it anew."""

from __future__ import annotations

import pytest

from flink_jobs.operators import operators
from flink_jobs.runtime import dialect
from tests.operators.cases import CASES
from tests.runtime.golden import check


@pytest.mark.parametrize("verb", operators())
def test_the_text_of_an_operator_is_the_one_that_was_read(verb: str) -> None:
    case, name = next((c, n) for c in CASES.values() for n, s in c.steps.items() if s.verb() == verb)
    select = case.pipeline.steps[name].select(case.pipeline.relations)
    live, batch = dialect.live(select), dialect.batch(select)
    both = f"-- {case.name}, live\n{live};\n\n-- {case.name}, batch\n{batch if batch != live else '-- the same'};\n"
    check(f"operators/{verb}.sql", both)

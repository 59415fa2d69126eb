"""The cases that every check of this folder runs: each module here that defines ``CASES`` is found by itself.

To add cases: a module with ``CASES = [Case(...), ...]``; rows from ``rows.py`` or its own, small and ugly.
Cases of one module whose inputs agree run in Flink as one job, so give other rows another dataset name.
"""

from __future__ import annotations

import importlib
import pkgutil

from tests.operators.cases.case import Case, arrow, at, dataset, step

__all__ = ["CASES", "FAMILIES", "Case", "arrow", "at", "dataset", "step"]


def _families() -> dict[str, list[Case]]:
    modules = [importlib.import_module(f"{__name__}.{m.name}") for m in pkgutil.iter_modules(__path__)]
    return {m.__name__.rsplit(".", 1)[1]: list(m.CASES) for m in modules if hasattr(m, "CASES")}


def _by_name(families: dict[str, list[Case]]) -> dict[str, Case]:
    found: dict[str, Case] = {}
    for case in (c for cases in families.values() for c in cases):
        assert found.setdefault(case.name, case) is case, f"Two cases are called '{case.name}'."
    return found


FAMILIES = _families()
CASES = _by_name(FAMILIES)

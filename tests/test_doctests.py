"""The examples in docstrings are true."""

from __future__ import annotations

import doctest
import importlib
import pkgutil

import pytest

import flink_jobs.core
import flink_jobs.jobs
import flink_jobs.operators

MODULES = [
    f"{room.__name__}.{module.name}"
    for room in (flink_jobs.core, flink_jobs.jobs, flink_jobs.operators)
    for module in pkgutil.iter_modules(room.__path__)
]


@pytest.mark.parametrize("name", MODULES)
def test_the_examples_of_a_module_are_true(name: str) -> None:
    assert doctest.testmod(importlib.import_module(name)).failed == 0


def test_every_operator_has_an_example() -> None:
    assert [v for v, cls in flink_jobs.operators.operators().items() if ">>>" not in (cls.__doc__ or "")] == []

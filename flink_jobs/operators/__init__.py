"""Operators: one verb a file, found by name; a declaration names the verb, nothing else registers it."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from functools import cache

from flink_jobs.core.operator import Operator


@cache
def operators() -> dict[str, type[Operator]]:
    """Every operator of this package by its verb, sorted."""
    found: dict[str, type[Operator]] = {}
    for module in pkgutil.iter_modules(__path__):
        for _, cls in inspect.getmembers(importlib.import_module(f"{__name__}.{module.name}"), inspect.isclass):
            if issubclass(cls, Operator) and not inspect.isabstract(cls) and cls.__module__.startswith(__name__):
                found[cls.verb()] = cls
    return dict(sorted(found.items()))

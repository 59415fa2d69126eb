"""Errors a user can act on: what happened, where, why, and what to do.

MainstemError               exit code 2 unless said otherwise
├── DeclarationError        a pipeline, dataset or setting is wrong; nothing has run
│   ├── UnknownColumn       a step names a column its input does not have
│   ├── UnknownName         a step, dataset, operator or pipeline of that name does not exist
│   ├── WrongType           a column or parameter has a type that the step cannot use
│   ├── LooseOrder          rows can tie, so two runs could differ
│   ├── Cycle               steps feed each other in a ring
│   └── FileError           a file of the user cannot be read, or a line of it is wrong
├── StateTooLarge           a live job would keep more than its limit (exit code 1)
├── PlatformError           a service is missing, a port is taken, a file is not ours
├── LakeError               a table cannot be read or written as asked
│   ├── NoTable             the table does not exist yet
│   └── PartitionOwned      another writer owns the partition
├── RunError                a job failed; carries the root cause of the engine
├── GateFailed              a suite refused the rows (exit code 1)
├── Unproven                nobody has shown that this version gives the same rows in both modes (exit code 1)
└── Mismatch                past and present differ (exit code 1)
"""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches


class MainstemError(Exception):
    """Base of all; ``str()`` is the whole message: fact, place, cause, cure."""

    exit_code = 2


class DeclarationError(MainstemError):
    """The declaration is wrong; nothing has run.

    ``path`` is the place inside the declaration, outermost first, so that a reader of files can find the line.
    """

    def __init__(self, message: str, *, path: tuple[str | int, ...] = ()) -> None:
        self.path = path
        super().__init__(message)


def nearest(name: str, known: Iterable[str]) -> str:
    """The cure for a misspelt name: the closest known one, or all of them."""
    names = sorted(known)
    near = get_close_matches(name, names, n=1)
    if near:
        return f"Did you mean '{near[0]}'?"
    return f"Known: {', '.join(names)}." if names else "There is none yet."


class UnknownColumn(DeclarationError):
    """A step names a column its input does not have."""

    def __init__(self, name: str, *, relation: str, known: Iterable[str], step: str) -> None:
        super().__init__(
            f"Step '{step}' uses column '{name}', but '{relation}' has none of that name. {nearest(name, known)}",
            path=("steps", step),
        )


class UnknownName(DeclarationError):
    """A step, dataset, operator or pipeline of that name does not exist."""

    def __init__(
        self, kind: str, name: str, *, known: Iterable[str], used_by: str, path: tuple[str | int, ...] = ()
    ) -> None:
        super().__init__(f"{used_by} names the {kind} '{name}', which does not exist. {nearest(name, known)}", path=path)


class WrongType(DeclarationError):
    """A column or parameter has a type that the step cannot use."""


class LooseOrder(DeclarationError):
    """Rows can tie, so two runs could differ."""

    def __init__(self, order: Iterable[str], *, missing: Iterable[str], step: str) -> None:
        super().__init__(
            f"Step '{step}' orders by {', '.join(order)}, which lets rows tie, so the past and the present could "
            f"differ. End the order with columns that tell rows apart, for example: {', '.join(missing)}.",
            path=("steps", step),
        )


class Cycle(DeclarationError):
    """Steps feed each other in a ring."""

    def __init__(self, ring: Iterable[str]) -> None:
        steps = list(ring)
        super().__init__(
            f"Steps feed each other in a ring: {' → '.join([*steps, steps[0]])}. Take one of these inputs out.",
            path=("steps", steps[0]),
        )


class FileError(DeclarationError):
    """A file of the user cannot be read, or a line of it is wrong."""


class StateTooLarge(MainstemError):
    """A live job would keep more state than its limit allows; nothing was started."""

    exit_code = 1


class PlatformError(MainstemError):
    """A service is missing, a port is taken, a file is not ours."""


class LakeError(MainstemError):
    """A table cannot be read or written as asked."""


class NoTable(LakeError):
    """The table does not exist yet."""

    def __init__(self, name: str, *, cure: str = "Load history with 'mainstem load' or run the job that writes it.") -> None:
        super().__init__(f"Table '{name}' does not exist in the lake. {cure}")


class PartitionOwned(LakeError):
    """Another writer owns the partition."""


class RunError(MainstemError):
    """A job failed; carries the root cause of the engine."""

    exit_code = 1


class GateFailed(MainstemError):
    """A suite refused the rows; the table is as it was."""

    exit_code = 1


class Unproven(MainstemError):
    """No proof stands for the version of the pipeline; nothing has run and no table was changed."""

    exit_code = 1


class Mismatch(MainstemError):
    """Past and present differ."""

    exit_code = 1

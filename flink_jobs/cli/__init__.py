"""The command line: ``mainstem VERB``. One file a verb; each brings ``register(app)``."""

from __future__ import annotations

import sys
from importlib import import_module
from pkgutil import iter_modules

import typer

from flink_jobs.cli.screen import fail
from flink_jobs.core.errors import MainstemError

_BAD_INPUT = 2
_INTERRUPTED = 130


def build() -> typer.Typer:
    """The application with every verb of this folder; a verb imports what it needs when it is called."""
    app = typer.Typer(
        name="mainstem",
        help="Write a pipeline once: the past and the present give the same rows, and you can see the proof.",
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    app.callback()(_root)
    for module in sorted(found.name for found in iter_modules(__path__)):
        register = getattr(import_module(f"{__name__}.{module}"), "register", None)
        if register is not None:
            register(app)
    return app


def main() -> None:
    """Run one command. Exit codes: 0 good, 1 the answer is no, 2 usage or bad input."""
    try:
        build()(prog_name="mainstem")
    except MainstemError as error:
        fail(error, as_json="--json" in sys.argv)
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        sys.exit(_INTERRUPTED)


def _root() -> None:
    """Nothing of its own; with it Typer keeps the verb's name even while there is one verb only."""

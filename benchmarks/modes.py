"""Live against batch: one job, one input, both modes, on the same bounded topics; and batch from the tables for comparison.

``python -m benchmarks.modes --pipeline boards --events 10000000``. ``splice`` looks back a week from each label, ``boards`` is
a windowed top-n. Records arrive in an order shuffled within the watermark delay. Live runs the streaming engine to the end
of the topics, with its state and checkpoints; the rows of all ways are compared. The peer is the same SELECT on bare Flink,
over Flink's own JSON format: bare, in both modes, without a word on bad records and copies, whose ratio of live to batch is
what the engine asks for the mode, whoever uses it; and live with the duties that the product has, as anybody would write
them: a record that cannot be read does not stop the job, and copies of a key are dropped. The product runs live in two ways:
judging every record, and with a sender who guarantees form and once (``Dataset.trusted``), which bare Flink takes for granted.
"""

from __future__ import annotations

import argparse
import itertools
import sys
from pathlib import Path
from typing import get_args

from benchmarks.bare import Bare, json_topic, parquet
from benchmarks.big_log import BigLog
from benchmarks.inputs import Inputs
from benchmarks.measure import in_turn, own_platform, report
from flink_jobs.core.columns import flink_type
from flink_jobs.core.dataset import Guarantee
from flink_jobs.core.plan import Plan
from flink_jobs.jobs.build import plan
from flink_jobs.jobs.catalog import find
from flink_jobs.proof.compare import compare
from flink_jobs.runtime import dialect

PIPELINES = ("splice", "boards")
_NUMBERS = itertools.count()


def guaranteed(plan: Plan) -> Plan:
    """The plan with a sender who guarantees all that can be."""
    return plan.model_copy(
        update={"datasets": tuple(d.model_copy(update={"trusted": get_args(Guarantee)}) for d in plan.datasets)}
    )


class Trial:
    """One table over one log in tables and topics, in several ways."""

    def __init__(self, inputs: Inputs, plan: Plan) -> None:
        self.inputs, self.plan = inputs, plan
        self.newest: dict[str, Path] = {}

    def folder(self, name: str) -> Path:
        """A new folder for the rows of one way."""
        self.newest[name] = self.inputs.settings.folder("out") / f"{next(_NUMBERS)}"
        return self.newest[name]

    def run(
        self, name: str, *, live: bool, files: bool = False, engine: dict[str, str] | None = None, trusted: bool = False
    ) -> str:
        """The job, until it has ended; its rows stay in a folder of its own."""
        folder, made = self.folder(name), guaranteed(self.plan) if trusted else self.plan
        return self.inputs.run(made, {o.table: folder for o in made.outputs}, live=live, files=files, engine=engine)

    def bare(self, client: Bare, name: str, *, live: bool, duties: bool = False) -> None:
        """The product's SELECTs between Flink's own JSON source and file sink; see ``json_topic`` for ``duties``."""
        folder, inputs = self.folder(name), self.inputs
        setup = [text for d in self.plan.datasets for text in json_topic(d, inputs.settings.kafka, duties=duties)]
        setup += [f"CREATE TEMPORARY VIEW `{v.name}` AS {dialect.of(live)(v.select)}" for v in self.plan.views]
        output = self.plan.outputs[0]
        columns = ", ".join(f"`{c}` {flink_type(t)}" for c, t in output.columns.items())
        setup.append(f"CREATE TEMPORARY TABLE made ({columns}) {parquet(str(folder))}")
        names = ", ".join(f"`{c}`" for c in output.columns)
        insert = f"INSERT INTO made SELECT {names} FROM `{output.source}`"
        checkpoint_ms = inputs.checkpoint_ms if live else None
        client.run(setup, insert, parallelism=inputs.parallelism, checkpoint_ms=checkpoint_ms)

    def differing(self, left: str, right: str) -> int:
        """Rows that are not the same in the newest results of two ways; raises RuntimeError where there are none at all."""
        output = self.plan.outputs[0]
        found = compare((left, self.newest[left]), (right, self.newest[right]), output.columns, output.key)
        if not found.rows:
            raise RuntimeError(f"'{left}' has no row in {self.newest[left]}, so nothing was compared.")
        return found.differing


def main() -> None:
    """All ways in turn; exit code 1 when a row differs."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pipeline", choices=PIPELINES, default="splice")
    parser.add_argument("--events", type=int, default=10_000_000)
    parser.add_argument("--labels", type=int, default=1_000_000)
    parser.add_argument("--runs", type=int, default=1)
    parser.add_argument("--parallelism", type=int, default=2)
    parser.add_argument("--checkpoint-ms", type=int, default=2_000)
    parser.add_argument("--port-base", type=int, default=29_640)
    asked = parser.parse_args()
    with own_platform(asked.port_base, ("kafka", "flink", "jobs")) as settings, Bare(settings) as client:
        log = BigLog(asked.events, asked.labels)
        made = plan(find(str(Path(__file__).with_name(f"{asked.pipeline}.yaml"))), log.span)
        trial = Trial(
            Inputs(settings, log, made, parallelism=asked.parallelism, checkpoint_ms=asked.checkpoint_ms), made
        )
        ways = {
            "live, topics": lambda: trial.run("live, topics", live=True),
            "live, trusted": lambda: trial.run("live, trusted", live=True, trusted=True),
            "live, bare": lambda: trial.bare(client, "live, bare", live=True),
            "live, bare with duties": lambda: trial.bare(client, "live, bare with duties", live=True, duties=True),
            "batch, bare": lambda: trial.bare(client, "batch, bare", live=False),
            "batch, topics": lambda: trial.run("batch, topics", live=False),
            "batch, tables": lambda: trial.run("batch, tables", live=False, files=True),
        }
        found = in_turn(settings, asked.runs, ways)
        wrong = sum(trial.differing("live, topics", other) for other in ways if other != "live, topics")
    print(f"differing rows: {wrong}")
    report(
        found,
        {
            "live to batch": ("live, topics", "batch, topics"),
            "live to bare live": ("live, topics", "live, bare"),
            "live trusted to bare live": ("live, trusted", "live, bare"),
            "live to bare live with duties": ("live, topics", "live, bare with duties"),
            "bare live to bare batch": ("live, bare", "batch, bare"),
            "live to tables": ("live, topics", "batch, tables"),
        },
    )
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()

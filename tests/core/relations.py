"""Small relations and a toy operator for the tests of this folder."""

from __future__ import annotations

from flink_jobs.core.dataset import Dataset
from flink_jobs.core.operator import Given, Operator
from flink_jobs.core.pipeline import Pipeline, Publication
from flink_jobs.core.relation import Relation

COLUMNS = {"event_id": "bigint", "user_id": "bigint", "price": "double", "ts": "timestamp"}
VIEWS = Dataset(name="views", columns=COLUMNS, key=("event_id",), event_time="ts")


class Recent(Operator):
    """Passes rows on and claims to need some past and future."""

    input: str
    back: int = 0
    ahead: int = 0

    def out(self, given: Given) -> Relation:
        rows = given[self.input]
        passed = Relation(
            self.step, rows.columns, rows.key, rows.event_time, "append", rows.look_back_ms, rows.look_ahead_ms
        )
        return passed.reaching(back_ms=self.back, ahead_ms=self.ahead)

    def select(self, given: Given) -> str:
        return f"SELECT * FROM `{self.input}`"

    def reference(self, given: Given) -> str:
        return f'SELECT * FROM "{self.input}"'


def recent(step: str, source: str, *, back: int = 0, ahead: int = 0) -> Recent:
    return Recent(step=step, input=source, back=back, ahead=ahead)


def pipeline(*steps: Recent, published: str = "views", name: str = "toy") -> Pipeline:
    return Pipeline(
        name=name,
        datasets={"views": VIEWS},
        steps={s.step: s for s in steps},
        publish={"out": Publication(source=published)},
    )

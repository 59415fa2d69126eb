"""Dataset: named rows with an event time and two bindings, a Delta table (history) and a Kafka topic (live)."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from flink_jobs.core.columns import NAME, column_type
from flink_jobs.core.errors import DeclarationError, UnknownName
from flink_jobs.core.event_time import Duration, Partitioning
from flink_jobs.core.relation import Relation

TimeFormat = Literal["iso", "epoch_s", "epoch_ms"]
Guarantee = Literal["form", "once"]


class Dataset(BaseModel):
    """What the rows are, told once for history and for now.

    ``watermark_delay`` is how much later than a row with a later event time a row may arrive and still count.
    ``max_ahead`` is how far an event time may lie ahead of the arrival; a record beyond it goes to quarantine, because
    it would push the watermark over all honest rows.
    ``lateness_budget`` is how long after the end of its partition a late row is still repaired; none: always.
    ``retention`` is how long after its event time a row can still be read, from the topic and the table; none: for ever.
    ``trusted`` is what the sender guarantees: ``form``, that every record is one JSON object whose fields fit the columns,
    iso times with T and Z; ``once``, that no record comes twice. A live run takes it at its word and reads at the engine's own
    speed; ingest judges every record all the same, so a broken guarantee is seen in the quarantine and by ``audit_live``.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(pattern=f"^{NAME.pattern}$")
    columns: dict[str, str]
    key: tuple[str, ...] = Field(min_length=1)
    event_time: str
    watermark_delay: Duration = 10_000
    max_ahead: Duration = 3_600_000
    lateness_budget: Duration | None = None
    retention: Duration | None = None
    partition_by: Partitioning = "day"
    table: str = ""
    topic: str = ""
    time_format: TimeFormat = "iso"
    raw: bool = True
    trusted: tuple[Guarantee, ...] = ()
    nullable: tuple[str, ...] = ()
    allowed: dict[str, tuple[str, ...]] = {}
    description: str = ""

    @field_validator("columns")
    @classmethod
    def _types(cls, columns: dict[str, str]) -> dict[str, str]:
        for name in columns:
            if not NAME.fullmatch(name) or name in ("day", "hour"):
                raise DeclarationError(
                    f"The column name '{name}' cannot be used. Take lower-case letters, digits and _, "
                    "and not 'day' or 'hour', which are partition columns."
                )
        return {name: column_type(word) for name, word in columns.items()}

    @model_validator(mode="after")
    def _names(self) -> Dataset:
        for name in (*self.key, self.event_time, *self.nullable, *self.allowed):
            if name not in self.columns:
                raise UnknownName("column", name, known=self.columns, used_by=f"Dataset '{self.name}'")
        if self.columns[self.event_time] != "timestamp":
            raise DeclarationError(
                f"The event time '{self.event_time}' of dataset '{self.name}' has type "
                f"{self.columns[self.event_time]}. Declare it as timestamp (time_format says how it is written)."
            )
        return self

    @property
    def table_name(self) -> str:
        return self.table or self.name

    @property
    def topic_name(self) -> str:
        return self.topic or self.name

    def required(self, column: str) -> bool:
        """Whether a record without this column goes to quarantine."""
        return column not in self.nullable

    def relation(self) -> Relation:
        """The rows as a step sees them."""
        return Relation(
            name=self.name, columns=dict(self.columns), key=self.key, event_time=self.event_time
        )

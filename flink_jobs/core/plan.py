"""Plan: one pipeline over one span as plain data: what to read, the SELECTs in order, what to write.

A plan is JSON, so that it can be shown, stored, hashed, and handed to the job server. It names no path, no topic and no
mode: the runtime binds those.
"""

from __future__ import annotations

from typing import Literal, cast, get_args

from pydantic import BaseModel, ConfigDict, Field

from flink_jobs.core.dataset import Dataset
from flink_jobs.core.errors import DeclarationError
from flink_jobs.core.event_time import Partitioning
from flink_jobs.core.relation import Kind

_FROZEN = ConfigDict(frozen=True, extra="forbid")


class View(BaseModel):
    """One step: a name and its SELECT over earlier names."""

    model_config = _FROZEN
    name: str
    select: str


class Output(BaseModel):
    """One published table: the view it takes, its columns and how it is cut; ``upsert`` rows come live as changes.

    A list has ``by``, its order, and ``growing`` columns; see ``Relation``.
    """

    model_config = _FROZEN
    table: str
    source: str
    columns: dict[str, str]
    key: tuple[str, ...]
    event_time: str
    partition_by: Partitioning = "day"
    suite: str = ""
    kind: Kind = "append"
    by: tuple[str, ...] = ()
    growing: tuple[str, ...] = ()


class Plan(BaseModel):
    """``start_ms`` to ``end_ms`` (none: live) is published; ``read_from_ms`` to ``read_to_ms`` is read."""

    model_config = _FROZEN
    pipeline: str
    version: str
    start_ms: int
    end_ms: int | None
    read_from_ms: int | None
    read_to_ms: int | None
    state_ms: int | None
    datasets: tuple[Dataset, ...]
    views: tuple[View, ...]
    outputs: tuple[Output, ...]


class Files(BaseModel):
    """A dataset bound to a folder of Parquet files, all of one pinned table version."""

    model_config = _FROZEN
    kind: Literal["files"] = "files"
    folder: str


class Topics(BaseModel):
    """A dataset bound to Kafka topics (history first, then live); ``bounded`` stops at the records there are now, or at
    ``ends``: by partition of a single topic the offset after its last record, which may be still to come."""

    model_config = _FROZEN
    kind: Literal["topics"] = "topics"
    topics: tuple[str, ...]
    bootstrap: str
    bounded: bool = False
    ends: dict[int, int] = {}
    from_ms: int | None = None
    idle_ms: int = 5_000


StateBackend = Literal["heap", "rocksdb"]


def checked_backend(word: str) -> StateBackend:
    """The word as a state backend; raises DeclarationError for any other."""
    for known in get_args(StateBackend):
        if word == known:
            return cast(StateBackend, known)
    raise DeclarationError(f"'{word}' is no state backend. Take heap (quick) or rocksdb (as much state as the disk holds).")


class Job(BaseModel):
    """A plan with its bindings: everything the runtime needs, and the only thing it is given.

    ``sources`` binds each dataset by name, ``sinks`` each output table to an absolute run folder. ``live`` picks the
    engine's mode; bounded topics with ``live`` run the live engine to the end of the input (that is how a proof runs).
    ``state_backend`` is where a live job keeps its state: the heap is quicker, RocksDB holds what the disk does.
    """

    model_config = _FROZEN
    job_id: str = Field(pattern=r"[0-9a-f]{32}")
    name: str
    plan: Plan
    live: bool
    sources: dict[str, Files | Topics]
    sinks: dict[str, str]
    parallelism: int = 1
    checkpoint_ms: int = 2_000
    state_backend: StateBackend = "heap"
    savepoint: str | None = None
    settings: dict[str, str] = {}


class IngestJob(BaseModel):
    """Raw records into typed tables with quarantine beside them; every record ends up in exactly one of the two.

    ``sources`` binds each dataset to its topic, or to files of records (columns raw, partition, offset, known_at).
    ``tables`` and ``quarantines`` are absolute run folders by dataset. ``duplicate_ms`` is how long a key is remembered;
    none: for ever. ``history_ms`` is by dataset the end of the history that came from files: what a topic brings of the
    time before it goes to quarantine.
    """

    model_config = _FROZEN
    kind: Literal["ingest"] = "ingest"
    job_id: str = Field(pattern=r"[0-9a-f]{32}")
    name: str
    live: bool
    datasets: tuple[Dataset, ...]
    sources: dict[str, Files | Topics]
    tables: dict[str, str]
    quarantines: dict[str, str]
    parallelism: int = 1
    checkpoint_ms: int = 2_000
    duplicate_ms: int | None = None
    history_ms: dict[str, int] = {}
    savepoint: str | None = None
    settings: dict[str, str] = {}

"""What a live ingest job is meant to do and which jobs of the engine did it: one small file each, so that any process can
bring it back."""

from __future__ import annotations

import fcntl
import hashlib
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict

from flink_jobs.core.dataset import Dataset
from flink_jobs.core.errors import DeclarationError, UnknownName
from flink_jobs.core.plan import Job
from flink_jobs.core.settings import Settings

_NAME = re.compile(r"[a-z][a-z0-9_-]{0,62}")


class Attempt(BaseModel):
    """One job of the engine. ``confirmed``: the engine took it. ``ended``: it will not run again."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    job_id: str
    confirmed: bool = False
    ended: bool = False


class Registration(BaseModel):
    """A live job by name. All attempts write below the same run folders, ``run-<run_id>``.

    An ingest has ``datasets``, a live pipeline has its ``job``, whose id and savepoint each attempt replaces, and ``fence``.

    ``history_ms`` is by dataset the end of what files had brought when the ingest was started last.
    ``look_ahead_ms`` is the pipeline's: a partition is complete so long after its end.

    ``proof`` is one line on what stands for the pipeline's version, as of its last start by a person.

    ``failures`` counts attempts that failed one after the other, ``retry_ms`` says when the next one may start.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    name: str
    pipeline: str
    datasets: tuple[Dataset, ...] = ()
    job: Job | None = None
    fence: str = ""
    look_ahead_ms: int = 0
    history_ms: dict[str, int] = {}
    wanted: Literal["running", "stopped"] = "running"
    parallelism: int = 1
    checkpoint_ms: int = 5_000
    attempts: tuple[Attempt, ...] = ()
    failures: int = 0
    retry_ms: int = 0
    note: str = ""
    proof: str = ""

    @property
    def run_id(self) -> str:
        return self.job.name if self.job else f"ingest-{self.name}"

    @property
    def last(self) -> Attempt | None:
        return self.attempts[-1] if self.attempts else None

    def next_attempt(self) -> Attempt:
        """The attempt after all that there were; its job id follows from name and number."""
        return Attempt(job_id=ingest_job_id(f"{self.run_id}/{len(self.attempts) + 1}"))

    def with_last(self, attempt: Attempt) -> Registration:
        """The last attempt replaced."""
        return self.model_copy(update={"attempts": (*self.attempts[:-1], attempt)})


def ingest_job_id(of: str) -> str:
    """The engine's job id: 32 hex digits."""
    return hashlib.sha256(f"ingest/{of}".encode()).hexdigest()[:32]


def checked_name(name: str) -> str:
    """The name, when it can name a file and a run; raises DeclarationError."""
    if not _NAME.fullmatch(name):
        raise DeclarationError(f"'{name}' cannot name an ingest job. Take lower-case letters, digits, _ and -.")
    return name


@contextmanager
def locked(settings: Settings, name: str) -> Iterator[None]:
    """One process at a time may start, stop or revive the job: two at once would both submit it."""
    with (_folder(settings) / f".{checked_name(name)}.lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def save(settings: Settings, registration: Registration) -> None:
    """Write it whole: a reader sees the old text or the new one."""
    path = _path(settings, registration.name)
    draft = path.with_name(f".{path.name}.draft")
    draft.write_text(registration.model_dump_json(indent=1))
    draft.replace(path)


def find(settings: Settings, name: str) -> Registration:
    """The registration of that name; raises UnknownName."""
    path = _path(settings, name)
    if not path.exists():
        known = [r.name for r in registrations(settings)]
        raise UnknownName("ingest job", name, known=known, used_by="The command")
    return Registration.model_validate_json(path.read_text())


def known(settings: Settings, name: str) -> bool:
    """Was the job ever started on this platform?"""
    return _path(settings, name).exists()


def registrations(settings: Settings) -> list[Registration]:
    """All of them by name, stopped ones too."""
    return [Registration.model_validate_json(p.read_text()) for p in sorted(_folder(settings).glob("*.json"))]


def _path(settings: Settings, name: str) -> Path:
    return _folder(settings) / f"{checked_name(name)}.json"


def _folder(settings: Settings) -> Path:
    return settings.folder("ingest")

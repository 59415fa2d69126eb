"""Make the files of a batch run visible in one commit: replace whole partitions, or add rows to them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from flink_jobs.core.errors import LakeError, PartitionOwned
from flink_jobs.core.event_time import Partitioning, Span
from flink_jobs.lake.active import active_files
from flink_jobs.lake.adds import StagedFile, stage
from flink_jobs.lake.commit import Change, commit
from flink_jobs.lake.fence import refuse_owned_by_live
from flink_jobs.lake.files import final_files
from flink_jobs.lake.log import commits
from flink_jobs.lake.provenance import Provenance
from flink_jobs.lake.table import Table, partition_column
from flink_jobs.lake.vacuum import MARK

if TYPE_CHECKING:
    from deltalake import DeltaTable


@dataclass(frozen=True)
class Published:
    """What a run made visible. ``repeated`` says that an earlier call had done so already."""

    version: int
    rows: int
    files: int
    partitions: tuple[str, ...]
    repeated: bool = False


def publish(table: Table, run_id: str, partitions: Iterable[str], provenance: Provenance | None = None) -> Published:
    """Replace exactly these partitions by the run's files; a partition without new files becomes empty.

    A second call for the run changes nothing and returns the first result. Raises LakeError when a file lies outside
    the partitions or its columns are not the table's, PartitionOwned when a live job owns a partition.
    """
    keys = _keys(table, partitions)
    staged = _staged(table, run_id, keys)
    done = _commit(table, run_id, keys, staged, provenance or Provenance(), replace=True)
    _check_content(table, run_id, done)
    return done


def append(table: Table, run_id: str, provenance: Provenance | None = None, *, beside_live: bool = False) -> Published:
    """Add the run's files to what their partitions hold; a second call for the run changes nothing.

    ``beside_live`` allows partitions that a live job owns: only right where rows cannot be the same ones.
    """
    staged = _staged(table, run_id, None)
    keys = tuple(sorted({file.partition for file in staged}))
    return _commit(table, run_id, keys, staged, provenance or Provenance(), replace=False, beside_live=beside_live)


def partitions_of(table: Table, span: Span) -> list[str]:
    """Keys of the partitions of the table that a closed span consists of; raises LakeError when it cuts one."""
    by: Partitioning = partition_column(table.open())
    if not span.aligned(by):
        raise LakeError(
            f"The span {span} cuts a partition of '{table.name}', which is written one {by} at a time. "
            f"Begin and end it at the start of a UTC {by}."
        )
    return list(span.partitions(by))


def _keys(table: Table, partitions: Iterable[str]) -> tuple[str, ...]:
    keys = tuple(sorted(set(partitions)))
    if not keys:
        raise LakeError(f"No partition of '{table.name}' was named, so there is nothing to publish.")
    by: Partitioning = partition_column(table.open())
    for key in keys:
        if [key] != list(Span.of_partition(key).partitions(by)):
            raise LakeError(f"'{key}' is not a partition of '{table.name}', whose partitions are one {by} each.")
    return keys


def _staged(table: Table, run_id: str, keys: Sequence[str] | None) -> list[StagedFile]:
    folder = table.run_folder(run_id)
    staged = stage(table, table.open(), final_files(folder))
    if keys is None:
        return staged
    outside = next((file for file in staged if file.partition not in keys), None)
    if outside:
        raise LakeError(
            f"Run {run_id} wrote rows of {outside.partition} into '{table.name}', but publishes only {keys[0]} to "
            f"{keys[-1]} ({outside.path}). Limit the pipeline's output to its span, or widen the span."
        )
    return staged


def _commit(
    table: Table,
    run_id: str,
    keys: tuple[str, ...],
    staged: Sequence[StagedFile],
    provenance: Provenance,
    *,
    replace: bool,
    beside_live: bool = False,
) -> Published:
    result = Published(-1, sum(file.rows for file in staged), len(staged), keys)
    app = f"run:{run_id}"

    def decide(delta: DeltaTable) -> Change | None:
        if delta.transaction_version(app) is not None:
            return None
        _check_whole(table, run_id)
        if not beside_live:
            refuse_owned_by_live(table, delta, keys)
        action = {"mainstem.action": "publish" if replace else "append"}
        metadata = {**provenance.metadata(), **_texts(run_id, result), **action}
        adds = [file.add() for file in staged]
        return Change(adds, keys if replace else (), transactions={app: 1}, metadata=metadata)

    version = commit(table, decide)
    if version is None:
        return _earlier(table, run_id, keys if replace else None)
    return Published(version, result.rows, result.files, keys)


def _check_whole(table: Table, run_id: str) -> None:
    if (table.run_folder(run_id) / MARK).exists():
        raise LakeError(
            f"Run {run_id} waited so long to be published to '{table.name}' that vacuum has deleted its files. "
            "Run the job again under a new run id, or keep files longer ('mainstem maintain --keep')."
        )


def _texts(run_id: str, result: Published) -> dict[str, str]:
    return {
        "mainstem.run": run_id,
        "mainstem.rows": str(result.rows),
        "mainstem.files": str(result.files),
        "mainstem.partitions": json.dumps(result.partitions),
    }


def _earlier(table: Table, run_id: str, keys: tuple[str, ...] | None) -> Published:
    """The result of the commit that the run made before."""
    commit = _find(table, run_id)
    found = Published(
        int(commit["version"]),
        int(commit["mainstem.rows"]),
        int(commit["mainstem.files"]),
        tuple(json.loads(commit["mainstem.partitions"])),
        repeated=True,
    )
    if keys is not None and keys != found.partitions:
        raise LakeError(
            f"Run {run_id} published {', '.join(found.partitions)} of '{table.name}' before and now names "
            f"{', '.join(keys)}. Give another span another run id."
        )
    return found


def _find(table: Table, run_id: str) -> Mapping[str, str]:
    for entry in commits(table):
        if entry.get("mainstem.run") == run_id:
            return entry
    raise LakeError(
        f"Run {run_id} published '{table.name}' long ago, and the log has since forgotten the details. "
        "Use a new run id to publish again."
    )


def _check_content(table: Table, run_id: str, done: Published) -> None:
    """Delta lets a foreign append into a partition that is being replaced pass, so look at what came of it."""
    folder = table.run_folder(run_id).name
    found = active_files(table.open(done.version), done.partitions)
    strange = [file.path for file in found if file.path.split("/")[0] != folder]
    if strange or len(found) != done.files:
        raise PartitionOwned(
            f"Version {done.version} of '{table.name}' does not hold exactly the files of run {run_id} in "
            f"{', '.join(done.partitions)}: {len(found)} instead of {done.files}, others: "
            f"{', '.join(strange[:3]) or 'none'}. Another program wrote the same partition at the same time. "
            "Stop it, then run this span again with a new run id."
        )

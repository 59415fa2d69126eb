"""What a finished run means for its Airflow task: lines for the log, facts for the asset event, words for a failure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mainstem_airflow.pages.links import report_path

_FINAL = ("rejected", "refused", "cancelled")
_FINAL_KINDS = (
    "DeclarationError",
    "UnknownColumn",
    "UnknownName",
    "WrongType",
    "LooseOrder",
    "Cycle",
    "FileError",
    "NoTable",
    "Unproven",
)


def may_help_to_retry(record: Mapping[str, Any]) -> bool:
    """Whether the same request could end otherwise: not after a refused gate, a wrong declaration or a person's stop."""
    return record.get("state") not in _FINAL and record.get("kind") not in _FINAL_KINDS


def log_lines(record: Mapping[str, Any]) -> list[str]:
    """Phases with their seconds, then one line a table."""
    spent = {p: s for p, s in record.get("phase_seconds", {}).items() if p != "done"}
    phases = ", ".join(f"{p} {s:.1f} s" for p, s in spent.items())
    lines = [f"Run {record['run_id']}: {phases or record['state']}; {sum(spent.values()):.1f} s in all."]
    lines += [_table_line(t, facts) for t, facts in sorted(record.get("tables", {}).items())]
    return [*lines, f"Proof: {record['proof']}"] if record.get("proof") else lines


def is_unproven(record: Mapping[str, Any]) -> bool:
    """Whether a person let a version publish that no proof stands for; the job's record says so from its start on."""
    return str(record.get("proof", "")).startswith("unproven")


def asset_extra(record: Mapping[str, Any], table: str) -> dict[str, Any]:
    """The facts that an asset event carries: rows, Delta version, report, run; empty when the run has no such table."""
    facts = record.get("tables", {}).get(table)
    if facts is None:
        return {}
    return {
        "rows": facts.get("rows"),
        "delta_version": facts.get("version"),
        "report": _path(facts),
        "run_id": record["run_id"],
        "proof": record.get("proof", ""),
        "span": f"{record.get('start', '')}/{record.get('end', '')}",
    }


def failure(record: Mapping[str, Any], *, job_url: str = "", base_url: str = "") -> str:
    """What happened, why, and where to look; the three worst reasons of a refused gate."""
    asked = f"pipeline '{record.get('pipeline', '')}' {_place(record)}"
    error = str(record.get("error", "")).strip()
    if record["state"] == "rejected":
        return "\n".join(
            [f"The gate refused {asked}: no table was changed.", *_reasons(record), *_reports(record, base_url)]
        )
    told = {
        "refused": f"Nothing ran of {asked}",
        "cancelled": f"Somebody stopped {asked}",
        "lost": f"The run server was silent for too long over {asked}",
    }
    first = told.get(record["state"], f"The run over {asked} failed")
    where = [f"Flink job: {job_url}"] if job_url and record.get("job_id") else []
    return "\n".join([f"{first}: {error}" if error else f"{first}.", *where])


def worst_report(record: Mapping[str, Any]) -> str:
    """The path of the report to open first: of a table that failed, else of the first table."""
    tables = record.get("tables", {})
    for name in sorted(tables, key=lambda t: (tables[t].get("success", True), t)):
        return _path(tables[name])
    return ""


def _path(facts: Mapping[str, Any]) -> str:
    return report_path(facts["report_id"]) if facts.get("report_id") else ""


def _place(record: Mapping[str, Any]) -> str:
    if "start" in record:
        return f"from {record['start']} to {record['end']}"
    return f"for partition {record['partition']}" if record.get("partition") else "without a partition"


def _table_line(table: str, facts: Mapping[str, Any]) -> str:
    version = facts.get("version")
    state = f"Delta version {version}" if version is not None else "not published"
    warned = f", {facts['warnings']} warnings" if facts.get("warnings") else ""
    return f"Table {table}: {facts.get('rows', 0):,} rows, {state}{warned}; report {_path(facts)}"


def _reasons(record: Mapping[str, Any]) -> list[str]:
    reasons = list(record.get("reasons") or ())[:3] or [str(record.get("error", "")).strip()]
    return [f"  {i}. {reason}" for i, reason in enumerate(reasons, 1)]


def _reports(record: Mapping[str, Any], base_url: str) -> list[str]:
    tables = record.get("tables", {})
    failed = [t for t in sorted(tables) if not tables[t].get("success", True)]
    return [f"Report of {t}: {base_url}{_path(tables[t])}" for t in failed]

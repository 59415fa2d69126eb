"""Where a version of a table came from: kept in the Delta commit itself, read back from its history."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

_PREFIX = "mainstem."


@dataclass(frozen=True)
class Provenance:
    """What made the rows. ``inputs`` maps each table that was read to its pinned version."""

    pipeline: str = ""
    version: str = ""
    span: str = ""
    inputs: Mapping[str, int] = field(default_factory=dict)
    suite: str = ""
    proof: str = ""

    def metadata(self) -> dict[str, str]:
        """Texts for the commit, under ``mainstem.…``; what is not known is left out."""
        texts = {
            "pipeline": self.pipeline,
            "version": self.version,
            "span": self.span,
            "inputs": json.dumps(dict(self.inputs), sort_keys=True) if self.inputs else "",
            "suite": self.suite,
            "proof": self.proof,
        }
        return {_PREFIX + name: text for name, text in texts.items() if text}

    @classmethod
    def of_commit(cls, commit: Mapping[str, Any]) -> Provenance:
        """Read back what ``metadata`` wrote; a foreign commit gives an empty provenance."""
        names = ("pipeline", "version", "span", "suite", "proof")
        texts = {name: str(commit.get(_PREFIX + name) or "") for name in names}
        return cls(**texts, inputs=json.loads(commit.get(_PREFIX + "inputs") or "{}"))

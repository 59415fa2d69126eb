"""JSON Schema of a pipeline file, for editors: made from the models and from the operators that are there."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel

from flink_jobs.core.columns import NAME
from flink_jobs.core.dataset import Dataset
from flink_jobs.core.operator import Operator
from flink_jobs.core.pipeline import Publication
from flink_jobs.operators import operators

_DIALECT = "https://json-schema.org/draft/2020-12/schema"


def json_schema() -> dict[str, Any]:
    """Draft 2020-12 schema of one YAML file."""
    parts: dict[str, Any] = {}
    verbs = {verb: _part(cls, parts, without="step") for verb, cls in operators().items()}
    step = {
        "type": "object",
        "description": "Exactly one operator.",
        "properties": verbs,
        "additionalProperties": False,
        "minProperties": 1,
        "maxProperties": 1,
    }
    properties = {
        "name": {"type": "string", "pattern": f"^{NAME.pattern}$", "description": "The pipeline's name."},
        "description": {"type": "string"},
        "include": {"type": "array", "items": {"type": "string"}, "description": "Files whose datasets are shared."},
        "datasets": _named(_part(Dataset, parts, without="name")),
        "steps": _named(step),
        "publish": _named(_part(Publication, parts)),
        "cases": {"type": "string", "description": "A folder of examples with their results."},
    }
    return {
        "$schema": _DIALECT,
        "title": "Mainstem pipeline",
        "type": "object",
        "properties": properties,
        "required": ["name"],
        "additionalProperties": False,
        "$defs": dict(sorted(parts.items())),
    }


def _part(model: type[BaseModel], parts: dict[str, Any], *, without: str = "") -> dict[str, Any]:
    """A reference to the model's schema, which is put into ``parts`` with all that it needs."""
    schema = model.model_json_schema(by_alias=True)
    parts |= schema.pop("$defs", {})
    if without:
        schema["properties"].pop(without)
        schema["required"] = [name for name in schema.get("required", ()) if name != without]
    if issubclass(model, Operator) and model.__doc__:
        schema["description"] = model.__doc__.split("\n\n")[0]
    parts[model.__name__] = schema
    return {"$ref": f"#/$defs/{model.__name__}"}


def _named(schema: dict[str, Any]) -> dict[str, Any]:
    """A mapping from names to values of that schema."""
    return {"type": "object", "propertyNames": {"pattern": f"^{NAME.pattern}$"}, "additionalProperties": schema}

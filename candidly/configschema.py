"""The JSON Schema of config.yaml, with which editors complete keys, show descriptions and mark mistakes."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema, models_json_schema

from candidly.config import Config, SourceSettings, format_duration

DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"
_TITLE: Final = "candidly's config.yaml"


def json_schema(source_models: Mapping[str, type[SourceSettings]]) -> dict[str, Any]:
    """A JSON Schema (draft 2020-12) as plain data; a source is one of its types, told by `type`."""
    models = dict(sorted(source_models.items()))
    inputs = [(Config, "validation"), *((model, "validation") for model in models.values())]
    names, schema = models_json_schema(inputs, schema_generator=_Generator)  # type: ignore[arg-type]  # list is invariant
    definitions: dict[str, Any] = schema["$defs"]
    references = {kind: names[(model, "validation")] for kind, model in models.items()}
    top = definitions.pop(names[(Config, "validation")]["$ref"].rpartition("/")[2])
    for kind, reference in references.items():
        _fix_type(definitions[reference["$ref"].rpartition("/")[2]], kind)
    if references:
        top["properties"]["sources"]["items"] = {"oneOf": list(references.values())}
    return {"$schema": DIALECT, **top, "title": _TITLE, "$defs": definitions}


def _fix_type(block: dict[str, Any], kind: str) -> None:
    """Pin `type` to the one that this model reads, so that exactly one of the blocks can match."""
    described = block["properties"].get("type", {}).get("description", "Which collector reads it.")
    block["properties"]["type"] = {"const": kind, "description": described}
    block["required"] = sorted({*block.get("required", []), "type"})


class _Generator(GenerateJsonSchema):
    def encode_default(self, dft: Any) -> Any:
        """Defaults as they are written in config.yaml: `6h`, where pydantic says `PT6H`."""
        if isinstance(dft, BaseModel):
            return {name: self.encode_default(getattr(dft, name)) for name in type(dft).model_fields}
        if isinstance(dft, tuple):
            return [self.encode_default(item) for item in dft]
        return format_duration(dft) if isinstance(dft, timedelta) else super().encode_default(dft)

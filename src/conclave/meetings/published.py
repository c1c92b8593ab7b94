"""How the API's bodies and the socket's messages are published: as JSON Schema, from which the client's types are made."""

from collections.abc import Iterable
from typing import Any, Literal

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

Way = Literal["validation", "serialization"]
REFERENCE = "#/$defs/{model}"


def published(*, title: str, models: Iterable[tuple[type[BaseModel], Way]]) -> dict[str, Any]:
    """Return the JSON Schema of these models, each under `$defs`.

    Args:
        title: what it is the schema of.
        models: each with whether it is read (validation) or written (serialization).
    """
    _, whole = models_json_schema(list(models), ref_template=REFERENCE)
    for model in whole["$defs"].values():
        # Pydantic titles every field: generated types would get an alias for each of them.
        for field in model.get("properties", {}).values():
            field.pop("title", None)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": title, **whole}

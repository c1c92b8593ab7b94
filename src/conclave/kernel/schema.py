"""What every body of the JSON API is: strict, with all its keys and no others; and the one form of every refusal."""

from pydantic import BaseModel, ConfigDict


class Strict(BaseModel):
    """A body in which every key is known and no value is bent to fit; an answer has all its keys, those with a default too."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, json_schema_serialization_defaults_required=True)


class ErrorDetail(Strict):
    """A stable code for programs, a sentence for people."""

    model_config = ConfigDict(json_schema_serialization_defaults_required=False)

    code: str
    message: str
    again_at: int | None = None
    organisation: str = ""
    rule: str = ""
    notice: str = ""


class ErrorOut(Strict):
    """Every refusal."""

    error: ErrorDetail


# Of every endpoint, and of those that are somebody's own.
REFUSALS = dict.fromkeys((400, 403, 404, 409, 422, 429, 503), ErrorOut)
OWN_REFUSALS = {401: ErrorOut, **REFUSALS}

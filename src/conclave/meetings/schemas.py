"""What the JSON API takes and gives; OpenAPI and the client's TypeScript types are made from these.

`python -m conclave.meetings.schemas` prints them as JSON Schema, without Django or a server.
"""

import json
import sys
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field
from pydantic.json_schema import models_json_schema

Id = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{21}[AQgw]$", description="16 bytes as b64")]
Key = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]$", description="32 bytes as b64")]
Device = Annotated[
    str, Field(pattern=r"^[A-Za-z0-9_-]{22,43}$", description="16 to 32 random bytes as b64, kept by the device for this meeting")
]


class Strict(BaseModel):
    """A body in which every key is known and no value is bent to fit."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class AgainIn(Strict):
    """The seat to take back (JOIN-2)."""

    participant: Id
    seat: Id


class JoinIn(Strict):
    """POST /join."""

    v: Literal[1]
    meeting: Id
    link_id: Id
    name: str
    signature_key: Key
    device: Device
    again: AgainIn | None = None


class RegionOut(Strict):
    """Where the call's media is processed."""

    id: str
    territory: str


class MediaOut(Strict):
    """The way to the media; ICE servers come from here alone (JOIN-10)."""

    url: str
    token: str
    ice_servers: list[dict[str, str]]


class TicketOut(Strict):
    """The ticket (join.md)."""

    v: Literal[1] = 1
    meeting: Id
    call: Id
    participant: Id
    seat: Id
    name: str
    role: Literal["host", "guest"]
    time: int
    attestation: str
    attestation_signature: str
    attestation_key: str
    link_version: int
    region: RegionOut
    media: MediaOut
    socket: str = "/api/v1/socket"


class LobbyIn(Strict):
    """POST /lobby."""

    meeting: Id
    link_id: Id


class LobbyOut(Strict):
    """What somebody with the link may know before joining."""

    title: str
    inviter: str
    region: RegionOut
    live: bool
    link_version: int


class MeetingIn(Strict):
    """POST /meetings: by a signed-in owner, or with the one-time meet-now token."""

    meeting: Id
    title: str = ""
    link_id: Id
    host_hash: Id
    now: Annotated[str, Field(min_length=1, max_length=64)] | None = None


class MeetingMade(Strict):
    """A meeting that was stored."""

    meeting: Id
    link_version: int


class MeetingOut(Strict):
    """One of the owner's meetings."""

    meeting: Id
    title: str
    link_version: int
    created_at: int
    live: bool


class MeetingsOut(Strict):
    """GET /meetings."""

    meetings: list[MeetingOut]


class TitleIn(Strict):
    """PATCH /meetings/<meeting>."""

    title: str


class ErrorDetail(Strict):
    """A stable code for programs, a sentence for people."""

    code: str
    message: str


class ErrorOut(Strict):
    """Every refusal."""

    error: ErrorDetail


def schema() -> dict[str, object]:
    """Return the JSON Schema of every body, under `$defs`."""
    _, whole = models_json_schema([(model, "validation") for model in Strict.__subclasses__()], ref_template="#/$defs/{model}")
    for model in whole["$defs"].values():
        # Pydantic titles every field: generated types would get an alias for each of them.
        for field in model.get("properties", {}).values():
            field.pop("title", None)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "Conclave's JSON API, version 1", **whole}


if __name__ == "__main__":
    sys.stdout.write(json.dumps(schema(), indent=2, sort_keys=True) + "\n")

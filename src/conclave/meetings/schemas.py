"""What the JSON API takes and gives: the one schema that gateway and clients are typed by, and OpenAPI is made from.

`python -m conclave.meetings.schemas` prints it as JSON Schema, without Django or a server; web/src/api/http.gen.ts is made from that.
"""

import json
import sys
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from conclave.meetings.published import published

Id = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{21}[AQgw]$", description="16 bytes as b64")]
Key = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]$", description="32 bytes as b64")]
Device = Annotated[
    str, Field(pattern=r"^[A-Za-z0-9_-]{22,43}$", description="16 to 32 random bytes as b64, kept by the device for this meeting")
]


class Strict(BaseModel):
    """A body in which every key is known and no value is bent to fit; an answer has all its keys, those with a default too."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, json_schema_serialization_defaults_required=True)


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


class IceServerOut(Strict):
    """A STUN or TURN server, as browsers take it; one without credentials may have none."""

    model_config = ConfigDict(json_schema_serialization_defaults_required=False)

    urls: str
    username: str = ""
    credential: str = ""


class MediaOut(Strict):
    """The way to the media; ICE servers come from here alone (JOIN-10)."""

    url: str
    token: str
    ice_servers: list[IceServerOut]


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


class SelftestOut(Strict):
    """POST /selftest: a way to the media engine for one visitor alone."""

    region: RegionOut
    media: MediaOut


class MeetingIn(Strict):
    """POST /meetings: by a signed-in owner, or with the one-time meet-now token; what could open the meeting has no key here (MEET-1)."""

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


class LinkIn(Strict):
    """POST /meetings/<meeting>/link: what the owner's browser derived from the next link's secret."""

    link_id: Id
    link_version: int


class ErrorDetail(Strict):
    """A stable code for programs, a sentence for people."""

    code: str
    message: str


class ErrorOut(Strict):
    """Every refusal."""

    error: ErrorDetail


def schema() -> dict[str, object]:
    """Return the JSON Schema of every body, under `$defs`."""
    bodies = Strict.__subclasses__()
    return published(
        title="Conclave's JSON API, version 1",
        models=[(body, "validation" if body.__name__.endswith("In") else "serialization") for body in bodies],
    )


if __name__ == "__main__":
    sys.stdout.write(json.dumps(schema(), indent=2, sort_keys=True) + "\n")

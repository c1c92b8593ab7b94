"""What the JSON API says of the way to the media; schemas.py prints it with the rest."""

from typing import Literal

from pydantic import ConfigDict

from conclave.kernel.schema import Strict


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
    # Where the region's engine sends and receives media, for the client to compare with what its browser does (REG-9).
    addresses: list[str]
    # What its holder sends and asks for, where the region was full when they came (REG-3).
    picture: Literal["full", "small", "none"]


class ReceiptsOut(Strict):
    """GET /meetings/{id}/receipts: each is a file that `./conclave verify receipt` reads."""

    receipts: list[str]


class SelftestOut(Strict):
    """POST /selftest: a way to the media engine for one visitor alone."""

    region: RegionOut
    media: MediaOut

"""What the JSON API takes and gives: the one schema that gateway and clients are typed by, and OpenAPI is made from.

`python -m conclave.meetings.schemas` prints it as JSON Schema, without Django or a server; web/src/api/http.gen.ts is made from that.
"""

import json
import sys
from typing import Annotated, Literal

from pydantic import Field

from conclave.kernel.schema import Strict
from conclave.meetings.media_schemas import MediaOut, RegionOut
from conclave.meetings.published import published

Id = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{21}[AQgw]$", description="16 bytes as b64")]
Key = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]$", description="32 bytes as b64")]
Signature = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{86}$", description="64 bytes as b64")]
Passcode = Annotated[str, Field(min_length=1, max_length=64)]
Preset = Literal["guarded", "open", "school", "confidential"]
Device = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{22,43}$", description="16 to 32 random bytes as b64, a device's in one meeting")]


class AgainIn(Strict):
    """The seat to take back (JOIN-2)."""

    participant: Id
    seat: Id


class HostWordIn(Strict):
    """The link's host key and its signature over the coming leaf key (KNOCK-2)."""

    key: Key
    signature: Signature


class PassIn(Strict):
    """A knock that a host has answered (KNOCK-3)."""

    knock: Id
    proof: Annotated[Id, Field(alias="secret")]


class JoinIn(Strict):
    """POST /join."""

    v: Literal[1]
    meeting: Id
    link_id: Id
    name: str
    signature_key: Key
    device: Device
    again: AgainIn | None = None
    host: HostWordIn | None = None
    passcode: Passcode | None = None
    pass_: Annotated[PassIn | None, Field(alias="pass")] = None
    invitation: Id | None = None


class KnockIn(Strict):
    """POST /knock."""

    v: Literal[1]
    meeting: Id
    link_id: Id
    name: str
    signature_key: Key
    device: Device
    seal_key: Key | None = None
    seal_signature: Signature | None = None
    passcode: Passcode | None = None
    invitation: Id | None = None


class KnockOut(Strict):
    """What a knock is known by, and what proves that it is one's own."""

    knock: Id
    secret: Id
    socket: str = "/api/v1/waiting"


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
    # Where else the call may be held, while it is not: nobody is told that there is one (KNOCK-6).
    other_regions: list[RegionOut]
    # Organisations of the asker's that would not hold a meeting there: the host's list governs, and they are told first (REG-4).
    outside: list[str]
    live: bool
    open: bool
    link_version: int
    passcode: bool
    sign_in: bool
    preset: Preset


class EntranceIn(Strict):
    """What may be set beside a preset; a key that is absent stays as it is, an empty passcode is none (MEET-8, MEET-9)."""

    who: Literal["link", "signed_in", "invited"] | None = None
    waiting: Literal["nobody", "strangers", "uninvited", "everybody"] | None = None
    passcode: Annotated[str, Field(max_length=64)] | None = None
    before_host: bool | None = None
    capacity: Annotated[int, Field(ge=0, le=1000, description="0 for as many as the server has room for")] | None = None


class EntranceOut(Strict):
    """Who comes in and how; of a passcode only whether there is one."""

    preset: Preset
    who: Literal["link", "signed_in", "invited"]
    waiting: Literal["nobody", "strangers", "uninvited", "everybody"]
    passcode: bool
    before_host: bool
    capacity: int
    version: str


class OwnRulesIn(Strict):
    """What a meeting says itself beside its organisation's policy (RULE-1); what is absent stays as it is, null is nothing any more."""

    guests: Literal["allowed", "admitted", "none"] | None = None
    sign_in: Literal["password", "second_factor", "sso"] | None = None
    regions: Annotated[list[Annotated[str, Field(pattern=r"^[A-Za-z0-9-]{1,32}$")]], Field(max_length=50)] | None = None
    retention_days: Annotated[int, Field(ge=1, le=365)] | None = None
    rotation_days: Annotated[int, Field(ge=0, le=365)] | None = None
    rotation_after_call: bool | None = None


class HouseOut(Strict):
    """The organisation whose policy a meeting is under: what holds, and what it leaves to choose."""

    organisation: Id
    name: str
    presets: list[Preset]
    guests: Literal["allowed", "admitted", "none"]
    sign_in: Literal["password", "second_factor", "sso"]
    enforced: list[str]
    link_due_at: int | None


class PolicyOut(Strict):
    """An organisation under whose policy somebody may make meetings, or why not."""

    organisation: Id
    name: str
    presets: list[Preset]
    preset: Preset
    refusal: str


class PoliciesOut(Strict):
    """GET /policies."""

    policies: list[PolicyOut]


class MeetingIn(Strict):
    """POST /meetings: by a signed-in owner, or with the one-time meet-now token; what could open the meeting has no key here (MEET-1)."""

    meeting: Id
    title: str = ""
    link_id: Id
    host_hash: Id
    now: Annotated[str, Field(min_length=1, max_length=64)] | None = None
    preset: Preset | None = None
    entrance: EntranceIn = EntranceIn()
    organisation: Id | None = None
    rules: OwnRulesIn = OwnRulesIn()


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
    entrance: EntranceOut
    organisation: HouseOut | None


class ZoneChangeOut(Strict):
    """From when a zone's clocks go otherwise: what the wall showed until then, and seconds east of UTC."""

    local: str
    before: int
    after: int
    summer: bool
    name: str


class PlanOut(Strict):
    """GET /meetings/<meeting>/plan: what a calendar file is made of, but for the link, which is not known here."""

    title: str
    start: str
    starts_at: int
    zone: str
    minutes: int
    rule: str
    off: list[str]
    sequence: int
    changes: list[ZoneChangeOut]
    organiser_name: str
    organiser_address: str


class MeetingsOut(Strict):
    """GET /meetings: one page of them; `next` continues it."""

    meetings: list[MeetingOut]
    next: str | None


class HousedOut(Strict):
    """A meeting as its organisation sees it (MEET-20): whose it is, when, and who comes in; no id, no title, nobody else."""

    host: str
    created_at: int
    live: bool
    next_at: int | None
    zone: str
    past_at: int | None
    preset: Preset
    who: Literal["link", "signed_in", "invited"]
    waiting: Literal["nobody", "strangers", "uninvited", "everybody"]
    passcode: bool
    before_host: bool
    guests: Literal["allowed", "admitted", "none"]
    capacity: int | None


class HousedListOut(Strict):
    """GET /organisations/<organisation>/meetings: one page of them; `next` continues it."""

    meetings: list[HousedOut]
    next: str | None


class ChangesIn(Strict):
    """PATCH /meetings/<meeting>; a preset sets what it means before anything else is set."""

    title: str | None = None
    preset: Preset | None = None
    entrance: EntranceIn = EntranceIn()
    rules: OwnRulesIn = OwnRulesIn()
    seen: str | None = None


class LinkIn(Strict):
    """POST /meetings/<meeting>/link: what the owner's browser derived from the next link's secret."""

    link_id: Id


class InvitationIn(Strict):
    """POST /meetings/<meeting>/invitations: the hash of what the owner's browser drew, for whom, and for how long."""

    digest: Key
    whom: Annotated[str, Field(min_length=1, max_length=800)]
    days: Annotated[int, Field(ge=1, le=365)] = 30


class InvitationOut(Strict):
    """An invitation as the meeting's owner sees it."""

    invitation: Id
    whom: str
    made_at: int
    expires_at: int
    revoked_at: int | None
    used_at: int | None


class InvitationsOut(Strict):
    """GET /meetings/<meeting>/invitations."""

    invitations: list[InvitationOut]


class RevokedIn(Strict):
    """PATCH /meetings/<meeting>/invitations/<invitation>."""

    revoked: bool


class OpenerIn(Strict):
    """One thing that opens a keyring (KEYR-3); without a secret, the one stays that is kept of it."""

    opener: Id
    kind: Literal["passkey", "recovery", "device"]
    credential: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,1364}$", description="a passkey's id as b64")] | None = None
    secret: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{64,512}$")] | None = None
    wrapped: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{167}$", description="125 bytes as b64")]


class OpenerOut(Strict):
    """An opener as it is kept; a device keeps its secret to itself."""

    opener: Id
    kind: Literal["passkey", "recovery", "device"]
    credential: str | None
    secret: str | None
    wrapped: str


class KeyringIn(Strict):
    """PUT /keyring: the next version, as ciphertext (KEYR-4)."""

    ring: Id
    expects: Annotated[int, Field(ge=0, le=2**31 - 2)]
    sealed: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]+$", max_length=48 * 1024)]
    openers: Annotated[list[OpenerIn], Field(min_length=1, max_length=31)] | None = None


class SealedOut(Strict):
    """A keyring as it is kept."""

    ring: Id
    version: int
    sealed: str
    openers: list[OpenerOut]


class PasskeyOut(Strict):
    """One of the account's passkeys: what a browser asks for it by, and its name."""

    credential: str
    name: str


class KeyringOut(Strict):
    """GET /keyring."""

    account: Id
    keyring: SealedOut | None
    passkeys: list[PasskeyOut]


class KeyringVersion(Strict):
    """The version that was kept."""

    version: int


def schema() -> dict[str, object]:
    """Return the JSON Schema of every body, under `$defs`."""
    # Those of other domains, where they are loaded too, are no part of what the call's client is typed by.
    bodies = [body for body in Strict.__subclasses__() if body.__module__ in {__name__, MediaOut.__module__, Strict.__module__}]
    return published(
        title="Conclave's JSON API, version 1",
        models=[(body, "validation" if body.__name__.endswith("In") else "serialization") for body in bodies],
    )


if __name__ == "__main__":
    sys.stdout.write(json.dumps(schema(), indent=2, sort_keys=True) + "\n")

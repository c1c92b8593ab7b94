"""Every message of the meeting socket and of the waiting socket, both ways: the one schema that gateway and clients are typed by (JOIN-6).

`python -m conclave.meetings.socket` prints it as JSON Schema; web/src/api/socket.gen.ts is made from that.
"""

import json
import sys
from typing import Annotated, Any, Literal

from pydantic import Field, StringConstraints, TypeAdapter, ValidationError

from conclave.kernel import canonical
from conclave.kernel.errors import Malformed
from conclave.meetings.barring import BanList, Bans, Link, Linked, Unban
from conclave.meetings.bounds import LARGEST_INDEX, LARGEST_TEXT, B64Of32, B64Of64, B64Small, B64Text, Code, Hex32, Id, Index, Message
from conclave.meetings.doorbell import DOOR, WAITER, Admit, AdmitAsked, Answer, Knocks, OrderedOut
from conclave.meetings.published import REFERENCE, published

Mode = Literal["create", "join", "resume"]
GoneReason = Literal[
    "removed",
    "ended",
    "joined_elsewhere",
    "restarting",
    "misbehaved",
    "seat_unknown",
    "not_securing",
    "call_locked",
    "link_old",
    "region_forbidden",
    "ordered",
]


# From the client


class Hello(Message):
    """The first message: which seat this is, and what the client holds already (JOIN-5)."""

    t: Literal["hello"]
    v: Literal[1]
    participant: Id
    seat: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]+$", min_length=1, max_length=64)]
    incarnation: Id | None
    log: Index
    said: Index


class Bye(Message):
    """Leaves at once (JOIN-7)."""

    t: Literal["bye"]


class Create(Message):
    """Epoch 0 (LOG-13)."""

    t: Literal["create"]
    incarnation: Id
    group_info: B64Text
    tree: B64Text


class Announce(Message):
    """Asks to be added."""

    t: Literal["announce"]
    incarnation: Id
    key_package: B64Small
    mac: B64Of32


class WelcomePart(Message):
    """One joiner's own part of a commit."""

    participant: Id
    welcome: B64Text


class Dropped(Message):
    """One announced addition that could not be committed (POL-13)."""

    participant: Id
    code: Code


class SendCommit(Message):
    """The next epoch, under a lease."""

    t: Literal["commit"]
    incarnation: Id
    lease: Id
    epoch: Index
    commit: B64Text
    welcomes: Annotated[list[WelcomePart], Field(max_length=100)]
    dropped: Annotated[list[Dropped], Field(max_length=100)]


class Ack(Message):
    """The client is in this epoch."""

    t: Literal["ack"]
    incarnation: Id
    epoch: Index
    digest: B64Of32


class Nack(Message):
    """The client could not apply that entry (LOG-11)."""

    t: Literal["nack"]
    incarnation: Id
    index: Index
    code: Code


class Policy(Message):
    """A host asks to commit a policy change; `alone` when the commit must add nobody (POL-4)."""

    t: Literal["policy"]
    incarnation: Id
    alone: bool = False


class Remove(Message):
    """A host asks for a removal."""

    t: Literal["remove"]
    participant: Id
    signature: B64Of64
    ban: bool = False


class End(Message):
    """A host ends the call for all."""

    t: Literal["end"]
    signature: B64Of64


class Say(Message):
    """An application message."""

    t: Literal["say"]
    incarnation: Id
    message: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]+$", min_length=1, max_length=65_536)]


ClientMessage = Annotated[
    Hello | Bye | Create | Announce | SendCommit | Ack | Nack | Policy | Remove | Unban | Bans | Link | End | Answer | Admit | Say,
    Field(discriminator="t"),
]

# From the gateway


class Ready(Message):
    """The answer to `hello`; `log` and `said` are the indices that come next (a joiner's are set by its welcome)."""

    t: Literal["ready"]
    incarnation: Id
    mode: Mode
    log: Index
    said: Index
    time: Index


class Created(Message):
    """That creation won."""

    t: Literal["created"]
    incarnation: Id


class HostWord(Message):
    """A host's word in the log: its leaf key and signature."""

    key: B64Of32
    signature: B64Of64


class AddEntry(Message):
    """Log: somebody is to be added."""

    kind: Literal["add"]
    participant: Id
    key_package: B64Small
    mac: B64Of32
    admit: HostWord | None = None


class RemoveEntry(Message):
    """Log: somebody is to be removed."""

    kind: Literal["remove"]
    participant: Id
    reason: Literal["left", "lost", "replaced", "removed"]
    by: HostWord | None = None


class CommitEntry(Message):
    """Log: an accepted commit."""

    kind: Literal["commit"]
    participant: Id
    commit: B64Text


LogEntry = Annotated[AddEntry | RemoveEntry | CommitEntry, Field(discriminator="kind")]


class Entries(Message):
    """The log from the socket's cursor on."""

    t: Literal["entries"]
    incarnation: Id
    from_: Annotated[Index, Field(alias="from")]
    entries: list[LogEntry]


class Lease(Message):
    """Commit what the log means up to covers; −1 while it is empty."""

    t: Literal["lease"]
    incarnation: Id
    lease: Id
    epoch: Index
    covers: Annotated[int, Field(ge=-1, le=LARGEST_INDEX)]
    policy: bool


class CommitRefused(Message):
    """The commit lost or broke a rule: forget it."""

    t: Literal["refused"]
    lease: Id
    code: Code


class Welcome(Message):
    """The joiner's part of the commit at log index `index`; it reads the log from covers+1 on."""

    t: Literal["welcome"]
    incarnation: Id
    index: Index
    covers: Index
    epoch: Index
    welcome: B64Text
    tree: Hex32
    tree_bytes: B64Text | None = None


class Acked(Message):
    """95 % of the old members have acknowledged."""

    t: Literal["acked"]
    incarnation: Id
    epoch: Index


class Renew(Message):
    """The incarnation ended; create or join the new one."""

    t: Literal["renew"]
    incarnation: Id
    mode: Literal["create", "join"]


class Keeper(Message):
    """Whether this member says the heartbeats from now on (LOG-15)."""

    t: Literal["keeper"]
    incarnation: Id
    on: bool


class SaidItem(Message):
    """One application message, franked."""

    index: Index
    participant: Id
    message: B64Text
    received: Index
    kid: Annotated[str, StringConstraints(min_length=1, max_length=16)]
    tag: B64Of32


class Said(Message):
    """What was said, from the socket's cursor on."""

    t: Literal["said"]
    incarnation: Id
    from_: Annotated[Index, Field(alias="from")]
    items: list[SaidItem]


class Intruder(Message):
    """Somebody without a seat, hidden, or besides a participant something else was put out of the call's media room (JOIN-14)."""

    t: Literal["intruder"]
    why: Code


class Error(Message):
    """The message of type `about` changed nothing."""

    t: Literal["error"]
    code: Code
    about: Annotated[str, StringConstraints(max_length=32)]


class Gone(Message):
    """Why the gateway closes this socket (JOIN-8); after `removed`, which participant asked for it and whether it was a ban; after
    `ordered`, where the notice of the order stands.
    """

    t: Literal["gone"]
    reason: GoneReason
    by: Id | None = None
    banned: bool = False
    notice: Id | None = None


ServerMessage = Annotated[
    Ready
    | Created
    | Entries
    | Lease
    | CommitRefused
    | Welcome
    | Acked
    | Renew
    | Keeper
    | Knocks
    | AdmitAsked
    | OrderedOut
    | Said
    | Intruder
    | BanList
    | Linked
    | Error
    | Gone,
    Field(discriminator="t"),
]

_client: TypeAdapter[ClientMessage] = TypeAdapter(ClientMessage)
_server: TypeAdapter[ServerMessage] = TypeAdapter(ServerMessage)


def read(*, text: str) -> ClientMessage:
    """Return what a client said.

    Args:
        text: one text message.

    Raises:
        Malformed: more than 1 MiB, not JSON, of an unknown type, or with a field missing, unknown, out of bounds or said twice (ENC-1,
            JOIN-6).
    """
    # Every character is at least a byte: most texts need not be encoded to be measured.
    if len(text) > LARGEST_TEXT or (not text.isascii() and len(text.encode("utf-8", "surrogatepass")) > LARGEST_TEXT):
        raise Malformed("The message is larger than 1 MiB.")
    # Two readers of a key that is said twice may take different ones.
    canonical.parse(text)
    try:
        return _client.validate_json(text)
    except (ValidationError, RecursionError) as error:
        raise Malformed("The message is not one of the protocol's.") from error


def kind_of(*, text: str) -> str:
    """Return the type that a refused message claims to be, for the answer; `?` when it names none."""
    try:
        kind = json.loads(text[:LARGEST_TEXT])["t"] if len(text) <= LARGEST_TEXT else "?"
    except (ValueError, TypeError, KeyError, RecursionError):
        return "?"
    return kind if isinstance(kind, str) and kind.isascii() and kind.isidentifier() and len(kind) <= 32 else "?"


def schema() -> dict[str, object]:
    """Return the JSON Schema of both sides of both sockets: `ClientMessage`, `ServerMessage`, `WaiterMessage` and `DoorMessage`."""
    sides: dict[str, TypeAdapter[Any]] = {
        "ClientMessage": _client,
        "ServerMessage": _server,
        "WaiterMessage": WAITER,
        "DoorMessage": DOOR,
    }
    whole = published(title="Conclave's meeting socket, version 1", models=[(model, "validation") for model in Message.__subclasses__()])
    for name, adapter in sides.items():
        side = adapter.json_schema(ref_template=REFERENCE)
        whole["$defs"][name] = {key: value for key, value in side.items() if key != "$defs"}
    return whole


if __name__ == "__main__":
    sys.stdout.write(json.dumps(schema(), indent=2, sort_keys=True) + "\n")

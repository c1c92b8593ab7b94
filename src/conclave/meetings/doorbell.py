"""The messages of the door, of hosts on the meeting socket and of whoever waits on the waiting socket (docs/protocol/knock.md)."""

from typing import Annotated, Literal

from pydantic import Field, StringConstraints, TypeAdapter, ValidationError

from conclave.kernel.errors import Malformed
from conclave.meetings.bounds import LARGEST_INDEX, B64Of32, B64Of64, B64Small, Id, Index, Message

LARGEST_WAITER_TEXT = 1024
# A sealed link with the certificates of a chain of a dozen co-hosts (LINK-8).
LONGEST_SEALED = 4096

# From a host


class Sealed(Message):
    """A new link's secret, sealed to the key of whoever knocks."""

    knock: Id
    sealed: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]+$", min_length=1, max_length=LONGEST_SEALED)]


class Answer(Message):
    """A host lets people in, or refuses them (KNOCK-4)."""

    t: Literal["answer"]
    knocks: Annotated[list[Id], Field(min_length=1, max_length=100)]
    admit: bool
    block: bool
    sealed: Annotated[list[Sealed], Field(max_length=100)] = []


class Admit(Message):
    """A host's word for a KeyPackage that waits for it (KNOCK-8)."""

    t: Literal["admit"]
    incarnation: Id
    participant: Id
    key: B64Of32
    signature: B64Of64


# To hosts


class Waits(Message):
    """Somebody at the door; name and keys are what they said of themselves."""

    knock: Id
    name: Annotated[str, StringConstraints(max_length=64)]
    signature_key: B64Of32
    seal_key: B64Of32 | None = None
    seal_signature: B64Of64 | None = None
    since: Index
    why: Literal["waiting_room", "link_old", "before_host", "guest", "link_due"]
    signed_in: bool


class Knocks(Message):
    """To hosts: who waits by now, and who does no longer (KNOCK-4)."""

    t: Literal["knocks"]
    waiting: Annotated[list[Waits], Field(max_length=100)]
    gone: list[Id]


class AdmitAsked(Message):
    """To hosts of a strict group: somebody who waits for a host's word (KNOCK-8)."""

    t: Literal["admit_asked"]
    incarnation: Id
    participant: Id
    key_package: B64Small


class OrderedOut(Message):
    """To hosts: how many people orders of public authorities have taken out of this call so far, in one territory (ORD-20)."""

    t: Literal["ordered_out"]
    territory: Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$")]
    people: Annotated[int, Field(ge=1, le=LARGEST_INDEX)]


# The waiting socket (knock.md)


class Wait(Message):
    """The first message: whose knock this is."""

    t: Literal["wait"]
    knock: Id
    proof: Annotated[Id, Field(alias="secret")]


class Cancel(Message):
    """Goes away from the door."""

    t: Literal["cancel"]


WaiterMessage = Annotated[Wait | Cancel, Field(discriminator="t")]


class Waiting(Message):
    """The answer to `wait`."""

    t: Literal["waiting"]


class Admitted(Message):
    """A host lets this person in: join with the pass."""

    t: Literal["admitted"]
    sealed: Annotated[str, StringConstraints(max_length=LONGEST_SEALED)] | None = None


class Refused(Message):
    """A host refused this person, until `again_at` or for good (KNOCK-5)."""

    t: Literal["refused"]
    again_at: Index | None
    blocked: bool


class WaitOver(Message):
    """Nobody waits here any more; `elsewhere`: the same device waits by a later knock, which this one must not end in turn (KNOCK-7)."""

    t: Literal["over"]
    elsewhere: bool = False


DoorMessage = Annotated[Waiting | Admitted | Refused | WaitOver, Field(discriminator="t")]

WAITER: TypeAdapter[WaiterMessage] = TypeAdapter(WaiterMessage)
DOOR: TypeAdapter[DoorMessage] = TypeAdapter(DoorMessage)


def read_waiter(*, text: str) -> WaiterMessage:
    """Return what somebody said who waits.

    Args:
        text: one text message.

    Raises:
        Malformed: not one of the protocol's.
    """
    try:
        return WAITER.validate_json(text[:LARGEST_WAITER_TEXT])
    except ValidationError as error:
        raise Malformed("The message is not one of the protocol's.") from error

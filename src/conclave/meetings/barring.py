"""The messages of bans and of the link, between hosts and the gateway (docs/protocol/delivery.md; LINK-6)."""

from typing import Annotated, Literal

from pydantic import StringConstraints

from conclave.meetings.bounds import Id, Index, Message


class Unban(Message):
    """A host lets somebody in again."""

    t: Literal["unban"]
    ban: Id


class Bans(Message):
    """A host asks who is banned."""

    t: Literal["bans"]


class Link(Message):
    """A host says which link the group has moved on to (LINK-6)."""

    t: Literal["link"]
    incarnation: Id
    link_version: Index
    link_id: Id


class Banned(Message):
    """One ban as hosts see it: the name that the person had, the name of the host, when, and whether they were only at the door."""

    ban: Id
    name: Annotated[str, StringConstraints(max_length=64)]
    by: Annotated[str, StringConstraints(max_length=64)]
    signed_in: bool
    since: Index
    blocked: bool


class BanList(Message):
    """The meeting's bans, newest first."""

    t: Literal["bans"]
    bans: list[Banned]


class Linked(Message):
    """To everybody in the call: this link is the meeting's from now on (LINK-10)."""

    t: Literal["linked"]
    link_version: Index
    link_id: Id

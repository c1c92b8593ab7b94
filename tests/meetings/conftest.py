"""The fixed world: Alice hosts, Bob belongs, Charlie must never get in."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from django.test import Client

from conclave.accounts.models import User
from conclave.kernel import b64, clock
from conclave.kernel.ids import UserId, new_id
from conclave.media import placement
from conclave.meetings.door import Newcomer
from conclave.meetings.join import Again, Ticket, join
from conclave.meetings.models import Meeting

NOW = clock.now()


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """What a browser derives from a link."""

    meeting: str
    link_id: str


@pytest.fixture(autouse=True)
def _fresh_memory() -> Iterator[None]:
    """Forget the health of engines between tests."""
    placement.report(region="local", up=True)
    yield
    placement.report(region="local", up=True)


@pytest.fixture
def alice() -> User:
    """Alice has an account and owns the meeting."""
    return _person("Alice")


@pytest.fixture
def bob() -> User:
    """Bob has an account here too."""
    return _person("Bob")


@pytest.fixture
def link(alice: User) -> Link:
    """Alice's meeting, as her browser registered it."""
    link = Link(meeting=new_id(), link_id=new_id())
    Meeting.objects.create(id=link.meeting, owner=alice, title="Plans", link_id=link.link_id, host_hash=new_id(), created_at=NOW)
    return link


Joins = Callable[..., Ticket]


@pytest.fixture
def joins(link: Link) -> Joins:
    """Return a function that lets somebody join Alice's meeting."""

    def act(name: str = "Bob", *, at: int = NOW, again: Again | None = None, **facts: Any) -> Ticket:
        facts = {"signature_key": key_of(name), "device": device_of(name), "account": None, **facts}
        return join(meeting=link.meeting, link_id=link.link_id, newcomer=Newcomer(name=name, **facts), again=again, now=at)

    return act


Posts = Callable[..., Any]


@pytest.fixture
def posts(client: Client) -> Posts:
    """Return a function that posts JSON to the API as this site's own page would."""

    def act(path: str, body: object, *, method: str = "post", **headers: str) -> Any:
        send = getattr(client, method)
        return send(f"/api/v1{path}", json.dumps(body), content_type="application/json", headers=headers)

    return act


def _person(name: str) -> User:
    """Return somebody with an account; without a password, as hashing one takes longer than most tests."""
    user = User(email=f"{name.lower()}@example.org", name=name, created_at=NOW)
    user.set_unusable_password()
    user.save()
    return user


def key_of(name: str) -> str:
    """Return a person's signature key; 32 bytes made from the name."""
    return b64.encode(name.encode().ljust(32, b"\1")[:32])


def device_of(name: str) -> str:
    """Return a person's device pseudonym, likewise."""
    return b64.encode(name.encode().ljust(16, b"\2")[:16])


def account_of(user: User) -> UserId:
    """Return a person's account id."""
    return UserId(user.pk)


def removed(ticket: Ticket, *, ban: bool = False, by: str = "alice") -> None:
    """Let a host have removed somebody: what meetings/remove.py does once keys/ found the host's word right."""
    from conclave.meetings.remove import impose_removal

    impose_removal(call=ticket.call, participant=ticket.participant, by=by, word=("k", "s"), ban=ban, now=NOW)

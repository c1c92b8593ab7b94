"""JOIN-6: garbage, oversized, out-of-order and other people's messages change nothing and disturb nobody else."""

from typing import Any

import pytest

from conclave.keys.models import Group, LogEntry
from tests.keys.members import World
from tests.meetings.sockets import Guest, together
from tests.meetings.test_consumers import _gateway, world
from tests.meetings.test_socket import GARBAGE, ID

__all__ = ["_gateway", "world"]
pytestmark = pytest.mark.django_db(transaction=True)


async def test_garbage_is_answered_and_the_socket_lives_on(world: World) -> None:
    alice = Guest(world, "Alice")
    await alice.enter()
    await together(alice, names={"Alice"})
    for text in GARBAGE[:8]:
        await alice.wire.send(text=text)
        assert (await alice.until("error"))["code"] == "malformed"
    bob = Guest(world, "Bob")
    await bob.enter()
    await together(alice, bob, names={"Alice", "Bob"})


async def test_the_tenth_offence_in_a_minute_closes_that_socket_alone(world: World) -> None:
    alice, bob = Guest(world, "Alice"), Guest(world, "Bob")
    await alice.enter()
    await bob.enter()
    await together(alice, bob, names={"Alice", "Bob"})
    for _ in range(10):
        await bob.wire.send(text="{}")
    assert (await bob.until("gone"))["reason"] == "misbehaved"
    await alice.say("still here")
    await alice.until("said")


async def test_a_new_socket_is_no_new_start(world: World) -> None:
    """JOIN-6: what a seat has said and done wrong is remembered when it comes back."""
    bob = Guest(world, "Bob")
    await bob.enter()
    await together(bob, names={"Bob"})
    for _ in range(10):
        await bob.wire.send(text="{}")
    await bob.wire.closed()
    await bob.connect()
    await bob.hello(incarnation=bob.mind.incarnation, log=bob.cursor or 0)
    await bob.until("ready")
    await bob.wire.send(text="{}")
    assert (await bob.until("gone"))["reason"] == "misbehaved"


async def test_whoever_is_slow_with_the_hello_comes_back(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """JOIN-6: `misbehaved` would have been the end for a machine that has much to do."""
    bob = Guest(world, "Bob")
    await bob.take_ticket()
    with monkeypatch.context() as hasty:
        hasty.setattr("conclave.meetings.consumers.HELLO_SECONDS", 0.0)
        await bob.connect()
        with pytest.raises(AssertionError, match=r"websocket\.close"):
            await bob.wire.receive()
    await bob.connect()
    await bob.hello()
    await bob.until("ready")


async def test_bytes_are_malformed(world: World) -> None:
    alice = Guest(world, "Alice")
    await alice.take_ticket()
    await alice.connect()
    await alice.wire.send(data=b"\x00")
    assert (await alice.until("error"))["code"] == "malformed"


async def test_nothing_comes_before_hello(world: World) -> None:
    """JOIN-5."""
    alice = Guest(world, "Alice")
    await alice.take_ticket()
    await alice.connect()
    await alice.tell(t="bye")
    assert await alice.until("error") == {"t": "error", "code": "malformed", "about": "bye"}
    await alice.hello()
    await together(alice, names={"Alice"})


async def test_hello_comes_once(world: World) -> None:
    alice = Guest(world, "Alice")
    await alice.enter()
    await together(alice, names={"Alice"})
    await alice.hello()
    assert await alice.until("error") == {"t": "error", "code": "malformed", "about": "hello"}


async def test_other_peoples_messages_change_nothing(world: World) -> None:
    """A member that speaks for another incarnation, lease or key package is refused with a code."""
    alice, bob = Guest(world, "Alice"), Guest(world, "Bob")
    await alice.found()
    await bob.enter()
    await together(alice, bob, names={"Alice", "Bob"})
    before = await Group.objects.values_list("epoch", "log_next").aget()
    commit = next(entry for entry in alice.heard if entry["t"] == "lease")
    cases: list[tuple[dict[str, Any], str]] = [
        ({"t": "announce", "incarnation": ID, "key_package": "AAAA", "mac": "A" * 43}, "not_live"),
        ({"t": "create", "incarnation": bob.mind.incarnation, "group_info": "AAAA", "tree": "AAAA"}, "not_live"),
        ({"t": "say", "incarnation": bob.mind.incarnation, "message": "AAAA"}, "bad_message"),
        ({"t": "say", "incarnation": ID, "message": bob_says(alice)}, "bad_message"),
        ({"t": "policy", "incarnation": ID}, "not_live"),
        ({"t": "nack", "incarnation": ID, "index": 0, "code": "x"}, "not_live"),
    ]
    for message, code in cases:
        await bob.tell(**message)
        assert (await bob.until("error", about=message["t"]))["code"] == code
    stolen = {key: commit[key] for key in ("incarnation", "lease", "epoch")}
    await bob.tell(t="commit", **stolen, commit="AAAA", welcomes=[], dropped=[])
    assert (await bob.until("refused"))["code"] == "stale"
    assert await Group.objects.values_list("epoch", "log_next").aget() == before


async def test_a_key_package_of_another_seat_is_refused(world: World) -> None:
    alice, bob = Guest(world, "Alice"), Guest(world, "Bob")
    await alice.enter()
    await together(alice, names={"Alice"})
    await bob.take_ticket()
    made = bob.mind.key_package(alice.mind.incarnation)
    before = await LogEntry.objects.acount()
    await alice.tell(t="announce", incarnation=alice.mind.incarnation, key_package=made["key_package"], mac=made["mac"])
    assert (await alice.until("error"))["code"] == "bad_key_package"
    assert await LogEntry.objects.acount() == before


def bob_says(other: Guest) -> str:
    """Return a real message of the group."""
    return str(other.mind.mls.call("seal", content='{"kind":"hand","up":true}')["message"])

"""JOIN-5 to JOIN-8: the meeting socket's states, and members who live through it."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from django.db import OperationalError

from conclave.kernel import b64, clock
from conclave.keys import ack, delivery, feed, read
from conclave.keys.models import Group, Seat
from conclave.keys.threads import in_thread
from conclave.meetings import consumers, watch
from conclave.meetings.models import Participant
from tests.keys.members import World
from tests.meetings.sockets import Guest, new_meeting, running_gateway, together
from tests.meetings.test_watch import FakeEngine, _as_api

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def world() -> World:
    """A meeting that nobody has joined yet."""
    return new_meeting()


@pytest.fixture(autouse=True)
async def _gateway() -> AsyncIterator[None]:
    """Run what every gateway runs beside its sockets; at the end nobody is left."""
    async with running_gateway():
        yield
    assert not feed._feeds


async def test_three_people_come_to_one_code(world: World) -> None:
    guests = [Guest(world, name) for name in ("Alice", "Bob", "Charlie")]
    await guests[0].found()
    for guest in guests[1:]:
        await guest.enter()
    await together(*guests, names={"Alice", "Bob", "Charlie"})
    assert guests[0].heard[0]["mode"] == "create"
    assert {"created", "keeper", "lease"} <= {message["t"] for message in guests[0].heard}


@pytest.mark.parametrize(("limit", "comes"), [(read.SMALL_TREE, True), (100, False)])
async def test_a_small_tree_comes_with_the_welcome_and_a_large_one_is_fetched(
    world: World, monkeypatch: pytest.MonkeyPatch, limit: int, *, comes: bool
) -> None:
    monkeypatch.setattr(read, "SMALL_TREE", limit)
    alice, bob = Guest(world, "Alice"), Guest(world, "Bob")
    await alice.found()
    await bob.enter()
    await together(alice, bob, names={"Alice", "Bob"})
    (welcome,) = [message for message in bob.heard if message["t"] == "welcome"]
    tree = await in_thread(delivery.tree, call=bob.ticket.call, digest=welcome["tree"])
    assert tree is not None
    assert welcome.get("tree_bytes") == (b64.encode(tree) if comes else None)


async def test_what_is_said_is_relayed_in_order_and_franked(world: World) -> None:
    """SAY-5, SAY-6; a joiner gets none from before its welcome."""
    alice, bob, charlie = (Guest(world, name) for name in ("Alice", "Bob", "Charlie"))
    await alice.enter()
    await bob.enter()
    await together(alice, bob, names={"Alice", "Bob"})
    await alice.say("one")
    first = await bob.until("said")
    assert [item["participant"] for item in first["items"]] == [alice.ticket.participant]
    opened = bob.mind.mls.call("open_message", message=first["items"][0]["message"], participant=alice.ticket.participant)
    assert '"text":"one"' in str(opened["content"])
    await charlie.enter()
    await together(alice, bob, charlie, names={"Alice", "Bob", "Charlie"})
    await bob.say("two")
    second = await charlie.until("said")
    assert (second["from"], len(second["items"])) == (1, 1)


async def test_bye_leaves_at_once(world: World) -> None:
    """JOIN-7."""
    alice, bob = Guest(world, "Alice"), Guest(world, "Bob")
    await alice.enter()
    await bob.enter()
    await together(alice, bob, names={"Alice", "Bob"})
    await bob.leave()
    await together(alice, names={"Alice"})
    row = await Participant.objects.aget(pk=bob.ticket.participant)
    assert row.gone_reason == "left"


async def test_a_lost_socket_comes_back_and_misses_nothing(world: World) -> None:
    """JOIN-7, LOG-5."""
    alice, bob, charlie = (Guest(world, name) for name in ("Alice", "Bob", "Charlie"))
    await alice.enter()
    await bob.enter()
    await together(alice, bob, names={"Alice", "Bob"})
    await bob.vanish()
    await alice.say("while away")
    await charlie.enter()
    await together(alice, charlie, names={"Alice", "Bob", "Charlie"})
    await bob.connect()
    assert bob.cursor is not None
    await bob.hello(incarnation=bob.mind.incarnation, log=bob.cursor, said=0)
    assert (await bob.until("ready"))["mode"] == "resume"
    assert (await bob.until("said"))["from"] == 0
    await together(alice, bob, charlie, names={"Alice", "Bob", "Charlie"})


async def test_a_second_socket_ends_the_first(world: World) -> None:
    """JOIN-5: joined_elsewhere."""
    alice, bob = Guest(world, "Alice"), Guest(world, "Bob")
    await alice.enter()
    await bob.enter()
    await together(alice, bob, names={"Alice", "Bob"})
    tab = Guest(world, "Bob")
    await tab.enter(again=bob)
    assert (await bob.until("gone"))["reason"] == "joined_elsewhere"
    await together(alice, tab, names={"Alice", "Bob"})
    assert tab.ticket.participant == bob.ticket.participant


async def test_a_host_removes_somebody(world: World) -> None:
    """JOIN-8: removed; and the others' group goes on without them."""
    alice, bob, charlie = Guest(world, "Alice", host=True), Guest(world, "Bob"), Guest(world, "Charlie")
    await alice.found()
    for guest in (bob, charlie):
        await guest.enter()
    await together(alice, bob, charlie, names={"Alice", "Bob", "Charlie"})
    word = alice.mind.mls.call("sign_remove", participant=charlie.ticket.participant)
    await alice.tell(t="remove", participant=charlie.ticket.participant, signature=word["signature"])
    assert (await charlie.until("gone"))["reason"] == "removed"
    await together(alice, bob, names={"Alice", "Bob"})
    await charlie.connect()
    await charlie.hello()
    assert (await charlie.until("gone"))["reason"] == "removed"


async def test_a_guest_removes_nobody(world: World) -> None:
    alice, bob = Guest(world, "Alice", host=True), Guest(world, "Bob")
    await alice.found()
    await bob.enter()
    await together(alice, bob, names={"Alice", "Bob"})
    word = alice.mind.mls.call("sign_remove", participant=alice.ticket.participant)
    await bob.tell(t="remove", participant=alice.ticket.participant, signature=word["signature"])
    assert (await bob.until("error"))["code"] == "not_host"


async def test_a_host_ends_the_call_for_all(world: World) -> None:
    """JOIN-8: ended."""
    alice, bob = Guest(world, "Alice", host=True), Guest(world, "Bob")
    await alice.found()
    await bob.enter()
    await together(alice, bob, names={"Alice", "Bob"})
    word = alice.mind.mls.call("sign_end")
    await alice.tell(t="end", signature=word["signature"])
    assert (await bob.until("gone"))["reason"] == "ended"
    assert (await alice.until("gone"))["reason"] == "ended"


async def test_the_gateway_says_that_it_restarts(world: World) -> None:
    """JOIN-8: restarting; the seat waits for its owner."""
    alice = Guest(world, "Alice")
    await alice.enter()
    await together(alice, names={"Alice"})
    stopping = asyncio.create_task(consumers.restart())
    assert (await alice.until("gone"))["reason"] == "restarting"
    await stopping
    row = await Seat.objects.aget(participant=alice.ticket.participant)
    assert (row.socket, row.gone, row.lost_until is not None) == ("", "", True)


async def test_a_wrong_seat_is_unknown(world: World) -> None:
    """JOIN-8: Charlie must never get in."""
    alice, charlie = Guest(world, "Alice"), Guest(world, "Charlie")
    await alice.take_ticket()
    await charlie.take_ticket()
    await charlie.connect()
    await charlie.hello(participant=alice.ticket.participant)
    assert (await charlie.until("gone"))["reason"] == "seat_unknown"
    await charlie.wire.closed()


async def test_a_silent_creator_is_overtaken(world: World) -> None:
    """LOG-13, over the socket: renew says who creates now."""
    alice, bob = Guest(world, "Alice"), Guest(world, "Bob")
    await alice.take_ticket()
    await alice.connect()
    await alice.hello()
    await alice.hear()
    assert alice.heard[0]["mode"] == "create"
    await bob.enter()
    assert (await bob.until("renew"))["mode"] == "create"
    assert (await alice.until("renew"))["mode"] == "join"
    await together(alice, bob, names={"Alice", "Bob"})


async def test_a_database_that_fails_sends_people_round_again_instead_of_out(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """LOG-16: whoever hears `restarting` comes back and says it again; `misbehaved` would have been the end."""

    def fails(**_: object) -> None:
        raise OperationalError("database is locked")

    alice = Guest(world, "Alice")
    with monkeypatch.context() as broken:
        broken.setattr("conclave.meetings.acts.hello", fails)
        await alice.enter()
        await alice.until("gone", reason="restarting")
        await alice.wire.closed()
    await alice.connect()
    await alice.hello()
    await alice.until("created")


async def test_acknowledgements_outlive_a_database_that_fails(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("conclave.meetings.acts.AGAIN_SECONDS", 0.1)
    alice, bob = Guest(world, "Alice"), Guest(world, "Bob")
    failed: list[Group] = []

    def fails_twice(group: Group) -> bool:
        if len(failed) < 2:
            failed.append(group)
            raise OperationalError("disk is full")
        return enough(group)

    enough = ack._enough
    monkeypatch.setattr(ack, "_enough", fails_twice)
    await alice.found()
    await bob.enter()
    await together(alice, bob, names={"Alice", "Bob"})
    async with asyncio.timeout(10):
        while await in_thread(lambda: Seat.objects.filter(acked_epoch__gte=1).count()) < 2:
            await asyncio.sleep(0.05)
    assert len(failed) == 2


async def test_everybody_in_the_call_hears_of_an_intruder_and_goes_on(world: World) -> None:
    """JOIN-14: host and guest alike; the call lives on."""
    alice, bob = Guest(world, "Alice"), Guest(world, "Bob")
    await alice.found()
    await bob.enter()
    await together(alice, bob, names={"Alice", "Bob"})
    engine = FakeEngine({alice.ticket.call: {alice.ticket.participant: "", bob.ticket.participant: "", "charlie": "hidden"}})
    assert await watch.compare(engine=_as_api(engine), region="local", now=clock.now()) == 1
    for guest in (alice, bob):
        assert await guest.until("intruder") == {"t": "intruder", "why": "hidden"}
    await alice.say("still here")
    await bob.until("said")

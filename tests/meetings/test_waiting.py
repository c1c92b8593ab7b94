"""meetings/waiting.py: the waiting socket and the bell of hosts, with real members and the real consumers (KNOCK-4 to KNOCK-7)."""

import json
import time
from typing import Any

import pytest
from asgiref.testing import ApplicationCommunicator

from conclave.kernel import clock
from conclave.kernel.ids import new_id
from conclave.keys.threads import in_thread
from conclave.meetings import waiting
from conclave.meetings.door import EMPTY_HANDED, KnockBlocked, Newcomer, Pass, Shown
from conclave.meetings.knock import News, answer, attend, knock
from conclave.meetings.models import Call, Meeting
from conclave.meetings.waiting import WaitingSocket
from tests.keys.members import Mind, World
from tests.meetings.sockets import PATIENCE, Guest, device, together
from tests.meetings.test_consumers import _gateway, world

__all__ = ["_gateway", "world"]
pytestmark = pytest.mark.django_db(transaction=True)


class Waiter:
    """Somebody at the door."""

    def __init__(self, world: World, name: str) -> None:
        """Know the link."""
        self.world = world
        self.name = name
        self.mind = Mind(world, name)
        self.made = Pass(knock="", proof="")
        self._to = ApplicationCommunicator(WaitingSocket.as_asgi(), {"type": "websocket", "path": "/api/v1/waiting"})

    async def knock(self) -> None:
        """POST /knock, without HTTP."""
        self.made = await in_thread(self._knock)

    def _knock(self) -> Pass:
        newcomer = Newcomer(name=self.name, signature_key=self.mind.key, device=device(self.name), account=None)
        return knock(
            meeting=self.world.meeting, link_id=self.mind.link_id, newcomer=newcomer, seal=None, shown=EMPTY_HANDED, now=clock.now()
        )

    async def attend(self, **change: str) -> None:
        """Open the socket and say whose knock this is."""
        await self._to.send_input({"type": "websocket.connect"})
        assert (await self._to.receive_output(timeout=PATIENCE))["type"] == "websocket.accept"
        await self.tell({"t": "wait", "knock": self.made.knock, "secret": self.made.proof, **change})

    async def tell(self, message: dict[str, Any]) -> None:
        """Send one message."""
        await self._to.send_input({"type": "websocket.receive", "text": json.dumps(message)})

    async def waits(self) -> None:
        """From the link to the door."""
        await self.knock()
        await self.attend()
        assert await self.hears() == {"t": "waiting"}

    async def hears(self) -> dict[str, Any]:
        """Return the next message; empty when the socket is closed."""
        event = await self._to.receive_output(timeout=PATIENCE)
        return dict(json.loads(event["text"])) if event["type"] == "websocket.send" else {}

    async def gone(self) -> None:
        """See it close."""
        assert await self.hears() == {}
        await self._to.wait(timeout=PATIENCE)

    async def cut(self) -> None:
        """Lose the connection."""
        await self._to.send_input({"type": "websocket.disconnect", "code": 1006})
        await self._to.wait(timeout=PATIENCE)


def close_the_door(world: World) -> None:
    """Let everybody but hosts wait."""
    Meeting.objects.filter(pk=world.meeting).update(waiting="everybody")


async def host_at_the_door(world: World) -> Guest:
    """Return Alice, host inside, after whom the door closes."""
    alice = Guest(world, "Alice", host=True)
    await alice.found()
    await together(alice, names={"Alice"})
    await in_thread(close_the_door, world)
    return alice


async def test_a_host_blocks_somebody_and_takes_it_back(world: World) -> None:
    """KNOCK-5: a block is listed beside the bans, by the name that the person had."""
    alice, bob = await host_at_the_door(world), Waiter(world, "Bob")
    await bob.waits()
    await alice.until("knocks")
    await alice.tell(t="answer", knocks=[bob.made.knock], admit=False, block=True)
    assert await bob.hears() == {"t": "refused", "again_at": None, "blocked": True}
    await bob.gone()
    with pytest.raises(KnockBlocked):
        await bob.knock()
    await alice.tell(t="bans")
    (told,) = (await alice.until("bans"))["bans"]
    assert (told["name"], told["by"], told["signed_in"], told["blocked"]) == ("Bob", "Alice", False, True)
    await alice.tell(t="unban", ban=told["ban"])
    assert (await alice.until("bans"))["bans"] == []
    await bob.knock()


async def test_a_host_is_told_who_waits_and_lets_them_in(world: World) -> None:
    """KNOCK-4, KNOCK-3: and whoever is let in comes into the same group."""
    alice = await host_at_the_door(world)
    bob = Guest(world, "Bob")
    at_door = Waiter(world, "Bob")
    await at_door.waits()
    told = await alice.until("knocks")
    assert [(one["name"], one["why"], one["signed_in"]) for one in told["waiting"]] == [("Bob", "waiting_room", False)]
    await alice.tell(t="answer", knocks=[at_door.made.knock], admit=True, block=False)
    assert await at_door.hears() == {"t": "admitted"}
    await at_door.gone()
    assert (await alice.until("knocks"))["gone"] == [at_door.made.knock]
    bob.shown, bob.identity = Shown(let_in=at_door.made), at_door.mind.identity
    await bob.enter()
    await together(alice, bob, names={"Alice", "Bob"})


async def test_an_answer_that_the_door_has_read_before_the_socket_listens_is_heard(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """KNOCK-4: between being bound to the knock and listening at the door a host may answer, and the door read past it."""
    alice, bob = await host_at_the_door(world), Waiter(world, "Bob")
    await bob.knock()

    def answered_meanwhile(*, let_in: Pass, socket: str, now: int) -> tuple[str, News]:
        bound = attend(let_in=let_in, socket=socket, now=now)
        host = {"call": Call.objects.get().pk, "meeting": world.meeting, "by": alice.ticket.participant}
        assert answer(**host, knocks=[let_in.knock], admit=True, block=False, sealed={}, now=now)
        end = time.monotonic() + PATIENCE
        while waiting._doors[world.meeting].version <= bound[1].version and time.monotonic() < end:
            time.sleep(0.01)
        return bound

    monkeypatch.setattr(waiting, "attend", answered_meanwhile)
    await bob.attend()
    assert await bob.hears() == {"t": "waiting"}
    assert await bob.hears() == {"t": "admitted"}
    await bob.gone()


async def test_who_waits_hears_nothing_but_what_was_decided(world: World) -> None:
    """KNOCK-6, KNOCK-5: nothing of the call, of who is in it, or of the others who wait."""
    alice = await host_at_the_door(world)
    charlie, dave = Waiter(world, "Charlie"), Waiter(world, "Dave")
    await charlie.waits()
    await dave.waits()
    await alice.say("a secret")
    while len({one["knock"] for told in alice.heard if told["t"] == "knocks" for one in told["waiting"]}) < 2:
        await alice.hear()
    await alice.tell(t="answer", knocks=[dave.made.knock], admit=False, block=True)
    assert await dave.hears() == {"t": "refused", "again_at": None, "blocked": True}
    await alice.tell(t="answer", knocks=[charlie.made.knock], admit=False, block=False)
    refused = await charlie.hears()
    assert sorted(refused) == ["again_at", "blocked", "t"]
    assert refused["again_at"] > clock.now()
    await charlie.gone()


async def test_who_waits_hears_again_and_again_that_the_line_lives(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(waiting, "STILL_SECONDS", 0.01)
    await in_thread(close_the_door, world)
    bob = Waiter(world, "Bob")
    await bob.waits()
    assert [await bob.hears() for _ in range(3)] == [{"t": "waiting"}] * 3
    await bob.cut()


async def test_a_guest_hears_of_no_knock_and_cannot_answer(world: World) -> None:
    """KNOCK-4."""
    alice, bob = Guest(world, "Alice", host=True), Guest(world, "Bob")
    await alice.found()
    await bob.enter()
    await together(alice, bob, names={"Alice", "Bob"})
    await in_thread(close_the_door, world)
    charlie = Waiter(world, "Charlie")
    await charlie.waits()
    await alice.until("knocks")
    await bob.tell(t="answer", knocks=[charlie.made.knock], admit=True, block=False)
    assert (await bob.until("error", about="answer"))["code"] == "not_host"
    assert not [told for told in bob.heard if told["t"] == "knocks"]


async def test_a_crowd_is_told_in_a_few_messages_of_a_hundred_at_most(world: World) -> None:
    """KNOCK-4."""
    alice = await host_at_the_door(world)
    crowd = [Waiter(world, f"Guest {number}") for number in range(130)]
    for one in crowd:
        await one.knock()
    told: list[dict[str, Any]] = []
    while sum(len(one["waiting"]) for one in told) < len(crowd):
        told.append(await alice.until("knocks"))
    assert max(len(one["waiting"]) for one in told) <= 100
    assert len({one["knock"] for message in told for one in message["waiting"]}) == len(crowd)


async def test_a_host_who_comes_later_is_told_of_all_who_wait(world: World) -> None:
    await in_thread(close_the_door, world)
    bob, carol = Waiter(world, "Bob"), Waiter(world, "Carol")
    await bob.waits()
    await carol.waits()
    alice = Guest(world, "Alice", host=True)
    await alice.found()
    names: set[str] = set()
    while names != {"Bob", "Carol"}:
        names |= {one["name"] for one in (await alice.until("knocks"))["waiting"]}


async def test_who_goes_away_is_off_the_list(world: World) -> None:
    """KNOCK-7."""
    alice = await host_at_the_door(world)
    bob = Waiter(world, "Bob")
    await bob.waits()
    await alice.until("knocks")
    await bob.tell({"t": "cancel"})
    assert (await alice.until("knocks"))["gone"] == [bob.made.knock]


async def test_another_window_goes_on_with_the_knock_and_a_wrong_secret_does_not(world: World) -> None:
    """KNOCK-7."""
    await in_thread(close_the_door, world)
    first, second, charlie = (Waiter(world, "Bob") for _ in range(3))
    await first.waits()
    charlie.made = Pass(knock=first.made.knock, proof=new_id())
    await charlie.attend()
    assert await charlie.hears() == {"t": "over"}
    second.made = first.made
    await second.attend()
    assert await second.hears() == {"t": "waiting"}
    assert await first.hears() == {"t": "over"}
    await second.cut()


async def test_a_tab_is_told_that_another_of_the_same_browser_waits_now(world: World) -> None:
    """KNOCK-7: so that it does not knock again by itself, and the two throw each other out in turns."""
    await in_thread(close_the_door, world)
    first, second = Waiter(world, "Bob"), Waiter(world, "Bob")
    await first.waits()
    await second.waits()
    assert await first.hears() == {"t": "over", "elsewhere": True}
    await second.cut()


@pytest.mark.parametrize("text", ["", "x" * 5000, '{"t":"wait"}', '{"t":"cancel"}', '{"t":"hello","v":1}'])
async def test_whatever_else_is_said_first_closes_the_socket(world: World, text: str) -> None:
    bob = Waiter(world, "Bob")
    await bob._to.send_input({"type": "websocket.connect"})
    await bob._to.receive_output(timeout=PATIENCE)
    await bob._to.send_input({"type": "websocket.receive", "text": text})
    await bob.gone()

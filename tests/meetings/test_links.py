"""A ban and another link at the socket (LINK-5, LINK-6): real members; nothing that the banned one has opens the meeting again."""

from dataclasses import replace

import pytest

from conclave.kernel import b64, clock
from conclave.kernel.ids import new_id
from conclave.keys.threads import in_thread
from conclave.meetings import knock
from conclave.meetings.door import EMPTY_HANDED, Banned, Newcomer, Pass, Shown
from conclave.meetings.join import Ticket, join
from conclave.meetings.models import Knock
from conclave.meetings.queries import LinkOld, LinkUnknown
from tests.keys.members import Mind, World
from tests.meetings.sockets import Guest, together
from tests.meetings.test_consumers import _gateway, world

__all__ = ["_gateway", "world"]
pytestmark = pytest.mark.django_db(transaction=True)


async def ban(host: Guest, target: Guest) -> None:
    """Let a host ban somebody."""
    word = host.mind.mls.call("sign_remove", participant=target.ticket.participant)
    await host.tell(t="remove", participant=target.ticket.participant, signature=word["signature"], ban=True)


async def moved(host: Guest, *others: Guest) -> World:
    """Let a host move the group on to another link, of which the gateway knows nothing yet; gives the world with that link."""
    version = host.mind.state["policy"]["link_version"] + 1
    await host.change(alone=True, link_version=version)
    while host.mind.link.get("link_version") != version:
        await host.hear()
        await host.react(host.heard[-1])
    for other in others:
        while other.mind.link != host.mind.link:
            await other.hear()
            await other.react(other.heard[-1])
    return replace(host.world, secret=str(host.mind.link["secret"]))


async def registered(host: Guest) -> None:
    """Let a host tell the gateway which link the group has."""
    version, link_id = host.mind.link["link_version"], host.mind.link["link_id"]
    await host.tell(t="link", incarnation=host.mind.incarnation, link_version=version, link_id=link_id)
    await host.until("linked", link_version=version)


async def linked(host: Guest, *others: Guest) -> World:
    """Let a host replace the link; gives the world with the new one."""
    after = await moved(host, *others)
    await registered(host)
    return after


async def test_a_ban_moves_the_link_on_and_mallory_stays_out(world: World) -> None:
    """The whole way at the socket: out at once, told by whom, and nothing that Mallory has opens the meeting again."""
    alice, bob, mallory = Guest(world, "Alice", host=True), Guest(world, "Bob"), Guest(world, "Mallory")
    await alice.found()
    for guest in (bob, mallory):
        await guest.enter()
    await together(alice, bob, mallory, names={"Alice", "Bob", "Mallory"})
    await ban(alice, mallory)
    gone = await mallory.until("gone")
    assert gone == {"t": "gone", "reason": "removed", "by": alice.ticket.participant, "banned": True}
    await together(alice, bob, names={"Alice", "Bob"})
    after = await linked(alice, bob)
    assert not mallory.mind.link
    with pytest.raises(Banned):
        await mallory.take_ticket(again=mallory)
    with pytest.raises(LinkOld):  # in a private window she is another device, with the link that she has
        await Guest(world, "Charlie").take_ticket()
    carol = Guest(after, "Carol")
    await carol.enter()
    await together(alice, bob, carol, names={"Alice", "Bob", "Carol"})
    assert carol.ticket.link_version == 2
    # Only hosts see and lift bans; and whom they let in again has to be given the new link.
    await bob.tell(t="bans")
    assert (await bob.until("error"))["code"] == "not_host"
    await alice.tell(t="bans")
    (told,) = (await alice.until("bans"))["bans"]
    assert (told["name"], told["by"], told["signed_in"]) == ("Mallory", "Alice", False)
    await bob.tell(t="unban", ban=told["ban"])
    assert (await bob.until("error"))["code"] == "not_host"
    await alice.tell(t="unban", ban=told["ban"])
    assert (await alice.until("bans"))["bans"] == []
    # At once, in this very call; under a new key, as the group remembers the one that was removed.
    back = Guest(after, "Mallory")
    await back.enter()
    await together(alice, bob, carol, back, names={"Alice", "Bob", "Carol", "Mallory"})
    for guest in (alice, bob, carol, back):
        await guest.leave()


async def test_who_is_banned_while_their_socket_is_away_reads_that_and_by_whom(world: World) -> None:
    """JOIN-8: by the next hello."""
    alice, mallory = Guest(world, "Alice", host=True), Guest(world, "Mallory")
    await alice.found()
    await mallory.enter()
    await together(alice, mallory, names={"Alice", "Mallory"})
    await mallory.vanish()
    await ban(alice, mallory)
    await together(alice, names={"Alice"})
    await mallory.connect()
    await mallory.hello()
    assert await mallory.until("gone") == {"t": "gone", "reason": "removed", "by": alice.ticket.participant, "banned": True}
    await alice.leave()


async def test_a_member_takes_a_seat_back_by_a_link_that_no_host_has_registered_yet(world: World) -> None:
    """LINK-6: members have the new link from the group, the gateway from a host; a reload in between, or a host's own, locks nobody out."""
    alice, bob = Guest(world, "Alice", host=True), Guest(world, "Bob")
    await alice.found()
    await bob.enter()
    await together(alice, bob, names={"Alice", "Bob"})
    after = await moved(alice, bob)
    again = Guest(after, "Bob")
    again.identity = bob.mind.identity
    assert (await again.take_ticket(again=bob)).link_version == 2
    # Only who proves a seat; and by no link at all once the gateway has it.
    with pytest.raises(LinkUnknown):
        await Guest(after, "Charlie").take_ticket()
    await registered(alice)
    wrong = Guest(replace(world, secret=new_id()), "Bob")
    wrong.identity = bob.mind.identity
    with pytest.raises(LinkUnknown):
        await wrong.take_ticket(again=again)
    for guest in (alice, bob):
        await guest.leave()


async def test_link_6_only_a_hosts_word_for_the_groups_version_is_taken(world: World) -> None:
    """Bob is in the call and no host; and no host registers a link that the group has not moved on to."""
    alice, bob = Guest(world, "Alice", host=True), Guest(world, "Bob")
    await alice.found()
    await bob.enter()
    await together(alice, bob, names={"Alice", "Bob"})
    where = {"t": "link", "incarnation": alice.mind.incarnation}
    await alice.tell(**where, link_version=2, link_id=new_id())
    assert (await alice.until("error"))["code"] == "link_taken"
    await linked(alice, bob)
    link = alice.mind.link
    # LINK-10: whoever is in the call can compare it with what the group gave them.
    assert (await bob.until("linked"))["link_id"] == bob.mind.link["link_id"] == link["link_id"]
    await bob.tell(**where, link_version=2, link_id=link["link_id"])
    assert (await bob.until("error"))["code"] == "not_host"
    await alice.tell(**where, link_version=2, link_id=new_id())
    assert (await alice.until("error"))["code"] == "link_taken", "the second link of one version"
    await alice.tell(**where, link_version=2, link_id=link["link_id"])
    assert (await alice.until("linked"))["link_version"] == 2, "said again after a reconnect (LOG-16)"
    for guest in (alice, bob):
        await guest.leave()


async def test_who_knocks_with_the_former_link_is_handed_the_new_one_and_comes_in(world: World) -> None:
    """LINK-7, LINK-8: the gateway carries what it cannot read, and nobody who was invited is locked out by a ban of somebody else."""
    alice = Guest(world, "Alice", host=True)
    await alice.found()
    after = await linked(alice)
    dora = Mind(world, "Dora")
    newcomer = Newcomer(name="Dora", signature_key=dora.key, device=b64.encode(b"dora".ljust(16)), account=None)
    shown = dora.mls.call("seal_key")
    seal = knock.Seal(key=str(shown["seal_key"]), signature=str(shown["seal_signature"]))
    made = await in_thread(_knock, world, newcomer, dora.link_id, seal)
    (waiting,) = (await alice.until("knocks"))["waiting"]
    assert (waiting["why"], waiting["name"]) == ("link_old", "Dora")
    key = {"to": waiting["seal_key"], "signature_key": waiting["signature_key"], "signature": waiting["seal_signature"]}
    sealed = str(alice.mind.mls.call("seal_link", **key)["sealed"])
    assert str(after.secret) not in sealed
    await alice.tell(t="answer", knocks=[made.knock], admit=True, block=False, sealed=[{"knock": made.knock, "sealed": sealed}])
    await alice.until("knocks", gone=[made.knock])
    row = await in_thread(Knock.objects.get, pk=made.knock)
    opened = dora.mls.call("open_link", sealed=row.sealed)
    assert opened == alice.mind.link
    with pytest.raises(LinkOld):  # the word of a host opens the door, not the former link
        await in_thread(_enter, world, newcomer, dora.link_id, made)
    ticket = await in_thread(_enter, world, newcomer, str(opened["link_id"]), made)
    assert ticket.link_version == 2
    await alice.leave()


def _knock(world: World, newcomer: Newcomer, link_id: str, seal: knock.Seal) -> Pass:
    shown = EMPTY_HANDED
    return knock.knock(meeting=world.meeting, link_id=link_id, newcomer=newcomer, seal=seal, shown=shown, now=clock.now())


def _enter(world: World, newcomer: Newcomer, link_id: str, made: Pass) -> Ticket:
    return join(meeting=world.meeting, link_id=link_id, newcomer=newcomer, again=None, now=clock.now(), shown=Shown(let_in=made))

"""ORD-20: hosts are told how many people an order has taken out of their call, and where; others read an ordinary departure."""

import pytest

from conclave.gate.policy import Evidence, Kind, Measure
from conclave.kernel import clock
from conclave.keys.threads import in_thread
from conclave.meetings import enforce
from conclave.meetings.models import Participant
from conclave.meetings.there import columns_of
from tests.authorities.desk import there
from tests.gate.sealed import sealed
from tests.keys.members import World
from tests.meetings.sockets import Guest, together
from tests.meetings.test_consumers import _gateway, world

__all__ = ["_gateway", "world"]
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("cosigned")]


async def gathered(world: World, **places: str) -> dict[str, Guest]:
    """Let people come, the first as host, each from their territory."""
    people: dict[str, Guest] = {}
    for name, place in places.items():
        guest = people[name] = Guest(world, name, host=not people)
        await (guest.enter() if len(people) > 1 else guest.found())
        await together(*people.values(), names=set(people))
        await in_thread(settle_down, guest, there(place))
    return people


def settle_down(guest: Guest, evidence: Evidence) -> None:
    """Let it be known where somebody is."""
    Participant.objects.filter(pk=guest.ticket.participant).update(**columns_of(evidence=evidence))


async def ordered(world: World, territory: str) -> None:
    """Let a measure on the meeting begin."""
    now = clock.now()
    measure = Measure(
        id=f"measure-{territory}", kind=Kind.REMOVE_FROM, territory=territory, meeting=world.meeting, starts_at=now, ends_at=now + clock.DAY
    )
    await in_thread(enforce.impose, measure=await in_thread(sealed, measure), now=now)


async def test_ord_20_hosts_alone_are_told_how_many_are_out_and_where(world: World) -> None:
    people = await gathered(world, Alice="FR", Bob="HK", Cy="CN", Di="CN", Ed="TR")
    alice, bob = people["Alice"], people["Bob"]
    await ordered(world, "CN")
    assert await alice.until("ordered_out") == {"t": "ordered_out", "territory": "CN", "people": 2}
    await together(alice, bob, people["Ed"], names={"Alice", "Bob", "Ed"})
    await ordered(world, "TR")
    assert await alice.until("ordered_out") == {"t": "ordered_out", "territory": "TR", "people": 1}
    await together(alice, bob, names={"Alice", "Bob"})
    await alice.say("still here")
    await bob.until("said")
    heard = str(list(bob.heard))
    assert "ordered" not in heard, "for everybody else somebody has left"
    assert heard.count("'reason': 'left'") == 3


async def test_ord_20_a_host_who_was_away_is_told_when_they_come(world: World) -> None:
    people = await gathered(world, Alice="FR", Bob="HK", Cy="CN")
    alice, bob = people["Alice"], people["Bob"]
    await alice.vanish()
    await ordered(world, "CN")
    await together(bob, names={"Alice", "Bob"})
    await alice.connect()
    assert alice.cursor is not None
    await alice.hello(incarnation=alice.mind.incarnation, log=alice.cursor, said=0)
    assert await alice.until("ordered_out") == {"t": "ordered_out", "territory": "CN", "people": 1}
    await together(alice, bob, names={"Alice", "Bob"})

"""POL-19 at the delivery service: what each may is written down with the commit that says so, and the outbox tells whoever acts on it."""

from typing import Any

import pytest

from conclave.kernel.models import OutboxEvent
from conclave.keys import delivery
from conclave.keys.incarnation import renew
from conclave.keys.locks import writing
from conclave.keys.models import Group
from conclave.keys.settle import settle
from tests.keys.members import Member, World, run, settled
from tests.keys.test_wishes import offers

pytestmark = pytest.mark.django_db(transaction=True)
EVERYTHING = frozenset({"chat", "pictures", "reactions", "rename", "share", "unmute", "video"})


def decide(alice: Member, others: list[Member], now: int, **changes: Any) -> None:
    """Alice changes the policy, under the lease that she asks for, and everybody follows."""
    alice.lazy = True
    delivery.wish(call=alice.world.call, participant=alice.participant, incarnation=alice.incarnation, alone=False, now=now)
    settle(now + 1_300)
    run([alice], now + 1_300)
    (offer,) = [offer for offer in offers(alice.world) if offer.holder == alice.participant]
    alice.commit(offer, now + 1_310, policy=str(alice.mls.call("policy", changes=changes)["policy"]))
    alice.lazy = False
    run([alice, *others], now + 1_320)


def may(world: World, *members: Member) -> list[frozenset[str] | None]:
    """Return what these may."""
    found = delivery.may(call=world.call, participants=[member.participant for member in members])
    return [found[member.participant] for member in members]


def told(world: World) -> set[str]:
    """Return of whom the outbox has been told since this was asked last."""
    events = OutboxEvent.objects.filter(kind=delivery.RIGHTS_CHANGED, done_at=None)
    assert all(event.payload["call"] == world.call for event in events)
    people = {participant for event in events for participant in event.payload["participants"]}
    events.update(done_at=1)
    return people


def test_what_each_may_follows_the_commit_that_says_so(world: World, now: int, alice: Member, bob: Member) -> None:
    dora = Member(world, "Dora")
    assert may(world, dora) == [None]
    settled([alice, bob], now)
    assert may(world, alice, bob, dora) == [EVERYTHING, EVERYTHING, EVERYTHING]
    told(world)
    decide(alice, [bob], now + 5_000, rights={"video": "hosts"}, people=[{"key": bob.key, "may": [], "not": ["unmute"]}])
    assert may(world, alice, bob, dora) == [EVERYTHING, EVERYTHING - {"video", "unmute"}, EVERYTHING - {"video"}]
    assert told(world) == {bob.participant}


def test_whoever_waits_outside_is_told_of_too_and_who_comes_in_unchanged_is_not(world: World, now: int, alice: Member, bob: Member) -> None:
    """Dora has a ticket with a newcomer's rights before she has a leaf."""
    settled([alice], now)
    dora = Member(world, "Dora")
    dora.arrive(now + 4_000)
    told(world)
    decide(alice, [], now + 5_000, rights={"share": "hosts"})
    assert told(world) == {dora.participant}
    bob.enter(now + 9_000)
    settle(now + 9_400)
    run([alice, bob], now + 9_400)
    assert bob.names >= {"Alice", "Bob"}
    assert may(world, bob) == [EVERYTHING - {"share"}]
    assert told(world) == set()


def test_the_next_incarnation_begins_with_what_the_last_one_said(world: World, now: int, alice: Member, bob: Member) -> None:
    settled([alice, bob], now)
    decide(alice, [bob], now + 5_000, rights={"unmute": "hosts"})
    with writing():
        assert renew(group=Group.objects.get(call=world.call, state=Group.State.OPEN), because="stuck", now=now + 9_000)
    dora = Member(world, "Dora")
    assert may(world, bob, dora) == [EVERYTHING - {"unmute"}, EVERYTHING - {"unmute"}]


def test_a_commit_that_is_refused_changes_nobodys_rights(world: World, now: int, alice: Member, bob: Member) -> None:
    settled([alice, bob], now)
    told(world)
    bob.lazy = True
    delivery.wish(call=world.call, participant=alice.participant, incarnation=alice.incarnation, alone=False, now=now + 5_000)
    alice.lazy = True
    settle(now + 6_300)
    run([alice, bob], now + 6_300)
    (offer,) = [offer for offer in offers(world) if offer.holder == alice.participant]
    draft = alice.draft(offer, policy=str(alice.mls.call("policy", changes={"rights": {"chat": "off"}})["policy"]))
    with pytest.raises(delivery.CommitRefused):
        delivery.commit(call=world.call, participant=bob.participant, commit=draft, now=now + 6_400)
    assert may(world, bob) == [EVERYTHING]
    assert told(world) == set()

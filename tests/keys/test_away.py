"""While no gateway was there nothing is held against anybody, and what a lost socket swallowed may be said again."""

import pytest

from conclave.kernel import clock, deadlines
from conclave.keys import delivery, groups
from conclave.keys.arrive import LOST_MS
from conclave.keys.models import Group, LogEntry, Seat
from conclave.keys.settle import resume, settle
from tests.keys.members import Member, World, run, settled, view_of
from tests.keys.test_commits import offer_for, refusal

pytestmark = pytest.mark.django_db(transaction=True)
LONG = 10 * clock.MINUTE


def test_a_commit_that_is_said_again_is_accepted_once(world: World, now: int) -> None:
    """LOG-16: the answer was lost with the socket."""
    alice, bob = Member(world, "Alice"), Member(world, "Bob")
    settled([alice], now)
    alice.lazy = True
    bob.enter(now + 5_000)
    run([alice], now + 5_000)
    sent = alice.draft(offer_for(alice))
    index = alice.send(sent, now + 5_100)
    log_next = Group.objects.get().log_next
    assert alice.send(sent, now + 5_200) == index
    assert Group.objects.get().log_next == log_next
    assert LogEntry.objects.filter(kind=LogEntry.Kind.COMMIT).count() == 1
    run([alice, bob], now + 5_300)
    assert alice.code == bob.code


def test_somebody_elses_commit_said_again_is_stale(world: World, now: int) -> None:
    """LOG-16, LOG-3."""
    alice, bob, charlie = Member(world, "Alice"), Member(world, "Bob"), Member(world, "Charlie")
    settled([alice, bob], now)
    alice.lazy = True
    charlie.enter(now + 5_000)
    run([alice, bob], now + 5_000)
    sent = alice.draft(offer_for(alice))
    alice.send(sent, now + 5_100)
    assert refusal(bob, sent, now + 5_200) == "stale"


def test_a_waiting_addition_survives_a_gateway_that_was_away(world: World, now: int) -> None:
    alice, bob = Member(world, "Alice"), Member(world, "Bob")
    settled([alice], now)
    alice.lazy = True
    bob.enter(now + 5_000)
    first = view_of(world).incarnation
    resume(now + LONG)
    settle(now + LONG)
    assert view_of(world).incarnation == first
    alice.lazy = False
    run([alice, bob], now + LONG + 100)
    assert alice.code == bob.code


def test_a_call_that_lives_through_an_upgrade_knows_its_hosts_and_rights_at_once(world: World, now: int) -> None:
    """An earlier version opened the group and wrote none of this down."""
    alice, bob = Member(world, "Alice", host=True), Member(world, "Bob")
    settled([alice, bob], now)
    people = [alice.participant, bob.participant]
    known = delivery.may(call=world.call, participants=[*people, "nobody yet"])
    assert delivery.hosts_inside(call=world.call) == {alice.participant}
    Group.objects.update(hosts=[], newcomer=None)
    Seat.objects.update(may=None)
    groups.drop(incarnation=alice.incarnation)
    assert delivery.hosts_inside(call=world.call) == set()
    resume(now + LONG)
    assert delivery.hosts_inside(call=world.call) == {alice.participant}
    assert delivery.may(call=world.call, participants=[*people, "nobody yet"]) == known


def test_lost_sockets_get_their_whole_time_again(world: World, now: int) -> None:
    """LOG-10."""
    alice, bob = Member(world, "Alice"), Member(world, "Bob")
    settled([alice, bob], now)
    bob.lose(now + 5_000)
    resume(now + LONG)
    assert delivery.absent(now=now + LONG + LOST_MS - 1) == []
    assert delivery.absent(now=now + LONG + LOST_MS) == [bob.participant]


def test_nothing_waits_for_a_time_that_a_clock_set_back_has_put_far_away(world: World, now: int) -> None:
    alice, bob = Member(world, "Alice"), Member(world, "Bob")
    settled([alice], now + LONG)
    alice.lazy = True
    bob.enter(now + LONG + 5_000)
    resume(now)
    group = Group.objects.get()
    assert (group.next_lease_at or now) <= now + 2_000
    assert (group.rekey_at or now) <= now + 5 * clock.MINUTE
    alice.lazy = False
    run([alice, bob], now + 100)
    assert alice.code == bob.code
    bob.lose(now + 200)
    assert list(Seat.objects.filter(lost_until__gt=now + LONG)) == []


def test_nobody_who_just_comes_ends_what_was_missed_while_the_gateway_was_away(
    world: World, now: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A hello may be served before the deadline thread has looked at the clock."""
    alice, bob, charlie = Member(world, "Alice"), Member(world, "Bob"), Member(world, "Charlie")
    settled([alice], now)
    alice.lazy = True
    bob.enter(now + 5_000)
    first = view_of(world).incarnation
    monkeypatch.setattr(deadlines, "_ticked", {"at": now + 5_000})
    charlie.enter(now + LONG)
    assert view_of(world).incarnation == first

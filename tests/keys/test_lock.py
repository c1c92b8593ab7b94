"""POL-8, LOG-10 at the gateway: a lock keeps out whoever is new, at once and with the right word, and nobody who is in."""

import pytest

from conclave.keys import delivery
from conclave.keys.arrive import LOST_LOCKED_MS, LOST_MS
from conclave.keys.incarnation import renew
from conclave.keys.locks import writing
from conclave.keys.models import Group, Seat
from conclave.keys.settle import settle
from tests.keys.members import Member, World, run, settled
from tests.keys.test_rights import decide
from tests.keys.test_wishes import offers

pytestmark = pytest.mark.django_db(transaction=True)


def lock(alice: Member, now: int) -> None:
    """Alice locks, under the lease that she asks for."""
    decide(alice, [], now, locked=True)


def test_whoever_was_announced_before_the_lock_comes_in_with_it_and_whoever_comes_after_is_told(
    world: World, now: int, alice: Member, bob: Member
) -> None:
    carol, dora = Member(world, "Carol"), Member(world, "Dora")
    settled([alice, bob], now)
    alice.lazy = bob.lazy = True
    delivery.wish(call=world.call, participant=alice.participant, incarnation=alice.incarnation, alone=False, now=now + 5_000)
    carol.enter(now + 5_010)  # while the lease stands: the next commit, made under the lock, must leave her out
    (offer,) = offers(world)
    alice.read(now + 5_020)
    alice.commit(offer, now + 5_020, policy=str(alice.mls.call("policy", changes={"locked": True})["policy"]))
    dora.arrive(now + 5_030)
    dora.announce(alice.incarnation, now + 5_040)
    alice.lazy = bob.lazy = False
    for later in (5_300, 6_600, 8_000):
        settle(now + later)
        run([alice, bob, carol, dora], now + later)
    assert alice.names == {"Alice", "Bob"}
    assert {seat.participant: seat.gone for seat in Seat.objects.filter(participant__in=[carol.participant, dora.participant])} == {
        carol.participant: "call_locked",
        dora.participant: "call_locked",
    }
    assert set(delivery.absent(now=now + 8_000)) == {carol.participant, dora.participant}
    assert delivery.newcomers(call=world.call).locked


def test_an_addition_that_the_locking_commit_covers_still_comes_in(world: World, now: int, alice: Member, bob: Member) -> None:
    carol = Member(world, "Carol")
    alice.enter(now)
    bob.enter(now + 10)
    run([alice, bob], now + 20)
    carol.enter(now + 30)  # batched (LOG-7)
    lock(alice, now + 40)
    run([alice, bob, carol], now + 1_400)
    assert alice.names == carol.names == {"Alice", "Bob", "Carol"}
    assert carol.state["policy"]["locked"]


def test_under_lock_a_lost_seat_is_kept_longer_and_a_reload_comes_back(now: int, alice: Member, bob: Member) -> None:
    """LOG-10: 120 seconds instead of 30."""
    settled([alice, bob], now)
    lock(alice, now + 5_000)
    run([alice, bob], now + 6_400)
    bob.lose(now + 10_000)
    assert delivery.absent(now=now + 10_000 + LOST_MS) == []
    assert delivery.absent(now=now + 10_000 + LOST_LOCKED_MS - 1) == []
    assert delivery.absent(now=now + 10_000 + LOST_LOCKED_MS) == [bob.participant]
    again = bob.reload(now + 11_000, back=now + 60_000)
    for later in (60_000, 60_300, 61_600):
        settle(now + later)
        run([alice, again], now + later)
    assert (again.names, again.code) == ({"Alice", "Bob"}, alice.code)


def test_while_a_locked_call_makes_its_next_incarnation_nobody_new_gets_a_seat(world: World, now: int, alice: Member, bob: Member) -> None:
    settled([alice, bob], now)
    lock(alice, now + 5_000)
    run([alice, bob], now + 6_400)
    with writing():
        renew(group=Group.objects.get(incarnation=alice.incarnation), because="stuck", now=now + 10_000)
    assert Group.objects.latest("number").state == Group.State.CREATING
    assert delivery.newcomers(call=world.call).locked
    assert not delivery.newcomers(call="another").locked


def test_who_is_left_out_of_an_open_group_gives_up_the_seat_too(world: World, now: int, alice: Member, bob: Member) -> None:
    """`not_securing`: a seat that nobody gives up would keep an empty call alive."""
    charlie, dora = Member(world, "Charlie"), Member(world, "Dora")
    settled([alice, bob, dora], now)
    for later in (5_000, 8_000):
        charlie.arrive(now + later)
        made = charlie.key_package(alice.incarnation)
        wrong = str(made["mac"])[::-1]
        delivery.announce(
            call=world.call,
            meeting=world.meeting,
            participant=charlie.participant,
            incarnation=alice.incarnation,
            key_package=str(made["key_package"]),
            mac=wrong,
            now=now + later,
        )
        for more in (0, 300, 1_300):
            settle(now + later + more)
            run([alice, bob, dora], now + later + more)
    assert Seat.objects.get(participant=charlie.participant).gone == "not_securing"
    assert delivery.absent(now=now + 10_000) == [charlie.participant]
    charlie.leave(now + 10_000, reason="lost")
    assert (Seat.objects.get(participant=charlie.participant).gone, delivery.absent(now=now + 10_000)) == ("not_securing", [])

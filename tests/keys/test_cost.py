"""What an epoch costs the gateway: as many queries for six members as for three, one read for all sockets of a call."""

from collections.abc import Callable

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from conclave.keys import delivery, feed, read
from conclave.keys.feed import Tape
from conclave.keys.settle import settle
from tests.keys.members import Member, World, new_world, run, settled, view_of

pytestmark = pytest.mark.django_db(transaction=True)


def queries(act: Callable[[], object]) -> int:
    """Return how many queries something makes."""
    with CaptureQueriesContext(
        connection,
    ) as seen:
        act()
    return len(seen)


def group_of(size: int, now: int) -> list[Member]:
    """Return a settled call of that size."""
    world = new_world()
    members = [Member(world, f"Member {number}") for number in range(size)]
    settled(members, now)
    return members


def test_a_commit_costs_the_same_in_a_larger_group(now: int) -> None:
    def cost(size: int) -> int:
        members = group_of(size, now)
        first = members[0]
        first.lazy = True
        members[-1].leave(now + 5_000)
        first.read(now + 5_000)
        view = view_of(first.world)
        draft = first.draft(read.offers(pk=view.pk, epoch=view.epoch)[0])
        return queries(lambda: first.send(draft, now + 5_100))

    assert cost(3) == cost(6) <= 24


def test_acknowledgements_of_many_are_written_together(now: int) -> None:
    def cost(size: int) -> int:
        members = group_of(size, now)
        members[-1].leave(now + 5_000)
        members[0].read(now + 5_000)
        for member in members[:-1]:
            delivery.ack_take(
                call=member.world.call, participant=member.participant, incarnation=member.incarnation, epoch=view_of(member.world).epoch
            )
        return queries(lambda: delivery.ack_flush(call=members[0].world.call, now=now + 5_100))

    assert cost(3) == cost(6) <= 14


def test_a_look_at_nothing_new_is_two_queries(world: World, now: int) -> None:
    members = [Member(world, "Alice"), Member(world, "Bob")]
    settled(members, now)
    view = view_of(world)
    assert queries(lambda: feed._look(call=world.call, at=(view.pk, view.log_next, view.said_next), names=[])) == 2


def test_a_quiet_tick_is_cheap(world: World, now: int) -> None:
    settled([Member(world, "Alice")], now)
    settle(now + 60_000)
    assert queries(lambda: settle(now + 60_200)) <= 1


def test_an_unacknowledged_member_does_not_hold_up_a_large_majority(now: int) -> None:
    members = group_of(4, now)
    run(members, now + 2_000)
    view = view_of(members[0].world)
    assert view.acked == view.epoch


def test_a_tape_makes_each_message_once_and_forgets_what_is_old() -> None:
    tape = Tape(first=5)
    tape.extend(["a", "b", "c"])
    assert tape.next == 8
    assert tape.slice(5, 8) is tape.slice(5, 8)
    assert tape.slice(6, 8) == "b,c"
    assert tape.stop(start=5, most_items=2, most_text=100) == 7
    assert tape.stop(start=5, most_items=9, most_text=1) == 6
    tape.extend([str(number) for number in range(3 * feed.KEPT)])
    assert (tape.next, len(tape.items)) == (8 + 3 * feed.KEPT, feed.KEPT)

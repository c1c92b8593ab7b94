"""ORD-5: whom an order takes out is told so; the members' log says an ordinary departure, and they go on in the next epoch."""

import json

import pytest

from conclave.keys import delivery
from conclave.keys.models import LogEntry, Seat
from conclave.keys.settle import settle
from tests.keys.members import Member, World, run, settled, view_of

pytestmark = pytest.mark.django_db(transaction=True)


def test_ord_5_members_read_an_ordinary_departure_and_whoever_is_taken_out_the_reason(world: World, now: int) -> None:
    alice, bob, charlie = Member(world, "Alice", host=True), Member(world, "Bob"), Member(world, "Charlie")
    settled([alice, bob, charlie], now)
    epoch = view_of(world).epoch
    assert delivery.depart(call=world.call, participant=charlie.participant, reason="ordered", told="left", now=now + 9_000)
    removal = LogEntry.objects.filter(kind=LogEntry.Kind.REMOVE, participant=charlie.participant).get()
    assert json.loads(removal.body) == {"kind": "remove", "participant": charlie.participant, "reason": "left"}, "and no host's word"
    assert Seat.objects.get(participant=charlie.participant).gone == "ordered"
    assert not delivery.depart(call=world.call, participant=charlie.participant, reason="ordered", told="left", now=now + 9_001)
    for later in (9_500, 10_500, 11_500):
        settle(now + later)
        run([alice, bob], now + later)
    assert view_of(world).epoch > epoch
    assert alice.names == bob.names == {"Alice", "Bob"}

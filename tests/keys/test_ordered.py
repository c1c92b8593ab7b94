"""ORD-5: whom an order takes out is told so; the members' log says an ordinary departure, and they go on in the next epoch."""

import json

import pytest

from conclave.keys import delivery
from conclave.keys.models import Lease, LogEntry, Seat
from conclave.keys.settle import settle
from tests.keys.members import Member, World, run, settled, view_of

pytestmark = pytest.mark.django_db(transaction=True)


def test_ord_5_members_read_an_ordinary_departure_and_whoever_is_taken_out_the_reason(world: World, now: int) -> None:
    """All who are taken out at once go with one commit, which nobody makes who goes."""
    alice, bob, charlie, dora = (Member(world, name, host=name == "Alice") for name in ("Alice", "Bob", "Charlie", "Dora"))
    settled([charlie, dora, alice, bob], now)
    epoch = view_of(world).epoch
    out = [charlie.participant, dora.participant]
    delivery.depart_together(call=world.call, participants=out, reason="ordered", told="left", now=now + 9_000)
    for gone in out:
        removal = LogEntry.objects.filter(kind=LogEntry.Kind.REMOVE, participant=gone).get()
        assert json.loads(removal.body) == {"kind": "remove", "participant": gone, "reason": "left"}, "and no host's word"
        assert Seat.objects.get(participant=gone).gone == "ordered"
    entries = LogEntry.objects.count()
    delivery.depart_together(call=world.call, participants=out, reason="ordered", told="left", now=now + 9_001)
    assert LogEntry.objects.count() == entries, "of a seat that is over nothing is said again"
    (asked,) = Lease.objects.filter(epoch=epoch)
    assert asked.holder in {alice.participant, bob.participant}
    for later in (9_500, 10_500, 11_500):
        settle(now + later)
        run([alice, bob], now + later)
    assert view_of(world).epoch == epoch + 1
    assert alice.names == bob.names == {"Alice", "Bob"}

"""KNOCK-8, POL-8: in a strict group an announcement waits for a host's word, and members check it again."""

import json
from typing import Any

import pytest

from conclave.keys import delivery, read
from conclave.keys.incarnation import renew
from conclave.keys.models import Group, Held, LogEntry
from conclave.keys.settle import settle
from tests.keys.members import Member, World, run, settled, view_of

pytestmark = pytest.mark.django_db(transaction=True)


def strict(host: Member, everybody: list[Member], now: int, *, strict: bool = True) -> None:
    """Let the host's client change the policy."""
    host.lazy = True
    delivery.wish(call=host.world.call, participant=host.participant, incarnation=host.incarnation, alone=False, now=now)
    view = view_of(host.world)
    (offer,) = [offer for offer in read.offers(pk=view.pk, epoch=view.epoch) if offer.holder == host.participant]
    policy = str(host.mls.call("policy", changes={"strict": strict})["policy"])
    host.commit(offer, now + 100, policy=policy)
    host.lazy = False
    run(everybody, now + 200)


def asked(world: World) -> list[read.Asked]:
    """Return whom hosts are asked to admit."""
    return read.asked(pk=view_of(world).pk)


def word(host: Member, waits: read.Asked) -> dict[str, Any]:
    """Return the host's word as its client sends it."""
    made = host.mls.call("sign_admit", reference=waits.reference)
    return {"call": host.world.call, "incarnation": host.incarnation, "by": host.participant, "signature": str(made["signature"])}


def test_who_comes_waits_for_a_hosts_word_and_is_then_inside(world: World, now: int) -> None:
    """KNOCK-8."""
    alice, bob, dave = Member(world, "Alice", host=True), Member(world, "Bob"), Member(world, "Dave")
    settled([alice, bob], now)
    strict(alice, [alice, bob], now + 5_000)
    assert delivery.newcomers(call=world.call).strict
    assert delivery.hosts_inside(call=world.call) == {alice.participant}
    log = view_of(world).log_next
    dave.enter(now + 6_000)
    (waits,) = asked(world)
    settle(now + 60_000)
    assert (waits.participant, view_of(world).log_next, view_of(world).incarnation) == (dave.participant, log, alice.incarnation)
    delivery.admit(participant=dave.participant, **word(alice, waits), now=now + 61_000)
    run([alice, bob, dave], now + 62_000)
    assert dave.names == {"Alice", "Bob", "Dave"}
    assert alice.code == bob.code == dave.code
    assert not Held.objects.exists()


def test_nobody_but_a_listed_host_and_for_no_other_key_package(world: World, now: int) -> None:
    """KNOCK-8, KNOCK-4: a guest's word, or one for a key package that has been exchanged since, announces nobody."""
    alice, bob, dave = Member(world, "Alice", host=True), Member(world, "Bob"), Member(world, "Dave")
    settled([alice, bob], now)
    strict(alice, [alice, bob], now + 5_000)
    dave.enter(now + 6_000)
    (waits,) = asked(world)
    good = word(alice, waits)
    with pytest.raises(delivery.NotHost):
        delivery.admit(participant=dave.participant, **{**good, "by": bob.participant}, now=now + 6_100)
    dave.announce(alice.incarnation, now + 6_200)
    (other,) = asked(world)
    assert other.reference != waits.reference
    with pytest.raises(delivery.NotHost):
        delivery.admit(participant=dave.participant, **good, now=now + 6_300)
    assert not LogEntry.objects.filter(participant=dave.participant).exists()


def test_a_replacement_waits_for_nobody(world: World, now: int) -> None:
    """POL-8: who reloads comes back without a word."""
    alice, bob = Member(world, "Alice", host=True), Member(world, "Bob")
    settled([alice, bob], now)
    strict(alice, [alice, bob], now + 5_000)
    back = bob.reload(now + 6_000, back=now + 6_500)
    assert not asked(world)
    run([alice, back], now + 7_000)
    assert back.names == {"Alice", "Bob"}


def test_who_waits_comes_in_when_the_group_is_strict_no_longer_and_goes_with_its_seat(world: World, now: int) -> None:
    """KNOCK-8."""
    alice, bob, dave, erin = Member(world, "Alice", host=True), Member(world, "Bob"), Member(world, "Dave"), Member(world, "Erin")
    settled([alice, bob], now)
    strict(alice, [alice, bob], now + 5_000)
    dave.enter(now + 6_000)
    erin.enter(now + 6_100)
    erin.leave(now + 6_200)
    assert [waits.participant for waits in asked(world)] == [dave.participant]
    strict(alice, [alice, bob], now + 7_000, strict=False)
    settle(now + 8_000)
    run([alice, bob, dave], now + 8_000)
    assert dave.names == {"Alice", "Bob", "Dave"}


def test_a_server_that_announces_somebody_by_itself_is_not_followed(world: World, now: int) -> None:
    """POL-8: members leave out whom no host admitted, whatever the log says; a word for another key package is none."""
    alice, bob, dave = Member(world, "Alice", host=True), Member(world, "Bob"), Member(world, "Dave")
    settled([alice, bob], now)
    strict(alice, [alice, bob], now + 5_000)
    dave.enter(now + 6_000)
    (waits,) = asked(world)
    made = alice.mls.call("sign_admit", reference=waits.reference)
    swapped = dave.key_package(alice.incarnation)
    for admit in (None, {"key": made["key"], "signature": made["signature"]}):
        entry = {"kind": "add", "participant": dave.participant, "key_package": swapped["key_package"], "mac": swapped["mac"]}
        entry |= {"admit": admit} if admit else {}
        for member in (alice, bob):
            member.entries(member.next, [json.loads(json.dumps(entry))])
        left_out = alice.mls.call("commit", covers=alice.next - 1)
        assert left_out["dropped"] == [{"participant": dave.participant, "code": "not_admitted"}]
        assert left_out["welcomes"] == []
        alice.mls.call("forget")


def test_the_next_life_of_a_strict_group_is_strict_before_it_is_made(world: World, now: int) -> None:
    """KNOCK-8: in between, nobody is announced without a word."""
    alice, bob = Member(world, "Alice", host=True), Member(world, "Bob")
    settled([alice, bob], now)
    strict(alice, [alice, bob], now + 5_000)
    renew(group=Group.objects.get(incarnation=alice.incarnation), because="stuck", now=now + 6_000)
    assert view_of(world).incarnation != alice.incarnation
    assert delivery.newcomers(call=world.call).strict


def test_nothing_of_a_hosts_key_outlives_the_call(world: World, now: int) -> None:
    alice = Member(world, "Alice", host=True)
    settled([alice], now)
    assert Group.objects.get().hosts == [alice.key]
    delivery.close(call=world.call, now=now + 1_000)
    assert Group.objects.get().hosts == []

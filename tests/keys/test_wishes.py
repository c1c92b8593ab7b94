"""POL-2 to POL-4 as the gateway sees them: a host asks for a lease that may change the policy, and proves its commands."""

import pytest

from conclave.keys import delivery, read
from conclave.keys.mls import MlsError
from conclave.keys.settle import settle
from tests.keys.members import Member, World, run, settled, view_of

pytestmark = pytest.mark.django_db(transaction=True)


def offers(world: World) -> list[read.Offer]:
    """Return the leases that stand."""
    view = view_of(world)
    return read.offers(pk=view.pk, epoch=view.epoch)


def test_the_first_host_takes_over_by_the_next_lease(world: World, now: int) -> None:
    alice, bob = Member(world, "Alice"), Member(world, "Bob", host=True)
    settled([alice, bob], now)
    bob.lazy = True
    delivery.wish(call=world.call, participant=bob.participant, incarnation=bob.incarnation, alone=False, now=now + 5_000)
    (offer,) = offers(world)
    assert (offer.holder, offer.policy) == (bob.participant, True)
    policy = str(bob.mls.call("policy", changes={"claim": True})["policy"])
    bob.commit(offer, now + 5_100, policy=policy)
    run([alice, bob], now + 5_200)
    assert [member["name"] for member in alice.state["roster"] if member["host"]] == ["Bob"]
    word = bob.mls.call("sign_end")
    found = delivery.host_word(call=world.call, participant=bob.participant, label="end", target=None, signature=str(word["signature"]))
    assert found == (bob.key, str(word["signature"]))


def test_a_guest_may_ask_but_its_change_is_refused(world: World, now: int) -> None:
    """POL-3: seen when the commit comes."""
    alice, bob = Member(world, "Alice", host=True), Member(world, "Bob")
    settled([alice, bob], now)
    bob.lazy = True
    delivery.wish(call=world.call, participant=bob.participant, incarnation=bob.incarnation, alone=False, now=now + 5_000)
    (offer,) = offers(world)
    text = str(alice.mls.call("policy", changes={"locked": True})["policy"])
    with pytest.raises(MlsError):  # an honest guest's module refuses to make it; the gateway's has the same rules
        bob.commit(offer, now + 5_100, policy=text)
    assert view_of(world).epoch == offer.epoch


def test_who_has_no_leaf_gets_no_lease(world: World, now: int) -> None:
    alice, bob = Member(world, "Alice"), Member(world, "Bob")
    settled([alice], now)
    bob.arrive(now + 1_000)
    with pytest.raises(delivery.NotHost):
        delivery.wish(call=world.call, participant=bob.participant, incarnation=alice.incarnation, alone=False, now=now + 1_100)


def test_a_lease_that_must_add_nobody_covers_no_addition(world: World, now: int) -> None:
    """POL-4: who waits to be added comes with the commit after."""
    alice, bob, charlie = (Member(world, name) for name in ("Alice", "Bob", "Charlie"))
    alice.enter(now)
    bob.enter(now + 10)
    run([alice, bob], now + 20)
    charlie.enter(now + 30)  # batched (LOG-7)
    added = view_of(world).log_next - 1
    delivery.wish(call=world.call, participant=alice.participant, incarnation=alice.incarnation, alone=True, now=now + 40)
    assert not offers(world)  # nor may who only wishes drive the epochs
    settle(now + 300)
    (offer,) = offers(world)
    assert (offer.policy, offer.covers) == (True, added - 1)
    run([alice, bob], now + 310)
    assert alice.names == {"Alice", "Bob"}
    settle(now + 700)
    run([alice, bob, charlie], now + 700)
    assert charlie.names == {"Alice", "Bob", "Charlie"}


def test_who_comes_back_under_another_name_is_in_before_the_link_is_replaced(world: World, now: int) -> None:
    """POL-4: their link MAC is by the former link, which no commit after that one would take; and they would be out of their own call."""
    alice, bob, charlie = Member(world, "Alice", host=True), Member(world, "Bob"), Member(world, "Charlie")
    settled([alice, bob, charlie], now)
    settle(now + 400_000)  # another epoch, in which nobody came
    run([alice, bob, charlie], now + 400_000)
    again = Member(world, "Bob", participant=bob.participant, identity=bob.identity)
    alice.lazy = charlie.lazy = True
    again.enter(now + 400_100)
    delivery.wish(call=world.call, participant=alice.participant, incarnation=alice.incarnation, alone=True, now=now + 400_110)
    settle(now + 400_500)
    assert [(offer.policy, offer.covers) for offer in offers(world)] == [(False, view_of(world).log_next - 1)]
    alice.lazy = charlie.lazy = False
    run([alice, charlie, again], now + 400_600)
    assert again.names == {"Alice", "Bob", "Charlie"}
    settle(now + 401_000)
    (offer,) = offers(world)
    assert (offer.holder, offer.policy) == (alice.participant, True)


def test_a_wrong_word_is_no_hosts_word(world: World, now: int) -> None:
    alice, bob = Member(world, "Alice", host=True), Member(world, "Bob")
    settled([alice, bob], now)
    word = alice.mls.call("sign_remove", participant=bob.participant)
    with pytest.raises(delivery.NotHost):
        delivery.host_word(
            call=world.call, participant=bob.participant, label="remove", target=alice.participant, signature=str(word["signature"])
        )
    with pytest.raises(delivery.NotHost):
        delivery.host_word(
            call=world.call, participant=alice.participant, label="remove", target=alice.participant, signature=str(word["signature"])
        )
    assert delivery.host_word(
        call=world.call, participant=alice.participant, label="remove", target=bob.participant, signature=str(word["signature"])
    )

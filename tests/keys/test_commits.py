"""LOG-1 to LOG-4: which commits get into the log, and which do not."""

import pytest

from conclave.keys import delivery, groups, read
from conclave.keys.models import Group, Lease, Tree
from conclave.keys.settle import settle
from tests.keys.members import Member, World, run, settled

pytestmark = pytest.mark.django_db(transaction=True)
Three = tuple[Member, Member, Member]


@pytest.fixture
def three(world: World, now: int) -> Three:
    """Alice, Bob and Charlie in one epoch."""
    members = (Member(world, "Alice"), Member(world, "Bob"), Member(world, "Charlie"))
    settled(list(members), now)
    return members


def offer_for(member: Member) -> read.Offer:
    """Return the lease that a member holds."""
    view = read.latest(call=member.world.call)
    assert view is not None
    return next(offer for offer in read.offers(pk=view.pk, epoch=view.epoch) if offer.holder == member.participant)


def refusal(member: Member, commit: delivery.Commit, now: int) -> str:
    """Return why a commit is refused."""
    before = Group.objects.values_list("epoch", "log_next").get()
    with pytest.raises(delivery.CommitRefused) as refused:
        member.send(commit, now)
    assert Group.objects.values_list("epoch", "log_next").get() == before
    return refused.value.reason


def test_of_two_commits_of_one_epoch_the_first_wins(three: Three, now: int) -> None:
    """LOG-4: compare-and-set decides."""
    alice, bob, charlie = three
    alice.lazy = bob.lazy = True
    charlie.leave(now + 5_000)
    settle(now + 5_600)
    run([alice, bob], now + 5_600)
    first, second = alice.draft(offer_for(alice)), bob.draft(offer_for(bob))
    bob.send(second, now + 5_700)
    assert refusal(alice, first, now + 5_701) == "stale"
    run([alice, bob], now + 5_800)
    assert alice.code == bob.code
    assert alice.names == {"Alice", "Bob"}


def test_a_lease_of_an_epoch_before_is_worth_nothing(three: Three, now: int) -> None:
    """LOG-3."""
    alice, bob, charlie = three
    alice.lazy = True
    charlie.leave(now + 5_000)
    run([alice, bob], now + 5_000)
    late = alice.draft(offer_for(alice))
    settle(now + 5_600)
    run([alice, bob], now + 5_600)
    assert refusal(alice, late, now + 5_700) == "stale"


def test_somebody_elses_lease_is_worth_nothing(three: Three, now: int) -> None:
    """LOG-3."""
    alice, bob, charlie = three
    alice.lazy = True
    charlie.leave(now + 5_000)
    run([alice, bob], now + 5_000)
    assert refusal(bob, bob.draft(offer_for(alice)), now + 5_100) == "stale"


def test_a_commit_that_omits_an_announced_removal_is_refused(three: Three, now: int) -> None:
    """LOG-1, LOG-3."""
    alice, bob, charlie = three
    alice.lazy = True
    charlie.leave(now + 5_000)
    run([alice, bob], now + 5_000)
    held = offer_for(alice)
    shy = alice.draft(read.Offer(lease=held.lease, holder=held.holder, epoch=held.epoch, covers=held.covers - 1, policy=False))
    assert refusal(alice, shy, now + 5_100) == "bad_covers"
    # The refusal moves the lease at once (LOG-11).
    run([alice, bob], now + 5_200)
    assert bob.names == {"Alice", "Bob"}


def test_a_commit_that_adds_somebody_unannounced_is_refused(three: Three, world: World, now: int) -> None:
    """LOG-1, POL-7: Mallory slips a key package to one member only."""
    alice, bob, charlie = three
    mallory = Member(world, "Mallory")
    alice.lazy = True
    charlie.leave(now + 5_000)
    run([alice, bob], now + 5_000)
    held = offer_for(alice)
    made = mallory.key_package(alice.incarnation)
    assert alice.cursor is not None
    forged = {"kind": "add", "participant": mallory.participant, "key_package": made["key_package"], "mac": made["mac"]}
    alice.entries(alice.cursor, [forged])
    wide = alice.draft(read.Offer(lease=held.lease, holder=held.holder, epoch=held.epoch, covers=alice.cursor, policy=False))
    assert refusal(alice, wide, now + 5_100) in {"bad_covers", "unannounced"}


def test_each_joiner_must_get_a_welcome(three: Three, world: World, now: int) -> None:
    alice, bob, charlie = three
    alice.lazy = True
    dora = Member(world, "Dora")
    dora.enter(now + 5_000)
    run([alice, bob, charlie], now + 5_000)
    commit = alice.draft(offer_for(alice))
    bare = delivery.Commit(
        incarnation=commit.incarnation, lease=commit.lease, epoch=commit.epoch, commit=commit.commit, welcomes={}, dropped={}
    )
    assert refusal(alice, bare, now + 5_100) == "welcomes"
    run([alice, bob, charlie, dora], now + 5_200)
    assert dora.names == {"Alice", "Bob", "Charlie", "Dora"}


def test_an_announcement_that_comes_while_a_commit_is_checked_stands_before_it(three: Three, world: World, now: int) -> None:
    """LOG-2: the log orders; covers says what was meant."""
    alice, bob, charlie = three
    alice.lazy = True
    charlie.leave(now + 5_000)
    run([alice, bob], now + 5_000)
    commit = alice.draft(offer_for(alice))
    dora = Member(world, "Dora")
    dora.enter(now + 5_010)
    alice.send(commit, now + 5_020)
    alice.lazy = False
    for later in (5_030, 5_600, 6_300):
        settle(now + later)
        run([alice, bob, dora], now + later)
    assert alice.names == bob.names == dora.names == {"Alice", "Bob", "Dora"}
    assert alice.code == dora.code


def test_a_restarted_gateway_rebuilds_the_public_group_from_the_log(three: Three, world: World, now: int) -> None:
    alice, bob, charlie = three
    groups._groups.clear()
    dora = Member(world, "Dora")
    dora.enter(now + 5_000)
    for later in (5_000, 5_500):
        settle(now + later)
        run([alice, bob, charlie, dora], now + later)
    assert alice.code == dora.code
    charlie.leave(now + 7_000)
    groups._groups.clear()
    run([alice, bob, dora], now + 7_000)
    assert alice.names == dora.names == {"Alice", "Bob", "Dora"}


def test_the_tree_served_is_the_members_tree(three: Three, world: World, now: int) -> None:
    dora = Member(world, "Dora")
    dora.enter(now + 5_000)
    three[0].read(now + 5_000)
    three[0].read(now + 5_000)
    view = read.latest(call=world.call)
    assert view is not None
    waiting = read.admissions(pk=view.pk, participant=dora.participant)[0]
    assert delivery.tree(call=world.call, digest=waiting.tree) is not None
    assert delivery.tree(call="another call", digest=waiting.tree) is None
    kept = delivery.tree(call=world.call, digest=waiting.tree)
    Tree.objects.all().delete()
    assert delivery.tree(call=world.call, digest=waiting.tree) == kept
    assert delivery.tree(call=world.call, digest="0" * 64) is None


@pytest.mark.usefixtures("three")
def test_leases_of_spent_epochs_are_gone(now: int) -> None:
    settle(now + 2_000)
    assert not Lease.objects.exists()

"""LOG-7, LOG-8, LOG-13: from the first hello to everybody in one epoch."""

from unittest.mock import Mock

import pytest

from conclave.keys import delivery, groups, incarnation, lease, read
from conclave.keys.models import Group, Lease, Seat
from conclave.keys.settle import settle
from tests.keys.members import Member, World, run, settled, view_of

pytestmark = pytest.mark.django_db(transaction=True)


def test_the_first_creates_and_the_next_join(world: World, now: int) -> None:
    alice, bob, charlie = (Member(world, name) for name in ("Alice", "Bob", "Charlie"))
    alice.enter(now)
    assert alice.mode == "create"
    bob.enter(now + 1)
    charlie.enter(now + 2)
    assert bob.mode == charlie.mode == "join"
    run([alice, bob, charlie], now + 3)
    settle(now + 400)
    run([alice, bob, charlie], now + 401)
    assert alice.names == bob.names == charlie.names == {"Alice", "Bob", "Charlie"}
    assert alice.code == bob.code == charlie.code


def test_a_commit_starts_at_once_and_the_rest_is_batched(world: World, now: int) -> None:
    """LOG-7."""
    alice, bob, charlie, dora = (Member(world, name) for name in ("Alice", "Bob", "Charlie", "Dora"))
    alice.enter(now)
    bob.enter(now + 1)
    assert Lease.objects.get().covers == 0
    charlie.enter(now + 2)
    dora.enter(now + 3)
    run([alice, bob], now + 20)
    assert not Lease.objects.exists()
    settle(now + 200)
    assert not Lease.objects.exists()
    settle(now + 260)
    assert Lease.objects.get().covers == view_of(world).log_next - 1
    run([alice, bob, charlie, dora], now + 270)
    assert dora.names == {"Alice", "Bob", "Charlie", "Dora"}


@pytest.mark.parametrize("leaves", [False, True])
def test_a_crowds_next_commit_waits_until_the_last_is_digested_unless_somebody_is_to_go(world: World, now: int, *, leaves: bool) -> None:
    """LOG-7: Bob is slow to acknowledge; 1 s more at most, and no removal waits for him."""
    alice, bob, charlie, dora = (Member(world, name) for name in ("Alice", "Bob", "Charlie", "Dora"))
    settled([alice, bob], now)
    charlie.enter(now + 5_000)
    run([alice, charlie], now + 5_010)
    dora.enter(now + 5_020)
    if leaves:
        charlie.leave(now + 5_030)
    settle(now + 5_300)
    assert Lease.objects.exists() == leaves
    settle(now + 6_200)
    assert Lease.objects.exists() == leaves
    settle(now + 6_300)
    assert Lease.objects.exists()


def test_a_crowd_larger_than_a_commit_may_add_comes_in_commit_by_commit(world: World, now: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """LOG-7: the later leases cover less than the log already holds, so joiners pass over commits before their own."""
    monkeypatch.setattr(lease, "MOST_ADDITIONS", 1)
    everybody = [Member(world, name) for name in ("Alice", "Bob", "Charlie", "Dora")]
    for member in everybody:
        member.enter(now)
    for later in (10, 400, 800, 1_200):
        settle(now + later)
        run(everybody, now + later)
    assert [offer.covers for offer in everybody[0].leases] == [0, 1, 4]
    assert [member.names for member in everybody] == [{"Alice", "Bob", "Charlie", "Dora"}] * 4
    assert len({member.code for member in everybody}) == 1


def test_a_silent_creator_loses_to_the_next(world: World, now: int) -> None:
    """LOG-13."""
    alice, bob, charlie = (Member(world, name) for name in ("Alice", "Bob", "Charlie"))
    first = alice.arrive(now)
    bob.enter(now + 10)
    charlie.enter(now + 20)
    settle(now + 1_900)
    assert view_of(world).incarnation == first.incarnation
    settle(now + 2_001)
    view = view_of(world)
    assert (view.incarnation != first.incarnation, view.creator) == (True, bob.participant)
    bob.open(view.incarnation, now + 2_100)
    with pytest.raises(delivery.NotLive):
        alice.open(first.incarnation, now + 2_200)
    for late in (alice, charlie):
        late.announce(view.incarnation, now + 2_300)
    run([alice, bob, charlie], now + 2_400)
    settle(now + 3_000)
    run([alice, bob, charlie], now + 3_000)
    assert alice.code == bob.code == charlie.code


def test_creators_after_silent_ones_have_longer_and_are_others(world: World, now: int) -> None:
    """LOG-13: a crowd that takes longer than a creator has would else make incarnations for ever."""
    people = [Member(world, name) for name in ("Alice", "Bob", "Charlie")]
    people[0].arrive(now)
    for other in people[1:]:
        other.enter(now)
    creators, later = [view_of(world).creator], now
    for waits in (2_000, 4_000, 8_000, 16_000, 2_000, 4_000, 2_000, 16_000, 2_000):
        settle(later + waits - 1)
        assert view_of(world).creator == creators[-1]
        later += waits
        settle(later)
        creators.append(view_of(world).creator)
    assert creators == [person.participant for person in (people * 4)[: len(creators)]]


def test_however_many_are_silent_each_costs_a_few_seconds() -> None:
    """LOG-13: k silent seats cost 30 s and 6 s each at most; and whoever needs 16 s or 32 s gets it again and again."""
    times = [incarnation._create_ms(turn=turn) for turn in range(1_000)]
    assert all(sum(times[:turn]) <= 30_000 + 6_000 * turn for turn in range(1_000))
    assert all(max(times[turn : turn + 8]) >= 16_000 and 32_000 in times[turn : turn + 16] for turn in range(900))


def test_silent_seats_before_somebodys_own_keep_nobody_out(world: World, now: int) -> None:
    """LOG-13: of eight that came before Alice and never create, each is asked once before she is."""
    silent = [Member(world, f"Mallory {number}") for number in range(8)]
    alice = Member(world, "Alice")
    first = silent[0].arrive(now)
    for other in (*silent[1:], alice):
        other.enter(now)
    later, asked = now, [view_of(world).creator]
    assert first.mode == "create"
    while asked[-1] != alice.participant and len(asked) < 20:
        later = Group.objects.exclude(state=Group.State.ENDED).values_list("create_until", flat=True).get() or 0
        settle(later)
        asked.append(view_of(world).creator)
    assert asked == [member.participant for member in (*silent, alice)]
    assert later - now <= 30_000 + 8 * 6_000
    alice.open(view_of(world).incarnation, later + 100)
    # It was opened: nobody is remembered as silent any more.
    assert incarnation._silent_before(call=world.call) == [member.participant for member in reversed(silent)]
    incarnation.renew(group=Group.objects.exclude(state=Group.State.ENDED).get(), because="stuck", now=later + 200)
    assert incarnation._silent_before(call=world.call) == []


def test_an_announcement_for_an_incarnation_that_is_over_costs_no_look_at_it(
    world: World, now: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """LOG-1: of a crowd that is told of one after the other, most come too late."""
    alice, bob, charlie = (Member(world, name) for name in ("Alice", "Bob", "Charlie"))
    first = alice.arrive(now)
    bob.enter(now + 10)
    charlie.enter(now + 20)
    settle(now + 2_001)
    looked = Mock(side_effect=groups.checker)
    monkeypatch.setattr(groups, "checker", looked)
    with pytest.raises(delivery.NotLive):
        charlie.announce(first.incarnation, now + 2_100)
    looked.assert_not_called()
    charlie.announce(view_of(world).incarnation, now + 2_200)
    looked.assert_called_once()


def test_the_lease_goes_to_the_longest_seat_and_then_to_the_next(world: World, now: int) -> None:
    """LOG-8."""
    alice, bob, charlie = (Member(world, name) for name in ("Alice", "Bob", "Charlie"))
    alice.enter(now)
    bob.enter(now)
    run([alice, bob], now)
    alice.lazy = True
    charlie.enter(now + 5_000)
    run([alice, bob, charlie], now + 5_001)
    assert [lease.holder for lease in Lease.objects.all()] == [alice.participant]
    settle(now + 6_900)
    assert Lease.objects.count() == 1
    settle(now + 7_001)
    assert [lease.holder for lease in Lease.objects.order_by("id")] == [alice.participant, bob.participant]
    run([alice, bob, charlie], now + 7_002)
    assert charlie.names == {"Alice", "Bob", "Charlie"}


def test_a_waiting_removal_hastens_the_second_candidate(world: World, now: int) -> None:
    """LOG-8: 500 ms."""
    alice, bob, charlie = (Member(world, name) for name in ("Alice", "Bob", "Charlie"))
    settled([alice, bob, charlie], now)
    alice.lazy = True
    charlie.leave(now + 5_000)
    settle(now + 5_499)
    assert Lease.objects.count() == 1
    settle(now + 5_501)
    assert Lease.objects.count() == 2
    run([alice, bob], now + 5_502)
    assert alice.names == bob.names == {"Alice", "Bob"}


def test_an_old_epoch_is_rekeyed(world: World, now: int) -> None:
    """LOG-9; also while nothing was ever announced."""
    alice = Member(world, "Alice")
    alice.enter(now)
    settle(now + 299_000)
    assert not Lease.objects.exists()
    settle(now + 300_001)
    assert Lease.objects.get().covers == -1
    run([alice], now + 300_002)
    assert Group.objects.get().epoch == 1
    settle(now + 300_500)
    assert not Lease.objects.exists()


def test_acked_is_said_when_the_old_members_are_there(world: World, now: int) -> None:
    alice, bob, charlie = (Member(world, name) for name in ("Alice", "Bob", "Charlie"))
    settled([alice, bob], now)
    charlie.enter(now + 5_000)
    alice.read(now + 5_001)
    alice.read(now + 5_001)
    view = view_of(world)
    assert (view.epoch, view.acked) == (2, 1)
    bob.read(now + 5_002)
    assert view_of(world).acked == 2


def test_a_welcome_is_kept_until_the_joiner_is_in(world: World, now: int) -> None:
    alice, bob = Member(world, "Alice"), Member(world, "Bob")
    alice.enter(now)
    bob.enter(now)
    run([alice], now)
    pk = view_of(world).pk
    assert [one.participant for one in read.admissions(pk=pk)] == [bob.participant]
    run([alice, bob], now)
    assert read.admissions(pk=pk) == []
    assert Seat.objects.get(participant=bob.participant).acked_epoch == 1

"""LOG-10, LOG-11: lost sockets, replacements, members that cannot follow, and the end of an incarnation."""

import pytest

from conclave.keys import delivery, gateway, groups
from conclave.keys import read as reading
from conclave.keys.incarnation import renew
from conclave.keys.locks import writing
from conclave.keys.models import Gateway, Group, LogEntry, Seat
from conclave.keys.settle import settle
from tests.keys.members import Member, World, run, settled, view_of

pytestmark = pytest.mark.django_db(transaction=True)


def members(world: World, *names: str) -> list[Member]:
    """Return members who have not said hello yet."""
    return [Member(world, name) for name in names]


def test_a_lost_socket_keeps_its_leaf_for_thirty_seconds(world: World, now: int) -> None:
    """LOG-10, JOIN-7."""
    alice, bob = members(world, "Alice", "Bob")
    settled([alice, bob], now)
    bob.lose(now + 5_000)
    assert delivery.absent(now=now + 34_999) == []
    assert delivery.absent(now=now + 35_000) == [bob.participant]
    bob.leave(now + 35_001, reason="lost")
    run([alice], now + 35_002)
    assert alice.names == {"Alice"}


def test_who_comes_back_in_time_resumes(world: World, now: int) -> None:
    """LOG-5: its cursor is its own."""
    alice, bob = members(world, "Alice", "Bob")
    settled([alice, bob], now)
    cursor = bob.cursor
    bob.lose(now + 5_000)
    arrival = bob.arrive(now + 20_000, incarnation=bob.incarnation)
    assert (arrival.mode, arrival.log, arrival.follows) == ("resume", cursor, True)
    assert delivery.absent(now=now + 60_000) == []


def test_a_joiner_that_comes_back_still_gets_its_welcome(world: World, now: int) -> None:
    alice, bob = members(world, "Alice", "Bob")
    alice.enter(now)
    bob.enter(now)
    bob.lose(now + 1)
    run([alice], now + 2)
    arrival = bob.arrive(now + 3, incarnation=bob.incarnation)
    assert (arrival.mode, arrival.follows) == ("resume", False)
    run([alice, bob], now + 4)
    assert bob.names == {"Alice", "Bob"}


def test_a_reload_is_a_replacement_in_one_commit(world: World, now: int) -> None:
    """LOG-10: remove and add together; same participant, same key."""
    alice, bob, charlie = members(world, "Alice", "Bob", "Charlie")
    settled([alice, bob, charlie], now)
    again = bob.reload(now + 5_000, back=now + 6_000)
    assert again.mode == "join"
    assert [entry.kind for entry in LogEntry.objects.order_by("-index")[:2]] == ["add", "remove"]
    run([alice, again, charlie], now + 6_001)
    assert alice.code == again.code == charlie.code
    assert [member["name"] for member in alice.state["roster"]].count("Bob") == 1
    assert Seat.objects.filter(participant=bob.participant).count() == 1


def test_a_creator_that_reloads_alone_creates_anew(world: World, now: int) -> None:
    """LOG-11: no connected member with a leaf."""
    alice = Member(world, "Alice")
    alice.enter(now)
    first = alice.incarnation
    again = alice.reload(now + 5_000, back=now + 5_500)
    assert (again.mode, again.incarnation != first) == ("create", True)


def test_the_lease_moves_when_its_holder_reloads(world: World, now: int) -> None:
    alice, bob, charlie = members(world, "Alice", "Bob", "Charlie")
    settled([alice, bob, charlie], now)
    again = alice.reload(now + 5_000, back=now + 6_000)
    run([again, bob, charlie], now + 6_001)
    assert again.code == bob.code == charlie.code


def test_everybody_else_lost_gets_two_seconds_to_come_back(world: World, now: int) -> None:
    """LOG-11: after a restart of the gateway the first to come back must not end the call's incarnation."""
    alice, bob, charlie = members(world, "Alice", "Bob", "Charlie")
    settled([alice, bob], now)
    for member in (alice, bob):
        member.lose(now + 5_000)
    charlie.enter(now + 6_000)
    incarnation = view_of(world).incarnation
    alice.arrive(now + 7_500, incarnation=alice.incarnation)
    settle(now + 8_100)
    assert view_of(world).incarnation == incarnation
    run([alice, charlie], now + 8_200)
    assert charlie.names == {"Alice", "Bob", "Charlie"}


def test_nobody_comes_back_and_the_waiting_start_anew(world: World, now: int) -> None:
    """LOG-11."""
    alice, charlie = members(world, "Alice", "Charlie")
    settled([alice], now)
    alice.lose(now + 5_000)
    charlie.enter(now + 6_000)
    settle(now + 8_100)
    assert view_of(world).creator == charlie.participant


def test_fifteen_seconds_without_a_commit_end_the_incarnation(world: World, now: int) -> None:
    """LOG-11."""
    alice, bob, charlie = members(world, "Alice", "Bob", "Charlie")
    settled([alice, bob], now)
    alice.lazy = bob.lazy = True
    charlie.enter(now + 5_000)
    first = view_of(world).incarnation
    for later in range(5_200, 20_000, 400):
        settle(now + later)
    assert view_of(world).incarnation == first
    settle(now + 20_001)
    assert view_of(world).incarnation != first
    assert Group.objects.get(incarnation=first).ended_because == "stuck"


def test_members_who_take_a_commit_in_one_after_the_other_are_not_stuck(world: World, now: int) -> None:
    """LOG-11: and whoever says the same again puts nothing off."""
    people = members(world, "Alice", "Bob", "Charlie", "Dora")
    settled(people, now)
    first = view_of(world)
    members(world, "Emil")[0].enter(now + 5_000)
    assert people[0].read(now + 5_001)
    members(world, "Fanny")[0].enter(now + 5_100)
    for person in people:
        person.lazy = True
    for later in range(5_200, 54_000, 400):
        if later in {10_000, 20_000, 30_000}:
            people[later // 10_000].read(now + later)
        if later > 30_000:
            people[3].acknowledge(now + later)
        settle(now + later)
        assert (view_of(world).incarnation == first.incarnation) == (later < 45_000), later
    assert view_of(world).epoch == 0
    assert Group.objects.get(incarnation=first.incarnation).ended_because == "stuck"


def test_a_few_who_acknowledge_one_after_the_other_put_the_end_off_for_a_minute(world: World, now: int) -> None:
    """LOG-11: each acknowledgement gives 15 s, and all of them together no more than 60 s after the commit."""
    people = members(world, "Alice", *(f"Mallory {number}" for number in range(8)))
    settled(people, now)
    first = view_of(world)
    members(world, "Emil")[0].enter(now + 5_000)
    assert people[0].read(now + 5_001)
    committed = now + 5_001
    members(world, "Fanny")[0].enter(now + 5_100)
    for person in people:
        person.lazy = True
    for turn, person in enumerate(people[1:6], start=1):
        person.read(committed + turn * 12_000 - 1)
        settle(committed + turn * 12_000)
        assert (view_of(world).incarnation == first.incarnation) == (turn < 5), turn
    assert Group.objects.get(incarnation=first.incarnation).ended_because == "stuck"


def test_a_majority_of_nacks_ends_the_incarnation(world: World, now: int) -> None:
    """LOG-11: and its committer does not create the next one."""
    alice, bob, charlie, dora = members(world, "Alice", "Bob", "Charlie", "Dora")
    settled([alice, bob, charlie], now)
    dora.enter(now + 5_000)
    alice.read(now + 5_001)
    index = view_of(world).log_next - 1
    first = view_of(world).incarnation
    nack(bob, index, now)
    assert view_of(world).incarnation == first
    nack(bob, index, now)
    assert view_of(world).incarnation == first
    nack(charlie, index, now)
    assert view_of(world).incarnation != first
    assert view_of(world).creator == bob.participant


def test_a_host_nack_ends_the_incarnation(world: World, now: int) -> None:
    """LOG-11."""
    alice = Member(world, "Alice", host=True)
    bob, charlie = members(world, "Bob", "Charlie")
    settled([alice, bob, charlie], now)
    first = view_of(world).incarnation
    alice.lazy = True
    charlie.leave(now + 5_000)
    settle(now + 5_600)
    bob.read(now + 5_601)
    bob.read(now + 5_602)
    nack(alice, view_of(world).log_next - 1, now)
    assert view_of(world).incarnation != first


def test_a_locked_call_comes_back_whole_and_locked_when_its_incarnation_has_ended(world: World, now: int) -> None:
    """POL-8, LOG-12: twice in a row, the second time before everybody was back; the gateway forgets its own copy in between."""
    alice = Member(world, "Alice", host=True)
    bob, charlie, dora = members(world, "Bob", "Charlie", "Dora")
    settled([alice, bob, charlie], now)
    delivery.wish(call=world.call, participant=alice.participant, incarnation=alice.incarnation, alone=True, now=now + 2_000)
    settle(now + 2_300)
    (offer,) = reading.offers(pk=view_of(world).pk, epoch=view_of(world).epoch)
    alice.commit(offer, now + 2_300, policy=str(alice.mls.call("policy", changes={"locked": True})["policy"]))
    run([alice, bob, charlie], now + 2_310)
    for at, comes in ((3_000, [alice]), (10_000, [alice, bob, charlie])):
        for member in comes:
            member.remember()
        with writing():
            renew(group=Group.objects.get(incarnation=alice.incarnation), because="stuck", now=now + at)
        groups._groups.clear()
        settled(comes, now + at)
        assert alice.state["policy"]["locked"]
    assert alice.names == {"Alice", "Bob", "Charlie"}
    dora.enter(now + 20_000)
    for later in (0, 300):
        settle(now + 20_000 + later)
        run([alice, bob, charlie], now + 20_000 + later)
    assert alice.names == {"Alice", "Bob", "Charlie"}


def test_one_nack_moves_the_lease(world: World, now: int) -> None:
    """LOG-11: the committer is not asked next time."""
    people = members(world, "Alice", "Bob", "Charlie", "Dora")
    settled(people, now)
    alice, bob, charlie, dora = people
    index = LogEntry.objects.filter(kind="commit").latest("index").index
    nack(charlie, index, now)
    alice.lazy = True
    dora.leave(now + 5_000)
    run([alice, bob], now + 5_001)
    assert bob.names == {"Alice", "Bob", "Charlie"}


@pytest.mark.parametrize("nacks", ["first", "last"])
def test_who_nacked_is_not_waited_for(world: World, now: int, nacks: str) -> None:
    """LOG-11: it comes back only once it has heard that the others acknowledged what it could not process."""
    alice, bob, charlie, dora = members(world, "Alice", "Bob", "Charlie", "Dora")
    settled([alice, bob, charlie], now)
    dora.enter(now + 5_000)
    alice.read(now + 5_001)
    index = view_of(world).log_next - 1
    if nacks == "first":
        nack(charlie, index, now)
    run([alice, bob, dora], now + 6_001)
    if nacks == "last":
        assert view_of(world).acked < view_of(world).epoch
        nack(charlie, index, now)
    assert view_of(world).acked == view_of(world).epoch


def test_a_dead_gateways_sockets_are_lost(world: World, now: int) -> None:
    alice, bob = members(world, "Alice", "Bob")
    settled([alice, bob], now)
    Gateway.objects.create(name="dead", seen_at=now - 60_000)
    Seat.objects.filter(participant=bob.participant).update(gateway="dead")
    gateway.beat(now=now + 1_000)
    assert delivery.absent(now=now + 31_000) == [bob.participant]
    assert not Gateway.objects.filter(name="dead").exists()


def test_a_second_socket_takes_the_seat_from_the_first(world: World, now: int) -> None:
    """JOIN-5."""
    alice, bob = members(world, "Alice", "Bob")
    settled([alice, bob], now)
    older = bob.socket
    bob.arrive(now + 5_000, incarnation=bob.incarnation)
    assert delivery.holds(participants=[bob.participant])[bob.participant].socket == bob.socket != older
    delivery.lose(participant=bob.participant, socket=older, now=now + 5_001)
    assert delivery.absent(now=now + 60_000) == []


def test_a_joiner_dropped_twice_is_not_securing(world: World, now: int) -> None:
    """POL-13: a committer that leaves somebody out reports it."""
    alice, bob = members(world, "Alice", "Bob")
    alice.enter(now)
    for attempt in (1, 2):
        bob.arrive(now) if attempt == 1 else None
        made = bob.key_package(view_of(world).incarnation)
        forged = "A" * 43
        delivery.announce(
            call=world.call,
            meeting=world.meeting,
            participant=bob.participant,
            incarnation=bob.incarnation,
            key_package=str(made["key_package"]),
            mac=forged,
            now=now + attempt * 1_000,
        )
        run([alice], now + attempt * 1_000)
    assert Seat.objects.get(participant=bob.participant).gone == "not_securing"
    assert alice.names == {"Alice"}


def test_an_ended_call_keeps_neither_log_nor_names(world: World, now: int) -> None:
    alice, bob = members(world, "Alice", "Bob")
    settled([alice, bob], now)
    delivery.close(call=world.call, now=now + 5_000)
    assert not LogEntry.objects.exists()
    assert set(Seat.objects.values_list("gone", "signature_key")) == {("ended", "")}
    assert set(Group.objects.values_list("group_info", "tree", "state")) == {("", "", "ended")}
    for member in (alice, bob):
        member.lose(now + 5_100)
    settle(now + 120_000)
    assert not Group.objects.exists()
    assert not Seat.objects.exists()


def nack(member: Member, index: int, now: int) -> None:
    """Say that a commit could not be applied."""
    delivery.nack(
        call=member.world.call,
        participant=member.participant,
        incarnation=member.incarnation,
        index=index,
        code="bad_path",
        now=now + 6_000,
    )

"""meetings/knock.py and door.py: who waits, who is let in, and how long a refusal holds (KNOCK-1 to KNOCK-7)."""

from collections.abc import Callable
from typing import Any, cast

import pytest
from pytest_django import DjangoAssertNumQueries

from conclave.accounts.models import User
from conclave.gate.models import Restriction
from conclave.gate.retention import OVER
from conclave.kernel import clock
from conclave.kernel.ids import new_id
from conclave.keys.delivery import NotHost
from conclave.keys.mls import MlsInstance
from conclave.keys.models import Group
from conclave.keys.models import Seat as Leaf
from conclave.meetings import knock as knocks
from conclave.meetings.door import EMPTY_HANDED, KnockBlocked, KnockRefused, KnockRequired, Newcomer, Pass, Shown
from conclave.meetings.entrance import Changes
from conclave.meetings.join import Again, Ticket, join, recheck
from conclave.meetings.knock import PASS_MS, SOCKET_WITHIN_MS, KnockUnknown, WaitingFull, answer, attend, news, settle
from conclave.meetings.models import Ban, Call, FormerLink, Knock, Meeting
from conclave.meetings.own import change_meeting, delete_meeting
from conclave.meetings.queries import seated
from conclave.meetings.reconsider import settle_before_host
from conclave.meetings.rows import next_version
from tests.meetings.conftest import NOW, Link, Posts, account_of, device_of, key_of

pytestmark = pytest.mark.django_db

Knocks = Callable[..., Pass]
Enters = Callable[..., Ticket]


@pytest.fixture
def guarded(link: Link) -> Link:
    """Alice's meeting, in which everybody but hosts has to be let in."""
    Meeting.objects.filter(pk=link.meeting).update(waiting="uninvited")
    return link


@pytest.fixture
def enters(guarded: Link) -> Enters:
    """Return a function that asks for a seat in Alice's guarded meeting."""

    def act(name: str = "Bob", *, at: int = NOW, shown: Shown = EMPTY_HANDED, again: Again | None = None, **facts: Any) -> Ticket:
        who = {"signature_key": key_of(name), "device": device_of(name), "account": None, **facts}
        newcomer = Newcomer(name=name, **who)
        return join(meeting=guarded.meeting, link_id=guarded.link_id, newcomer=newcomer, again=again, now=at, shown=shown)

    return act


@pytest.fixture
def knock(guarded: Link) -> Knocks:
    """Return a function that lets somebody knock there."""

    def act(name: str = "Bob", *, at: int = NOW, **facts: Any) -> Pass:
        who = {"signature_key": key_of(name), "device": device_of(name), "account": None, **facts}
        newcomer = Newcomer(name=name, **who)
        return knocks.knock(meeting=guarded.meeting, link_id=guarded.link_id, newcomer=newcomer, seal=None, shown=EMPTY_HANDED, now=at)

    return act


@pytest.fixture
def alice_inside(enters: Enters, alice: User) -> Ticket:
    """Alice in the call, listed by the group's policy."""
    ticket = enters("Alice", account=account_of(alice))
    listed(ticket)
    return ticket


def listed(ticket: Ticket, name: str = "Alice") -> None:
    """Let the call's group list this person as host, as keys/ writes it down after a commit."""
    where = {"call": ticket.call, "meeting": ticket.meeting}
    hosts = [key_of(name)]
    group = Group.objects.create(incarnation=new_id(), number=1, state="open", creator=ticket.participant, hosts=hosts, **where)
    Leaf.objects.create(participant=ticket.participant, signature_key=key_of(name), group=group, leaf=True, **where)


def say(ticket: Ticket, *made: Pass, admit: bool = True, block: bool = False, at: int = NOW) -> list[str]:
    """Answer knocks as the holder of this seat."""
    wanted = [one.knock for one in made]
    return answer(
        call=ticket.call, meeting=ticket.meeting, by=ticket.participant, knocks=wanted, admit=admit, block=block, sealed={}, now=at
    )


def test_who_has_to_wait_gets_no_seat_and_starts_no_call(enters: Enters) -> None:
    """KNOCK-1."""
    with pytest.raises(KnockRequired):
        enters("Bob")
    assert not Call.objects.exists()


def test_the_owner_waits_for_nobody(enters: Enters, alice: User, bob: User) -> None:
    """KNOCK-2."""
    assert enters("Alice", account=account_of(alice)).role == "host"
    with pytest.raises(KnockRequired):
        enters("Bob", account=account_of(bob))


def test_the_links_host_key_opens_the_door_and_no_other_does(guarded: Link, enters: Enters) -> None:
    """KNOCK-2: for the leaf key that was signed, in this meeting."""
    made = MlsInstance().call("new_link", meeting=guarded.meeting)
    Meeting.objects.filter(pk=guarded.meeting).update(host_hash=made["host_hash"])
    mls = MlsInstance()
    opened = mls.call("open", meeting=guarded.meeting, secret=made["secret"], host_hash=made["host_hash"], host_key=made["host_key"])
    word = mls.call("sign_entry")
    shown = Shown(host=(str(word["key"]), str(word["signature"])))
    for key, wrong in ((key_of("Charlie"), shown), (str(opened["signature_key"]), Shown(host=(key_of("x"), str(word["signature"]))))):
        with pytest.raises(KnockRequired):
            enters("Charlie", signature_key=key, shown=wrong)
    assert enters("Alice", signature_key=str(opened["signature_key"]), shown=shown).participant


def test_whom_a_host_lets_in_comes_in_once(alice_inside: Ticket, knock: Knocks, enters: Enters) -> None:
    """KNOCK-3."""
    made = knock("Bob")
    with pytest.raises(KnockRequired):
        enters("Bob", shown=Shown(let_in=made))
    assert say(alice_inside, made) == [made.knock]
    ticket = enters("Bob", shown=Shown(let_in=made))
    assert ticket.call == alice_inside.call
    with pytest.raises(KnockRequired):
        enters("Bob", signature_key=key_of("Bob2"), shown=Shown(let_in=made))
    again = Again(participant=ticket.participant, seat=ticket.seat)
    assert enters("Bob", again=again).participant == ticket.participant


@pytest.mark.parametrize(
    "change", [{"signature_key": key_of("Charlie")}, {"device": device_of("Charlie")}, {"proof": new_id()}, {"at": NOW + PASS_MS}]
)
def test_a_pass_is_good_only_for_who_knocked_and_for_two_minutes(
    alice_inside: Ticket, knock: Knocks, enters: Enters, change: dict[str, Any]
) -> None:
    """KNOCK-3."""
    made = knock("Bob")
    say(alice_inside, made)
    shown = Pass(knock=made.knock, proof=change.pop("proof", made.proof))
    with pytest.raises(KnockRequired):
        enters("Bob", shown=Shown(let_in=shown), **change)


def test_only_a_listed_host_answers(alice_inside: Ticket, knock: Knocks, enters: Enters) -> None:
    """KNOCK-4."""
    made = knock("Bob")
    say(alice_inside, made)
    bob = enters("Bob", shown=Shown(let_in=made))
    charlie = knock("Charlie")
    with pytest.raises(NotHost):
        say(bob, charlie)
    assert Knock.objects.get(pk=charlie.knock).state == "waiting"


def test_a_host_answers_only_at_their_own_meetings_door(alice_inside: Ticket, knock: Knocks) -> None:
    """KNOCK-4."""
    made = knock("Bob")
    Knock.objects.filter(pk=made.knock).update(
        meeting=Meeting.objects.create(id=new_id(), link_id=new_id(), host_hash=new_id(), created_at=NOW)
    )
    assert say(alice_inside, made) == []


def test_a_refusal_holds_longer_each_time(alice_inside: Ticket, knock: Knocks, enters: Enters) -> None:
    """KNOCK-5."""
    at, waits = NOW, []
    for _ in range(5):
        say(alice_inside, knock("Bob", at=at), admit=False, at=at)
        with pytest.raises(KnockRefused) as refused:
            knock("Bob", at=at + 1)
        with pytest.raises(KnockRefused):
            enters("Bob", at=at + 1)
        assert refused.value.again_at is not None
        waits.append(refused.value.again_at - at)
        at = refused.value.again_at
    assert [wait // clock.SECOND for wait in waits] == [30, 120, 600, 3600, 3600]
    knock("Bob", at=at)


def test_a_refusal_that_counts_no_more_is_forgotten(alice_inside: Ticket, knock: Knocks) -> None:
    """KNOCK-5: nobody's device stays written down because it was once refused; a block stays until it is taken back."""
    say(alice_inside, knock("Bob"), admit=False)
    say(alice_inside, knock("Charlie"), admit=False, block=True)
    OVER.sweep(now=NOW + clock.DAY)
    assert set(Restriction.objects.values_list("subject", flat=True)) == {device_of("Bob"), device_of("Charlie")}
    OVER.sweep(now=NOW + clock.DAY + clock.MINUTE)
    assert set(Restriction.objects.values_list("subject", flat=True)) == {device_of("Charlie")}


def test_who_is_blocked_cannot_ask_again_under_another_name_or_key(alice_inside: Ticket, knock: Knocks, bob: User) -> None:
    """KNOCK-5: neither from the same device nor with the same account."""
    say(alice_inside, knock("Bob", account=account_of(bob)), admit=False, block=True)
    for who in ({"device": device_of("Bob")}, {"device": device_of("Other"), "account": account_of(bob)}):
        with pytest.raises(KnockBlocked):
            knock("Robert", at=NOW + clock.DAY, signature_key=key_of("Robert"), **who)


def test_the_owner_is_refused_this_once_and_never_blocked(alice_inside: Ticket, knock: Knocks, alice: User, guarded: Link) -> None:
    """KNOCK-5: a co-host gone rogue could otherwise keep them out of their own meeting."""
    FormerLink.objects.create(meeting_id=guarded.meeting, link_id=guarded.link_id, link_version=1, replaced_at=NOW)
    Meeting.objects.filter(pk=guarded.meeting).update(link_id=new_id(), link_version=2)
    say(alice_inside, knock("Owner", account=account_of(alice)), admit=False, block=True)
    assert (Knock.objects.get(name="Owner").blocked, Restriction.objects.count(), Ban.objects.count()) == (False, 0, 0)
    say(alice_inside, knock("Owner", account=account_of(alice)), admit=False)
    assert not Restriction.objects.exists()


def test_a_refusal_touches_no_seat_of_the_same_account(alice_inside: Ticket, knock: Knocks, enters: Enters, bob: User) -> None:
    """KNOCK-5."""
    made = knock("Bob", account=account_of(bob))
    say(alice_inside, made)
    inside = enters("Bob", account=account_of(bob), shown=Shown(let_in=made))
    say(alice_inside, knock("Phone", account=account_of(bob)), admit=False, block=True)
    recheck(region="local", seat=seated(participant=inside.participant, call=inside.call), now=NOW + 1)


def test_who_waits_cannot_tell_whether_there_is_a_call(posts: Posts, guarded: Link, enters: Enters, alice: User) -> None:
    """KNOCK-6: lobby, join and knock say the same before a call and during it."""

    def seen() -> list[Any]:
        asked = {"meeting": guarded.meeting, "link_id": guarded.link_id}
        who = {**asked, "v": 1, "name": "Bob", "signature_key": key_of("Bob"), "device": device_of("Bob")}
        knocked = posts("/knock", who)
        return [posts("/lobby", asked).json(), posts("/join", who).json(), knocked.status_code, sorted(knocked.json())]

    before = seen()
    enters("Alice", account=account_of(alice))
    assert seen() == before
    assert (before[0]["live"], before[0]["open"]) == (False, False)
    assert before[1]["error"]["code"] == "knock_required"


def test_a_knock_and_its_socket_cost_the_same_few_queries_however_many_wait(
    alice_inside: Ticket, knock: Knocks, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    assert alice_inside.call
    for name in ("Bob", "Carol", "Dora"):
        knock(name)
    # a savepoint (2), meeting, call, restrictions, what the group says of newcomers, the version (2), who waits, the knock
    with django_assert_num_queries(10):
        made = knock("Emil")
    # a savepoint (2), the knock, the version (2), the knock as it stands by then, and the knock again
    with django_assert_num_queries(7):
        attend(let_in=made, socket=new_id(), now=NOW)


def test_a_device_waits_once(knock: Knocks, guarded: Link) -> None:
    """KNOCK-7."""
    first, second = knock("Bob"), knock("Bob")
    assert [(one.id, one.state) for one in news(meeting=guarded.meeting, after=-1)] == [(first.knock, "over"), (second.knock, "waiting")]
    with pytest.raises(KnockUnknown):
        attend(let_in=first, socket=new_id(), now=NOW)


def test_at_most_so_many_wait(knock: Knocks, monkeypatch: pytest.MonkeyPatch) -> None:
    """KNOCK-7."""
    monkeypatch.setattr(knocks, "MOST_WAITING", 2)
    knock("Bob")
    knock("Carol")
    with pytest.raises(WaitingFull):
        knock("Dave")
    assert Knock.objects.filter(state="waiting").count() == 2


def test_a_knock_without_a_socket_is_over_and_then_forgotten(knock: Knocks, guarded: Link) -> None:
    """KNOCK-7."""
    made = knock("Bob")
    settle(NOW + SOCKET_WITHIN_MS - 1)
    assert Knock.objects.get().state == "waiting"
    settle(NOW + SOCKET_WITHIN_MS)
    (over,) = news(meeting=guarded.meeting, after=-1)
    assert (over.id, over.state, over.name) == (made.knock, "over", "")
    settle(NOW + clock.HOUR)
    assert not Knock.objects.exists()


def test_who_comes_before_a_host_waits_and_is_let_in_when_one_is_there(enters: Enters, knock: Knocks, alice: User, link: Link) -> None:
    """MEET-8."""
    Meeting.objects.filter(pk=link.meeting).update(waiting="nobody", before_host=False)
    with pytest.raises(KnockRequired):
        enters("Bob")
    made = knock("Bob")
    assert Knock.objects.get().why == "before_host"
    settle_before_host(NOW)
    assert Knock.objects.get().state == "waiting"
    ticket = enters("Alice", account=account_of(alice))
    listed(ticket)
    settle_before_host(NOW)
    assert enters("Bob", shown=Shown(let_in=made)).call == ticket.call
    assert enters("Carol").call == ticket.call


def test_a_strict_group_makes_everybody_knock(enters: Enters, alice: User, link: Link) -> None:
    """KNOCK-8."""
    Meeting.objects.filter(pk=link.meeting).update(waiting="nobody")
    listed(enters("Alice", account=account_of(alice)))
    enters("Bob")
    Group.objects.update(strict=True)
    with pytest.raises(KnockRequired):
        enters("Carol")


def test_opening_the_door_lets_in_who_waits_and_deleting_the_meeting_sends_them_away(knock: Knocks, guarded: Link, alice: User) -> None:
    first = knock("Bob")
    change_meeting(meeting=guarded.meeting, owner=account_of(alice), preset="open", now=NOW)
    assert Knock.objects.get(pk=first.knock).state == "admitted"
    assert Meeting.objects.get().title == "Plans"
    change_meeting(meeting=guarded.meeting, owner=account_of(alice), preset="guarded", now=NOW)
    second = knock("Carol")
    delete_meeting(meeting=guarded.meeting, owner=account_of(alice), now=NOW)
    assert Knock.objects.get(pk=second.knock).state == "over"


def test_who_waits_is_let_in_only_when_no_other_reason_to_wait_is_left(
    knock: Knocks, enters: Enters, guarded: Link, alice: User, bob: User
) -> None:
    """MEET-8, KNOCK-8: a host's coming does not open a waiting room, nor does an owner's change let people in before a host, past a lock
    or into a strict group.
    """

    def change(**settings: Any) -> None:
        change_meeting(meeting=guarded.meeting, owner=account_of(alice), changes=cast("Changes", settings), now=NOW)

    def stands(name: str) -> tuple[str, str]:
        return Knock.objects.values_list("state", "why").get(name=name)

    change(waiting="strangers", before_host=False)
    knock("Bob", account=account_of(bob))
    knock("Carol")
    assert (stands("Bob")[1], stands("Carol")[1]) == ("before_host", "waiting_room")
    listed(enters("Alice", account=account_of(alice)))
    settle_before_host(NOW)
    assert (stands("Bob")[0], stands("Carol")[0]) == ("admitted", "waiting")
    Group.objects.update(hosts=[])
    change(waiting="nobody")
    assert stands("Carol") == ("waiting", "before_host")
    for closed in ({"strict": True, "locked": False}, {"strict": False, "locked": True}):
        Group.objects.update(hosts=[key_of("Alice")], **closed)
        settle_before_host(NOW)
        assert stands("Carol") == ("waiting", "waiting_room")
    Group.objects.update(locked=False)
    change(waiting="nobody")
    assert stands("Carol")[0] == "admitted"


def test_whom_an_invitation_might_help_asks_again_once_a_host_is_there(knock: Knocks, enters: Enters, guarded: Link, alice: User) -> None:
    """MEET-8: what an invitation is worth is seen when it is shown."""
    Meeting.objects.filter(pk=guarded.meeting).update(waiting="nobody", before_host=False)
    knock("Bob")
    Meeting.objects.filter(pk=guarded.meeting).update(waiting="uninvited")
    listed(enters("Alice", account=account_of(alice)))
    settle_before_host(NOW)
    assert Knock.objects.get().state == "over"
    knock("Carol")
    change_meeting(meeting=guarded.meeting, owner=account_of(alice), changes={"capacity": 5}, now=NOW)
    assert Knock.objects.get(state="waiting").why == "waiting_room", "nothing has changed for her"


@pytest.mark.parametrize("settings", [{"who": "signed_in"}, {"passcode": "open sesame", "waiting": "nobody"}])
def test_who_may_not_ask_any_more_has_to_ask_again(knock: Knocks, guarded: Link, alice: User, settings: Any) -> None:
    """MEET-8: nobody slips in by having waited since before a passcode was set; they read why when they ask again."""
    knock("Bob")
    change_meeting(meeting=guarded.meeting, owner=account_of(alice), changes=settings, now=NOW)
    assert Knock.objects.get().state == "over"


def test_who_need_not_wait_is_let_in_at_once(knock: Knocks, enters: Enters, link: Link) -> None:
    Meeting.objects.filter(pk=link.meeting).update(waiting="nobody")
    made = knock("Bob")
    assert Knock.objects.get().state == "admitted"
    enters("Bob", shown=Shown(let_in=made))


def meanwhile(monkeypatch: pytest.MonkeyPatch, **change: Any) -> None:
    """Let somebody else have changed the knocks by the time at which the next change has its turn, as PostgreSQL allows."""
    did = list[int]()

    def turn(*, meeting: str) -> int:
        if not did:
            did.append(Knock.objects.update(**change))
        return next_version(meeting=meeting)

    monkeypatch.setattr(knocks, "next_version", turn)


def test_an_answer_that_is_given_while_a_socket_is_bound_is_told_and_holds_its_time(
    knock: Knocks, alice_inside: Ticket, monkeypatch: pytest.MonkeyPatch
) -> None:
    """KNOCK-4."""
    assert alice_inside.call
    made = knock()
    meanwhile(monkeypatch, state="admitted", until=NOW + PASS_MS)
    assert attend(let_in=made, socket="s", now=NOW)[1].state == "admitted"
    row = Knock.objects.get()
    assert (row.state, row.socket, row.until) == ("admitted", "s", NOW + PASS_MS)


def test_a_knock_that_is_over_by_the_time_is_bound_to_nobody(knock: Knocks, monkeypatch: pytest.MonkeyPatch) -> None:
    made = knock()
    meanwhile(monkeypatch, state="over")
    with pytest.raises(KnockUnknown):
        attend(let_in=made, socket="s", now=NOW)


def test_whoever_comes_back_as_they_are_answered_keeps_the_socket_that_they_have_now(
    knock: Knocks, alice_inside: Ticket, monkeypatch: pytest.MonkeyPatch
) -> None:
    """KNOCK-4."""
    made = knock()
    meanwhile(monkeypatch, socket="new")
    assert say(alice_inside, made) == [made.knock]
    assert Knock.objects.get().socket == "new"


def test_whoever_comes_back_as_they_are_given_up_waits_on(knock: Knocks, monkeypatch: pytest.MonkeyPatch) -> None:
    knock()
    meanwhile(monkeypatch, until=NOW + 3 * SOCKET_WITHIN_MS)
    settle(NOW + SOCKET_WITHIN_MS)
    assert Knock.objects.get().state == "waiting"

"""meetings/invitations.py: what a personal invitation is worth, and to whom (LINK-9, MEET-11 to MEET-13)."""

import json
from typing import Any

import pytest
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from conclave.accounts.models import User
from conclave.gate.models import Restriction
from conclave.kernel import clock, limits
from conclave.kernel.clock import DAY
from conclave.kernel.errors import ConclaveError
from conclave.kernel.ids import new_id
from conclave.meetings import invitations
from conclave.meetings.door import Newcomer, Shown
from conclave.meetings.invitations import KEPT_MS, digest_of, invitation_of
from conclave.meetings.join import join
from conclave.meetings.leave import leave
from conclave.meetings.models import Invitation, Meeting, Participant
from conclave.meetings.own import delete_meeting
from conclave.meetings.remove import impose_removal
from conclave.meetings.retention import INVITATIONS
from tests.conftest import longer
from tests.meetings.conftest import NOW, Link, Posts, account_of, device_of, key_of
from tests.meetings.test_entrance import asks

pytestmark = pytest.mark.django_db


@pytest.fixture
def invited_only(link: Link) -> Link:
    """Alice's meeting, into which only people with an invitation come."""
    Meeting.objects.filter(pk=link.meeting).update(who="invited")
    return link


@pytest.fixture
def guarded(link: Link) -> Link:
    """Alice's meeting, in which the uninvited wait."""
    Meeting.objects.filter(pk=link.meeting).update(waiting="uninvited")
    return link


@pytest.fixture
def alices(client: Client, alice: User) -> Client:
    """Alice's browser, signed in."""
    client.force_login(alice)
    return client


def invite(link: Link, owner: User, whom: str = "Bob", *, days: int = 30, at: int | None = None) -> tuple[str, str]:
    """Let the owner invite somebody; return what stands in the link, and by what the row is known."""
    token = new_id()
    now = clock.now() if at is None else at
    made = invitations.invite(
        meeting=link.meeting, owner=account_of(owner), digest=digest_of(invitation=token), whom=whom, days=days, now=now
    )
    return token, made.invitation


def change(link: Link, owner: User, invitation: str, *, revoked: bool) -> None:
    """Let the owner take an invitation back, or not."""
    owned = {"meeting": link.meeting, "owner": account_of(owner)}
    invitations.change_invitation(**owned, invitation=invitation, revoked=revoked, now=clock.now())  # type: ignore[arg-type]


def seat_of(link: Link, name: str) -> Participant:
    """Return the live seat with this name."""
    return Participant.objects.get(call__meeting=link.meeting, name=name, left_at=None)


def test_who_is_invited_comes_in_and_others_with_the_same_link_do_not(posts: Posts, alice: User, invited_only: Link) -> None:
    """MEET-11, MEET-8: by the invitation alone, as long as it is neither over nor taken back."""
    token, row = invite(invited_only, alice)
    assert asks(posts, invited_only, "Charlie") == "invitation_required"
    assert asks(posts, invited_only, invitation=token) == "ticket"
    assert seat_of(invited_only, "Bob").invitation == row
    change(invited_only, alice, row, revoked=True)
    # MEET-13: whoever is in stays in.
    leave(participant=seat_of(invited_only, "Bob").pk, now=clock.now())
    assert asks(posts, invited_only, invitation=token) == "invitation_required"
    change(invited_only, alice, row, revoked=False)
    assert asks(posts, invited_only, invitation=token) == "ticket"


def test_whoever_is_invited_need_not_knock(posts: Posts, alice: User, guarded: Link) -> None:
    """MEET-11: where only the uninvited wait; and a knock by somebody who is invited is answered at once."""
    token, _row = invite(guarded, alice)
    assert [asks(posts, guarded, **more) for more in ({}, {"invitation": new_id()}, {"invitation": token})] == [
        "knock_required", "knock_required", "ticket",
    ]  # fmt: skip


def test_a_browser_and_the_gateway_agree_on_what_is_stored() -> None:
    """LINK-9: as web/src/pages/links.test.ts has it of the browser."""
    assert digest_of(invitation="BwcHBwcHBwcHBwcHBwcHBw") == "gxptJQl04uTCzK8O6LgT6xUwz5YwZN9xoPg0zkE3fiE"


def test_an_invitation_that_is_no_16_bytes_is_malformed(posts: Posts, link: Link) -> None:
    """LINK-9."""
    for wrong in ("", "A" * 21, "A" * 23, "A" * 21 + "B", 7):
        assert asks(posts, link, invitation=wrong) == "malformed"


def test_one_invitation_brings_in_one_person_at_a_time(posts: Posts, alice: User, guarded: Link) -> None:
    """MEET-11: Bob passes his on; while he is in, it is worth nothing to others, and his own browser may come again."""
    token, _row = invite(guarded, alice)
    assert asks(posts, guarded, "Bob", invitation=token) == "ticket"
    assert asks(posts, guarded, "Charlie", invitation=token) == "knock_required"
    again = {"signature_key": key_of("Bob's other tab"), "invitation": token}
    assert asks(posts, guarded, "Bob", **again) == "ticket"
    for seat in Participant.objects.filter(name="Bob"):
        leave(participant=seat.pk, now=clock.now())
    assert asks(posts, guarded, "Dora", invitation=token) == "ticket"


def test_two_devices_of_one_account_are_one_person(posts: Posts, client: Client, alice: User, bob: User, guarded: Link) -> None:
    """MEET-11."""
    token, _row = invite(guarded, alice)
    client.force_login(bob)
    assert asks(posts, guarded, "Bob", invitation=token) == "ticket"
    assert asks(posts, guarded, "Bob on the train", invitation=token) == "ticket"


def test_the_account_with_the_invited_address_needs_no_link_of_its_own(
    posts: Posts, client: Client, alice: User, bob: User, invited_only: Link
) -> None:
    """MEET-11: once the address is verified; and whoever has the link in the mail can keep nobody out by it."""
    token, row = invite(invited_only, alice, "Bob@Example.org")
    client.force_login(bob)
    assert asks(posts, invited_only, "Bob") == "invitation_required"
    User.objects.filter(pk=bob.pk).update(is_verified=True)
    client.logout()
    assert asks(posts, invited_only, "Charlie", invitation=token) == "ticket"
    client.force_login(bob)
    assert asks(posts, invited_only, "Bob") == "ticket"
    assert seat_of(invited_only, "Bob").invitation == row
    leave(participant=seat_of(invited_only, "Bob").pk, now=clock.now())
    change(invited_only, alice, row, revoked=True)
    assert asks(posts, invited_only, "Bob") == "invitation_required"
    client.force_login(alice)
    invite(invited_only, alice, "bob@example.org, or so")
    client.force_login(bob)
    assert asks(posts, invited_only, "Bob") == "invitation_required"


def test_worthless_invitations_are_answered_alike_and_then_not_at_all(
    posts: Posts, client: Client, alice: User, guarded: Link, monkeypatch: pytest.MonkeyPatch
) -> None:
    """MEET-12: unknown, over, taken back, in use, of another meeting: one answer; a good one is taken all the same."""
    monkeypatch.setattr(invitations, "WRONG_RATE", limits.Rate(name="wrong_invitation", burst=6, every_ms=60_000))
    other = Link(meeting=new_id(), link_id=new_id())
    Meeting.objects.create(id=other.meeting, owner=alice, link_id=other.link_id, host_hash=new_id(), created_at=NOW)
    used, _ = invite(guarded, alice, "Bob")
    assert asks(posts, guarded, "Bob", invitation=used) == "ticket"
    over, _ = invite(guarded, alice, at=clock.now() - 31 * DAY)
    back, row = invite(guarded, alice)
    change(guarded, alice, row, revoked=True)
    worthless = [new_id(), over, back, used, invite(other, alice)[0]]
    bodies = {posts("/join", _asked(guarded, invitation=token)).content for token in worthless}
    assert bodies == {posts("/join", _asked(guarded)).content}
    assert asks(posts, guarded, "Charlie", invitation=new_id()) == "knock_required"
    assert [asks(posts, guarded, "Charlie", invitation=token) for token in worthless] == ["too_often"] * 5
    assert posts("/knock", _asked(guarded, invitation=new_id())).json()["error"]["code"] == "too_often"
    assert asks(posts, guarded, "Dora", invitation=invite(guarded, alice)[0]) == "ticket"
    assert asks(posts, guarded, "Charlie") == "knock_required"
    client.defaults["REMOTE_ADDR"] = "192.0.2.7"
    assert asks(posts, guarded, "Charlie", invitation=new_id()) == "knock_required"


def test_a_ban_takes_back_what_the_banned_one_came_by(posts: Posts, alice: User, guarded: Link) -> None:
    """MEET-13: and a removal for this call does not; also when nobody is left after it, and the call is over."""
    tokens = {name: invite(guarded, alice, name) for name in ("Bob", "Mallory")}
    for name, (token, _row) in tokens.items():
        assert asks(posts, guarded, name, invitation=token) == "ticket"
    for name, ban in (("Bob", False), ("Mallory", True)):
        _removed(seat_of(guarded, name).pk, ban=ban)
    worth = {name: invitation_at(guarded, token) for name, (token, _row) in tokens.items()}
    assert worth == {"Bob": tokens["Bob"][1], "Mallory": ""}


def test_only_the_meetings_owner_makes_reads_and_changes_invitations(
    posts: Posts, client: Client, alice: User, bob: User, link: Link
) -> None:
    """MEET-4, LINK-9: and what opens the meeting is in no answer and no row."""
    path = f"/meetings/{link.meeting}/invitations"
    token = new_id()
    body = {"digest": digest_of(invitation=token), "whom": "  Bob,\tof the board ", "days": 7}
    assert posts(path, body).status_code == 401
    client.force_login(bob)
    assert (posts(path, body).status_code, client.get(f"/api/v1{path}").status_code) == (404, 404)
    client.force_login(alice)
    made = posts(path, body)
    assert made.status_code == 201
    told = made.json()
    assert (told["whom"], told["expires_at"] - told["made_at"]) == ("Bob, of the board", 7 * DAY)
    assert (told["revoked_at"], told["used_at"]) == (None, None)
    assert posts(path, body).json()["error"]["code"] == "invitation_exists"
    client.logout()
    assert asks(posts, link, invitation=token) == "ticket"
    one = f"{path}/{told['invitation']}"
    client.force_login(bob)
    assert posts(one, {"revoked": True}, method="patch").json()["error"]["code"] == "meeting_unknown"
    client.force_login(alice)
    (listed,) = client.get(f"/api/v1{path}").json()["invitations"]
    assert listed["used_at"] is not None
    assert posts(one, {"revoked": True}, method="patch").json()["revoked_at"] is not None
    assert posts(one, {"revoked": False}, method="patch").json()["revoked_at"] is None
    assert posts(f"{path}/{new_id()}", {"revoked": True}, method="patch").json()["error"]["code"] == "invitation_unknown"
    assert token not in json.dumps([list(Invitation.objects.values()), list(Participant.objects.values())], default=str)


WRONG: dict[str, list[object]] = {"whom": ["", "  ", "x" * 101, "\u202e\ue000"], "days": [0, 366], "digest": ["A" * 42]}


@pytest.mark.parametrize(("key", "value"), [(key, value) for key, values in WRONG.items() for value in values])
def test_an_invitation_is_for_somebody_and_for_a_year_at_most(posts: Posts, alices: Client, link: Link, key: str, value: object) -> None:
    """MEET-11."""
    body = {"digest": digest_of(invitation=new_id()), "whom": "Bob", "days": 30, key: value}
    assert posts(f"/meetings/{link.meeting}/invitations", body).status_code in {400, 422}
    assert alices.get(f"/api/v1/meetings/{link.meeting}/invitations").json() == {"invitations": []}
    assert not Invitation.objects.exists()


def test_a_meeting_has_room_for_so_many(alice: User, link: Link, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(invitations, "MOST", 1)
    invite(link, alice)
    with pytest.raises(invitations.InvitationsFull):
        invite(link, alice)


def test_whom_an_invitation_was_for_is_forgotten_in_time(alice: User, link: Link) -> None:
    """30 days after the end, or after it was taken back; and at once with the meeting."""
    now = clock.now()
    _token, back = invite(link, alice, "Bob", days=365)
    change(link, alice, back, revoked=True)
    invite(link, alice, "Carol", days=1)
    invite(link, alice, "Dora", days=365)
    INVITATIONS.sweep(now=now + KEPT_MS - DAY)
    assert Invitation.objects.count() == 3
    INVITATIONS.sweep(now=now + KEPT_MS + 2 * DAY)
    assert list(Invitation.objects.values_list("whom", flat=True)) == ["Dora"]
    delete_meeting(meeting=link.meeting, owner=account_of(alice), now=now)
    assert not Invitation.objects.exists()


def test_an_ended_call_does_not_say_who_came_by_what(posts: Posts, alice: User, link: Link) -> None:
    token, _row = invite(link, alice)
    assert asks(posts, link, invitation=token) == "ticket"
    leave(participant=seat_of(link, "Bob").pk, now=clock.now())
    assert Participant.objects.get().invitation == ""


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["comes", "leaves", "is banned", "revoked", "restored", "a month passes"]),
        st.sampled_from(["Bob", "Charlie", "Dora"]),
        st.sampled_from([0, 1]),
    ),
    max_size=12,
)


@settings(max_examples=longer(40), deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture])
@given(steps=STEPS)
def test_whatever_happens_one_good_invitation_admits_one_person(alice: User, link: Link, steps: list[tuple[str, str, int]]) -> None:
    """MEET-11, MEET-13: judged beside it by a model that knows only who sits by what, what was taken back, and when."""
    Participant.objects.all().delete()
    Invitation.objects.all().delete()
    Meeting.objects.filter(pk=link.meeting).update(who="invited")
    limits.LIMITER._buckets.clear()
    Restriction.objects.all().delete()
    now = NOW
    tokens = [invite(link, alice, f"guest {number}", at=now, days=40) for number in (0, 1)]
    back, banned = [False, False], set[str]()
    inside: dict[str, tuple[str, int]] = {}
    for act, name, number in steps:
        token, row = tokens[number]
        if act == "comes" and name not in inside:
            who = Newcomer(name=name, signature_key=key_of(new_id()), device=device_of(name), account=None)
            good = not back[number] and now < NOW + 40 * DAY and all(by != number for _seat, by in inside.values()) and name not in banned
            try:
                ticket = join(meeting=link.meeting, link_id=link.link_id, newcomer=who, again=None, now=now, shown=Shown(invitation=token))
            except ConclaveError:
                assert not good, f"{name} is invited and was not let in"
            else:
                assert good, f"{name} was let in by an invitation that is worth nothing"
                inside[name] = (ticket.participant, number)
        elif act == "leaves" and name in inside:
            leave(participant=inside.pop(name)[0], now=now)
        elif act == "is banned" and name in inside:
            seat, by = inside.pop(name)
            _removed(seat, ban=True)
            back[by] = True
            banned.add(name)
        elif act in {"revoked", "restored"}:
            back[number] = act == "revoked"
            change(link, alice, row, revoked=back[number])
        elif act == "a month passes":
            now += 21 * DAY


def invitation_at(link: Link, token: str) -> str:
    """Return which invitation somebody new would be let in by."""
    return invitation_of(meeting=link.meeting, shown=token, account=None, device="", address="", now=clock.now())


def _asked(link: Link, **more: Any) -> dict[str, Any]:
    who = {"v": 1, "meeting": link.meeting, "link_id": link.link_id, "name": "Charlie"}
    return {**who, "signature_key": key_of("Charlie"), "device": device_of("Charlie"), **more}


def _removed(participant: str, *, ban: bool) -> None:
    """Let a host have removed somebody."""
    call = Participant.objects.get(pk=participant).call_id
    impose_removal(call=call, participant=participant, by=new_id(), word=("k", "s"), ban=ban, now=NOW)

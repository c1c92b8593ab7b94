"""Bans and links (LINK-6): who is banned stays out by device and account, and the link that they had opens nothing."""

from dataclasses import replace

import pytest

from conclave.accounts.models import User
from conclave.gate.models import Restriction
from conclave.kernel.ids import new_id
from conclave.meetings import links
from conclave.meetings.door import Banned, Removed
from conclave.meetings.farewell import farewell
from conclave.meetings.join import Again, recheck
from conclave.meetings.models import Ban, FormerLink, Meeting
from conclave.meetings.own import delete_meeting
from conclave.meetings.queries import LinkOld, LinkUnknown, MeetingUnknown, access_meeting, seat
from conclave.transparency.models import JournalEntry
from tests.meetings.conftest import NOW, Joins, Link, Posts, account_of, device_of, key_of, removed


@pytest.mark.django_db
def test_a_ban_holds_for_the_meeting_by_seat_device_and_account_and_ends_with_it(joins: Joins, alice: User, bob: User) -> None:
    host = joins("Alice")
    ticket = joins("Bob", account=account_of(bob))
    removed(ticket, ban=True, by=host.participant)
    for attempt in (
        {"again": Again(participant=ticket.participant, seat=ticket.seat)},
        {"device": device_of("Bob"), "signature_key": key_of("Robert")},
        {"account": account_of(bob), "device": device_of("Robert"), "signature_key": key_of("Robert")},
    ):
        with pytest.raises(Banned):
            joins("Robert", **attempt)
    with pytest.raises(Banned):  # the signal gate asks as every join does
        recheck(seat=replace(seat(participant=host.participant, seat=host.seat), device=device_of("Bob")), now=NOW)
    assert farewell(participant=ticket.participant, reason="removed") == {"reason": "removed", "by": host.participant, "banned": True}
    (ban,) = Ban.objects.all()
    assert (ban.name, ban.by, ban.signed_in) == ("Bob", "Alice", True)
    assert not JournalEntry.objects.filter(leaf__contains="Bob").exists()
    delete_meeting(meeting=ticket.meeting, owner=account_of(alice), now=NOW)
    assert not Ban.objects.exists()
    assert not Restriction.objects.exists()


@pytest.mark.django_db
def test_a_removal_alone_bars_from_the_call_and_says_so(joins: Joins) -> None:
    host, ticket = joins("Alice"), joins("Bob")
    removed(ticket, by=host.participant)
    with pytest.raises(Removed):
        joins("Robert", device=device_of("Bob"), signature_key=key_of("Robert"))
    assert farewell(participant=ticket.participant, reason="removed") == {"reason": "removed", "by": host.participant, "banned": False}
    assert not Ban.objects.exists()


@pytest.mark.django_db
def test_the_owner_is_removed_from_a_call_and_never_banned_from_the_meeting(joins: Joins, alice: User) -> None:
    joins("Bob")
    owner = joins("Alice", account=account_of(alice))
    removed(owner, ban=True)
    assert set(Restriction.objects.values_list("scope_kind", flat=True)) == {"call"}
    assert not Ban.objects.exists()


@pytest.mark.django_db
def test_a_banned_device_reads_that_it_is_banned_even_by_the_former_link(joins: Joins, link: Link) -> None:
    joins("Alice")
    removed(joins("Bob"), ban=True)
    Meeting.objects.filter(pk=link.meeting).update(link_id=new_id(), link_version=2)
    FormerLink.objects.create(meeting_id=link.meeting, link_id=link.link_id, link_version=1, replaced_at=NOW)
    with pytest.raises(Banned):
        joins("Robert", device=device_of("Bob"), signature_key=key_of("Robert"))
    with pytest.raises(LinkOld):
        joins("Carol")


@pytest.mark.django_db
def test_the_owner_replaces_the_link_between_calls(posts: Posts, link: Link, alice: User) -> None:
    """LINK-6: the former link is told from a wrong one, and no version or link comes back."""
    fresh = new_id()
    owner = account_of(alice)
    told = links.replace_between_calls(meeting=link.meeting, owner=owner, link_id=fresh, now=NOW)
    assert told.link_version == 2
    with pytest.raises(LinkOld):
        access_meeting(meeting=link.meeting, link_id=link.link_id)
    assert access_meeting(meeting=link.meeting, link_id=fresh).link_version == 2
    with pytest.raises(LinkUnknown):  # LINK-4: another meeting's former link is as wrong as any
        access_meeting(meeting=new_id(), link_id=link.link_id)
    for link_id in (link.link_id, fresh):
        with pytest.raises(links.LinkTaken):
            links.replace_between_calls(meeting=link.meeting, owner=owner, link_id=link_id, now=NOW)
    answer = posts("/lobby", {"meeting": link.meeting, "link_id": link.link_id})
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "link_old")


@pytest.mark.django_db
def test_the_link_is_replaced_by_its_owner_and_not_while_somebody_is_in(
    joins: Joins, link: Link, alice: User, bob: User, posts: Posts
) -> None:
    with pytest.raises(MeetingUnknown):
        links.replace_between_calls(meeting=link.meeting, owner=account_of(bob), link_id=new_id(), now=NOW)
    joins("Carol")
    with pytest.raises(links.CallLive):
        links.replace_between_calls(meeting=link.meeting, owner=account_of(alice), link_id=new_id(), now=NOW)
    assert posts(f"/meetings/{link.meeting}/link", {"link_id": new_id()}).status_code == 401
    assert access_meeting(meeting=link.meeting, link_id=link.link_id).link_version == 1

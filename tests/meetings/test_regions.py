"""Where calls are held: join, gate, lobby, moves and receipts by the three lists (REG-1 to REG-8), with regions in the settings."""

import asyncio
import dataclasses
import json
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

import pytest
from asgiref.sync import sync_to_async
from django.test import Client
from pytest_django import Settings

from conclave.accounts.models import User
from conclave.accounts.organise import found
from conclave.accounts.rulebook import save
from conclave.accounts.rules import Policy, Rule
from conclave.accounts.standing import OrganisationUnknown
from conclave.config import Config
from conclave.kernel import clock
from conclave.kernel.ids import new_id
from conclave.media import alone, gateways, placement, reach, ticket
from conclave.media.enter import enter_configuration
from conclave.media.policy import Picture
from conclave.media.receipt import receipt_key
from conclave.meetings.door import Newcomer
from conclave.meetings.farewell import farewell
from conclave.meetings.join import join
from conclave.meetings.leave import leave
from conclave.meetings.line import stand
from conclave.meetings.models import Call, Ended, InLine, Meeting, Participant
from conclave.meetings.queries import MeetingUnknown, SeatUnknown
from conclave.meetings.receipts import receipt_for, receipts_of, receipts_of_house
from conclave.meetings.relocate import EVERY_MS, MOST_STOPS, WITHIN_MS, relocate, settle_regions
from conclave.meetings.rights import sources
from conclave.meetings.signal import SignalRefused, admit_signal
from conclave.regions import Ports, read
from conclave.transparency.models import JournalEntry
from conclave_verify.__main__ import main
from tests.meetings.conftest import NOW, Joins, Link, Posts, account_of, device_of, key_of

pytestmark = pytest.mark.django_db
PORTS = Ports(engine=1, media_tcp=2, media_udp=3, node_address="127.0.0.1")
THREE = {"fr": {"territory": "FR"}, "de": {"territory": "DE"}, "us": {"territory": "US"}}
Sets = Callable[..., None]
Shares = Callable[..., None]


@pytest.fixture(autouse=True)
def _up() -> Iterator[None]:
    """Let every engine be up before and after."""
    for name in THREE:
        placement.report(region=name, up=True)
    yield
    for name in THREE:
        placement.report(region=name, up=True)


@pytest.fixture
def sets(settings: Settings) -> Sets:
    """Return a function that gives the server three regions, of which the platform allows some."""

    def act(allowed: str = "fr, de, us", **more: dict[str, Any]) -> None:
        tables = {name: table | more.get(name, {}) for name, table in THREE.items()}
        config: Config = settings.CONCLAVE
        settings.CONCLAVE = dataclasses.replace(config, regions=read(tables, ports=PORTS), allowed_regions=allowed)

    act()
    return act


@pytest.fixture
def shares() -> Iterator[Shares]:
    """Return a function that lets engines have said that they have a Redis."""

    def act(*regions: str) -> None:
        for name in regions:
            alone.note(region=name, alone=False)

    yield act
    for name in THREE:
        alone.note(region=name, alone=True)


def says(link: Link, *names: str) -> None:
    """Let the meeting itself name regions; none for whatever."""
    Meeting.objects.filter(pk=link.meeting).update(own_rules={"regions": list(names)} if names != ("",) else {})


def house(owner: User, link: Link | None, *names: str, enforced: bool = True) -> str:
    """Found an organisation with a list of regions, and give it the meeting."""
    organisation = found(name=f"House of {owner.name}", account=account_of(owner), now=NOW)
    rules = frozenset({Rule.REGIONS}) if enforced else frozenset()
    save(organisation=organisation, account=account_of(owner), policy=Policy(regions=frozenset(names), enforced=rules), seen=0, now=NOW)
    if link is not None:
        Meeting.objects.filter(pk=link.meeting).update(organisation=organisation)
    return organisation


def region_of(link: Link) -> str:
    return Call.objects.get(meeting=link.meeting, ended_at=None).region


@pytest.mark.usefixtures("sets")
def test_reg_3_without_a_list_the_first_region_that_works_is_used(joins: Joins, link: Link) -> None:
    """REG-3: the platform's order, and its list."""
    placement.report(region="fr", up=False)
    assert joins("Bob").region.id == "de"
    assert region_of(link) == "de"


@pytest.mark.usefixtures("sets")
def test_reg_1_a_call_is_where_all_lists_meet(alice: User, joins: Joins, link: Link) -> None:
    """REG-1: the organisation by a territory, the meeting by a name."""
    house(alice, link, "DE", "US")
    says(link, "us", "fr")
    assert joins("Bob").region.id == "us"


@pytest.mark.usefixtures("sets")
def test_reg_1_a_meeting_without_an_organisation_has_a_list_of_its_own(joins: Joins, link: Link) -> None:
    """REG-1."""
    says(link, "DE")
    assert joins("Bob").region.id == "de"


@pytest.mark.usefixtures("sets")
def test_reg_1_a_recommended_list_gives_way_to_the_meetings_own(alice: User, joins: Joins, link: Link) -> None:
    """REG-1, RULE-1."""
    house(alice, link, "FR", enforced=False)
    says(link, "US")
    assert joins("Bob").region.id == "us"


@pytest.mark.usefixtures("sets")
@pytest.mark.parametrize("names", [(), ("CN",), ("atlantis",)])
def test_reg_2_where_nothing_is_left_nobody_comes_in_and_nothing_is_kept(posts: Posts, link: Link, names: tuple[str, ...]) -> None:
    """REG-2: 451, and no call, no seat, no token."""
    says(link, *names)
    asks = {"meeting": link.meeting, "link_id": link.link_id}
    lobby = posts("/lobby", asks)
    joined = posts("/join", {"v": 1, **asks, "name": "Bob", "signature_key": "A" * 43, "device": "A" * 22})
    assert [(answer.status_code, answer.json()["error"]["code"]) for answer in (lobby, joined)] == [(451, "region_forbidden")] * 2
    assert not Call.objects.exists()


def test_reg_2_a_platform_that_allows_nothing_else_is_not_asked_twice(sets: Sets, joins: Joins, link: Link) -> None:
    """REG-2: the platform's list is one of the three."""
    sets("us")
    says(link, "FR")
    with pytest.raises(placement.RegionForbidden):
        joins("Bob")


@pytest.mark.usefixtures("sets")
def test_reg_3_a_region_that_is_down_is_waited_for_and_no_other_is_used(joins: Joins, link: Link) -> None:
    """REG-3: 503 with a time, never the nearest."""
    says(link, "FR")
    placement.report(region="fr", up=False)
    with pytest.raises(placement.MediaUnavailable) as refused:
        joins("Bob")
    assert refused.value.again_at == NOW + 15_000


def test_reg_3_who_finds_no_place_stands_in_line_then_gets_less_then_a_refusal(sets: Sets, posts: Posts, link: Link, joins: Joins) -> None:
    """REG-3: full picture for two, then a line with a position; after 20 s smaller picture, then sound alone, then 503."""
    sets(fr={"capacity": 2}, us={"capacity": 0})
    says(link, "FR")
    now = clock.now()
    for name in ("Alice", "Bob"):
        assert joins(name, at=now).picture is Picture.FULL

    def asks(name: str) -> Any:
        who = {"name": name, "signature_key": key_of(name), "device": device_of(name)}
        return posts("/join", {"v": 1, "meeting": link.meeting, "link_id": link.link_id, **who})

    charlie, dora = asks("Charlie"), asks("Dora")
    told = [(answer.status_code, answer.json()["error"]["code"], answer.json()["error"]["position"]) for answer in (charlie, dora)]
    assert told == [(503, "place_awaited", 1), (503, "place_awaited", 2)]
    assert asks("Charlie").json()["error"]["position"] == 1, "who asks again keeps the place"
    assert Participant.objects.filter(left_at=None).count() == 2
    # A place comes free: it is Charlie's and not Dora's.
    leave(participant=Participant.objects.get(name="Bob").pk, now=now)
    assert asks("Dora").json()["error"]["position"] == 2
    assert asks("Charlie").json()["media"]["picture"] == "full"
    # Dora has waited long enough for less; of 2 places 125 % are 2, so it is sound alone.
    InLine.objects.update(since=now - 30_000)
    came = asks("Dora").json()
    assert came["media"]["picture"] == "none"
    assert sources(call=came["call"], participants=[came["participant"]])[came["participant"]] == {"microphone", "screen_share_audio"}
    asks("Erin")
    InLine.objects.update(since=now - 30_000)
    full = asks("Erin")
    assert (full.status_code, full.json()["error"]["code"]) == (503, "region_full")
    assert full.json()["error"]["again_at"] > now


def test_reg_3_who_asks_no_more_stands_in_line_no_more(sets: Sets, link: Link, joins: Joins) -> None:
    """REG-3."""
    sets(fr={"capacity": 1})
    says(link, "FR")
    joins("Alice")
    stand(meeting=link.meeting, device=device_of("Charlie"), region="fr", now=NOW)
    with pytest.raises(placement.PlaceAwaited) as second:
        joins("Bob")
    with pytest.raises(placement.PlaceAwaited) as alone:
        joins("Bob", at=NOW + 11_000)
    assert (second.value.position, alone.value.position) == (2, 1)


@pytest.mark.usefixtures("sets")
def test_reg_4_the_hosts_list_governs_and_the_guest_is_told_first(client: Client, posts: Posts, alice: User, bob: User, link: Link) -> None:
    """REG-4: Bob's organisation would not meet in the United States; he reads so in the lobby and may come all the same."""
    house(alice, link, "US")
    house(bob, None, "FR")
    asks = {"meeting": link.meeting, "link_id": link.link_id}
    assert posts("/lobby", asks).json()["outside"] == []
    client.force_login(bob)
    told = posts("/lobby", asks).json()
    assert (told["region"], told["outside"]) == ({"id": "us", "territory": "US"}, ["House of Bob"])


@pytest.mark.usefixtures("sets")
def test_the_lobby_says_where_else_as_long_as_nobody_is_told_of_a_call(posts: Posts, link: Link, joins: Joins) -> None:
    says(link, "FR", "us")
    asks = {"meeting": link.meeting, "link_id": link.link_id}
    before = posts("/lobby", asks).json()
    assert (before["region"]["id"], [one["id"] for one in before["other_regions"]]) == ("fr", ["us"])
    joins("Bob")
    assert posts("/lobby", asks).json()["other_regions"] == []
    # KNOCK-6: who has to wait cannot tell the two apart.
    Meeting.objects.update(waiting="everybody")
    assert {name: value for name, value in posts("/lobby", asks).json().items() if name in {"region", "other_regions"}} == {
        "region": before["region"],
        "other_regions": before["other_regions"],
    }


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("sets")
async def test_reg_5_a_token_for_one_region_opens_no_other_and_none_that_the_lists_have_left(joins: Joins, link: Link) -> None:
    """REG-5: asked on every connect."""
    bob = await sync_to_async(joins)("Bob", at=clock.now())
    assert bob.region.id == "fr"

    async def asks(region: str, token: str) -> str:
        try:
            entry = await admit_signal(path=f"/media/{region}/rtc/v1", query=f"access_token={token}", now=clock.now())
        except SignalRefused as refused:
            return refused.code
        return entry.region.id

    assert await asks("fr", bob.media_token) == "fr"
    assert await asks("de", bob.media_token) == "token_refused"
    german = placement.regions()["de"].credentials()
    forged = ticket.mint(call=bob.call, participant=bob.participant, credentials=german, now=clock.now())
    assert await asks("de", forged) == "media_unavailable", "the right key pair, and a call that is not held there"
    await sync_to_async(says)(link, "DE")
    assert await asks("fr", bob.media_token) == "media_unavailable", "the call moves"
    await sync_to_async(says)(link)
    assert await asks("fr", bob.media_token) == "region_forbidden"


@pytest.mark.usefixtures("sets")
def test_reg_6_a_call_whose_region_is_no_longer_allowed_moves_at_once(joins: Joins, link: Link) -> None:
    """REG-6: new tickets are for the new region, and the room in the old one is closed."""
    first = joins("Bob")
    says(link, "DE", "US")
    with pytest.raises(placement.MediaUnavailable):
        joins("Charlie")
    assert relocate(now=NOW + EVERY_MS) == 1
    assert (region_of(link), joins("Charlie").region.id) == ("de", "de")
    assert relocate(now=NOW + 2 * EVERY_MS) == 0
    assert JournalEntry.objects.filter(kind="call_moved", obj=first.call).count() == 1
    route = Call.objects.get(pk=first.call).route
    assert [(one["region"], one["lists"], one["why"]) for one in route] == [("fr", [], "began"), ("de", [["DE", "US"]], "policy")]


@pytest.mark.usefixtures("sets")
def test_reg_10_a_call_leaves_an_engine_that_the_ledger_names_no_more_and_nobody_comes_in_there(
    monkeypatch: pytest.MonkeyPatch, joins: Joins, posts: Posts, link: Link
) -> None:
    """REG-10: as where a list does not allow it any more (REG-6); where none is named, 503 and then the end."""
    bob = joins("Bob")
    monkeypatch.setattr("conclave.media.nodes.entered", lambda: frozenset({"de", "us"}))
    with pytest.raises(placement.MediaUnavailable):
        joins("Ada")
    assert (relocate(now=NOW), region_of(link)) == (1, "de")
    assert Call.objects.get(pk=bob.call).route[-1]["why"] == "policy"
    monkeypatch.setattr("conclave.media.nodes.entered", frozenset)
    asks = {"meeting": link.meeting, "link_id": link.link_id}
    joined = posts("/join", {"v": 1, **asks, "name": "Ada", "signature_key": "A" * 43, "device": "A" * 22})
    assert (joined.status_code, joined.json()["error"]["code"]) == (503, "region_unentered")
    relocate(now=NOW + 1)
    assert relocate(now=NOW + 1 + WITHIN_MS) == 1
    assert Call.objects.get(pk=bob.call).ended_at is not None


def test_reg_10_what_another_live_gateway_holds_by_other_settings_is_that_ones_to_move(
    monkeypatch: pytest.MonkeyPatch, sets: Sets, joins: Joins, link: Link
) -> None:
    """REG-10: two gateways with different tables do not end each other's calls; once the other is silent, this one moves them."""
    enter_configuration(now=NOW)
    bob = joins("Bob")
    monkeypatch.setattr(gateways, "own_name", lambda: "first")
    gateways.say(now=NOW)
    monkeypatch.setattr(gateways, "own_name", lambda: "second")
    sets(fr={"node_address": "203.0.113.7"})
    # What conftest says is entered, whatever the settings, is not asked here.
    monkeypatch.setattr("conclave.media.nodes.entered", lambda: frozenset({"de", "us"}))
    assert (relocate(now=NOW), region_of(link)) == (0, "fr")
    assert Call.objects.get(pk=bob.call).drain_by is None
    with pytest.raises(placement.MediaUnavailable):
        joins("Ada")
    assert (relocate(now=NOW + gateways.ALIVE_MS), region_of(link)) == (1, "de")


@pytest.mark.nodes
@pytest.mark.usefixtures("sets")
def test_reg_12_a_call_leaves_an_engine_that_is_seen_to_share_its_calls(joins: Joins, link: Link, shares: Shares) -> None:
    """REG-12: as one that the ledger does not name (REG-10); where no engine works alone it ends within a minute."""
    enter_configuration(now=NOW)
    bob = joins("Bob")
    shares("fr")
    with pytest.raises(placement.MediaUnavailable):
        joins("Ada")
    assert (relocate(now=NOW), region_of(link)) == (1, "de")
    shares("de", "us")
    with pytest.raises(placement.RegionUnentered):
        joins("Ada")
    assert relocate(now=NOW + 1) == 0
    assert relocate(now=NOW + 1 + WITHIN_MS) == 1
    assert Call.objects.get(pk=bob.call).end_reason == Ended.REGION


@pytest.mark.parametrize("elsewhere", [False, True])
def test_reg_12_an_engine_that_was_started_elsewhere_is_looked_at_before_it_has_a_call(
    monkeypatch: pytest.MonkeyPatch,
    sets: Sets,
    elsewhere: bool,  # noqa: FBT001 - by name
) -> None:
    """REG-12: those that are started here have a configuration of ours, without a Redis."""
    looked: list[bool] = []
    monkeypatch.setattr(reach, "look_aside", lambda: looked.append(True))
    monkeypatch.setattr("conclave.meetings.relocate._looking", clock.Seldom(every_ms=EVERY_MS))
    sets(**({"de": {"engine": "10.8.0.2:7880", "addresses": "203.0.113.7"}} if elsewhere else {}))
    settle_regions(NOW)
    assert looked == [True] * elsewhere


@pytest.mark.usefixtures("sets")
def test_reg_6_where_nothing_is_allowed_any_more_it_ends_and_says_why(joins: Joins, link: Link) -> None:
    """REG-6."""
    bob = joins("Bob")
    says(link)
    assert relocate(now=NOW + EVERY_MS) == 1
    assert Call.objects.get(pk=bob.call).end_reason == Ended.REGION
    assert farewell(participant=bob.participant, reason="ended") == {"reason": "region_forbidden"}


def test_reg_6_where_those_that_are_allowed_have_no_room_it_ends_within_a_minute(sets: Sets, joins: Joins, link: Link) -> None:
    """REG-6: the deadline is a column, so any gateway settles it; a list that opens again takes it away."""
    bob = joins("Bob")
    says(link, "DE")
    placement.report(region="de", up=False)
    assert relocate(now=NOW) == 0
    assert Call.objects.get(pk=bob.call).drain_by == NOW + WITHIN_MS
    says(link, "")
    assert relocate(now=NOW + EVERY_MS) == 0
    assert Call.objects.get(pk=bob.call).drain_by is None
    says(link, "DE")
    assert relocate(now=NOW) == 0
    assert relocate(now=NOW + WITHIN_MS - 1) == 0
    assert relocate(now=NOW + WITHIN_MS) == 1
    assert Call.objects.get(pk=bob.call).end_reason == Ended.REGION
    sets("us")


@pytest.mark.usefixtures("sets")
def test_reg_6_a_region_that_is_gone_gives_its_calls_to_another_that_is_allowed_or_to_none(
    monkeypatch: pytest.MonkeyPatch, joins: Joins, link: Link
) -> None:
    """REG-6: never at once, as an engine comes back within seconds; never elsewhere."""
    says(link, "FR", "DE")
    joins("Bob")
    placement.report(region="fr", up=False)
    assert relocate(now=NOW) == 0
    monkeypatch.setattr(placement, "GONE_SECONDS", 0.0)
    placement.report(region="de", up=False)
    assert relocate(now=NOW) == 0, "us is up, and not allowed"
    placement.report(region="de", up=True)
    assert relocate(now=NOW) == 1
    assert region_of(link) == "de"
    assert Call.objects.get(meeting=link.meeting).route[-1]["why"] == "down"


def test_reg_6_a_region_that_is_killed_while_many_calls_are_in_it_spills_into_none_that_they_do_not_allow(
    monkeypatch: pytest.MonkeyPatch, sets: Sets, alice: User
) -> None:
    """REG-3, REG-6: forty calls at once, more than the other region has room for; each is where its lists allow, or waits, or is over."""
    sets(de={"capacity": 20})
    lists = [("FR",), ("FR", "DE"), ("fr", "us"), ("FR", "DE", "us")]
    held: dict[str, tuple[str, ...]] = {}
    for number in range(40):
        link = Link(meeting=new_id(), link_id=new_id())
        Meeting.objects.create(id=link.meeting, owner=alice, title="x", link_id=link.link_id, host_hash=new_id(), created_at=NOW)
        says(link, *lists[number % 4])
        for name in ("Bob", "Ada"):
            newcomer = Newcomer(name=name, signature_key=new_id() + new_id()[:21], device=device_of(f"{name} {number}"), account=None)
            join(meeting=link.meeting, link_id=link.link_id, newcomer=newcomer, again=None, now=NOW)
        held[link.meeting] = lists[number % 4]
    assert set(Call.objects.values_list("region", flat=True)) == {"fr"}
    monkeypatch.setattr(placement, "GONE_SECONDS", 0.0)
    placement.report(region="fr", up=False)
    for at in range(3):
        relocate(now=NOW + at)
    stands = Counter(Call.objects.values_list("region", flat=True))
    for call in Call.objects.all():
        allowed = {name.lower() for name in held[call.meeting_id]}
        assert (call.region in allowed, call.ended_at) == (True, None)
        assert call.region != "fr" or not allowed & {"us"}, "where there is room and it is allowed, nobody waits"
        assert call.region != "fr" or "de" not in allowed or stands["de"] == 15, "nor before the other one is full"
    assert 10 <= stands["de"] <= 15, "ten calls, and at most half as many again with less"


@pytest.mark.usefixtures("sets")
def test_reg_6_a_gateway_that_reaches_no_engine_moves_nothing(monkeypatch: pytest.MonkeyPatch, joins: Joins, link: Link) -> None:
    """REG-6: what is gone is one process's opinion, and never having been asked is no answer."""
    joins("Bob")
    monkeypatch.setattr(placement, "GONE_SECONDS", 0.0)
    for _turn in range(3):
        # Nobody listens at any of these ports: the look itself finds that.
        asyncio.run(reach.look())
        assert all(placement.is_down(region=name) for name in THREE)
        assert relocate(now=NOW) == 0
    monkeypatch.setattr(placement, "_answered", {})
    monkeypatch.setattr(placement, "_down", {"fr": (0.0, time.monotonic())})
    assert relocate(now=NOW) == 0, "de and us were never asked"
    assert len(Call.objects.get(meeting=link.meeting).route) == 1


@pytest.mark.usefixtures("sets")
def test_reg_6_two_gateways_that_disagree_pass_a_call_on_once_a_minute(monkeypatch: pytest.MonkeyPatch, joins: Joins, link: Link) -> None:
    """REG-6: of the region that it was moved to, another gateway thinks the same; and a list that changes does not wait for it."""
    joins("Bob")
    monkeypatch.setattr(placement, "GONE_SECONDS", 0.0)

    def sees_away(name: str) -> None:
        for one in THREE:
            placement.report(region=one, up=one != name)

    moved = 0
    for second in range(0, 180, 5):
        sees_away(region_of(link))
        moved += relocate(now=NOW + second * 1_000)
    assert moved == 3
    says(link, "US")
    assert relocate(now=NOW + 180_000) == 1
    assert region_of(link) == "us"


@pytest.mark.usefixtures("sets")
def test_reg_8_a_route_has_an_end_and_goes_forward(monkeypatch: pytest.MonkeyPatch, joins: Joins, link: Link) -> None:
    """REG-8: the clock of the gateway that moves a call may be behind; whoever needs more stops than a receipt names ends the call."""
    bob = joins("Bob")
    says(link, "DE")
    assert relocate(now=NOW - 60_000) == 1
    route = Call.objects.get(pk=bob.call).route
    assert [one["from"] for one in route] == [NOW, NOW]
    Call.objects.filter(pk=bob.call).update(route=[route[0]] * MOST_STOPS)
    monkeypatch.setattr(placement, "GONE_SECONDS", 0.0)
    says(link, "DE", "FR")
    placement.report(region="de", up=False)
    assert relocate(now=NOW + EVERY_MS) == 0
    says(link, "FR")
    assert relocate(now=NOW + EVERY_MS) == 1
    assert Call.objects.get(pk=bob.call).end_reason == Ended.REGION


@pytest.mark.usefixtures("sets")
def test_reg_6_what_was_seen_long_ago_says_nothing_of_now(monkeypatch: pytest.MonkeyPatch) -> None:
    """REG-6: a look that failed an hour ago and one that fails now are not an hour; an answer in between begins anew."""
    at = 1_000.0
    monkeypatch.setattr(placement, "time", SimpleNamespace(monotonic=lambda: at))
    for later, up, gone in ((0, False, False), (3_600, False, False), (3_605, False, False), (3_611, False, True), (3_612, True, False)):
        at = 1_000.0 + later
        placement.report(region="fr", up=up)
        assert placement.is_gone(region="fr") == gone
        assert placement.has_answered(region="fr") == up
    at += placement.ANSWERED_SECONDS
    assert not placement.has_answered(region="fr")


def test_reg_6_a_call_moves_whole_or_not_at_all(sets: Sets, joins: Joins, link: Link) -> None:
    """REG-6, REG-3: three people find no room beside nine of ten; they get smaller picture, then sound alone, then they wait."""
    seats = [joins(name).participant for name in ("Alice", "Bob", "Charlie")]

    def moves(seated: int) -> list[str]:
        Call.objects.update(region="fr", drain_by=None)
        Participant.objects.update(picture="full")
        with patch("conclave.meetings.relocate.seated_by_region", return_value={"de": seated}):
            relocate(now=NOW + EVERY_MS)
        return [region_of(link), *Participant.objects.filter(pk__in=seats).values_list("picture", flat=True).distinct()]

    sets(de={"capacity": 10})
    says(link, "DE")
    assert moves(7) == ["de", "full"]
    assert moves(9) == ["de", "small"]
    assert moves(12) == ["de", "none"]
    assert moves(13) == ["fr", "full"]
    assert Call.objects.get(meeting=link.meeting).drain_by is not None


@pytest.fixture
def people(alice: User, bob: User) -> tuple[User, User]:
    """Alice and Bob."""
    return alice, bob


@pytest.mark.usefixtures("sets")
def test_reg_8_whoever_sat_in_it_its_owner_and_its_organisation_get_the_receipt(
    joins: Joins, link: Link, people: tuple[User, User], client: Client, tmp_path: Path
) -> None:
    """REG-8: and nobody else."""
    alice, bob = people
    organisation = house(alice, link, "FR", "DE")
    seat = joins("Bob")
    Meeting.objects.filter(pk=link.meeting).update(owner=bob)
    file = json.loads(receipt_for(participant=seat.participant, seat=seat.seat, now=NOW))
    assert [(one["region"], one["lists"]) for one in file["receipt"]["stops"]] == [("fr", [["DE", "FR"]])]
    answer = client.get("/api/v1/receipt", headers={"Conclave-Seat": f"{seat.participant}.{seat.seat}"})
    assert answer.json()["receipt"]["call"] == seat.call
    with pytest.raises(SeatUnknown):
        receipt_for(participant=seat.participant, seat="A" * 22, now=NOW)
    (text,) = receipts_of(meeting=link.meeting, account=account_of(bob), now=NOW)
    assert json.loads(text)["receipt"]["call"] == seat.call
    with pytest.raises(MeetingUnknown):
        receipts_of(meeting=link.meeting, account=account_of(alice), now=NOW)
    with pytest.raises(OrganisationUnknown):
        receipts_of_house(organisation=organisation, account=account_of(bob), now=NOW)
    client.force_login(alice)
    saved = client.get(f"/organisations/{organisation}/meetings/receipts")
    assert "attachment" in saved.headers["Content-Disposition"]
    assert [one["receipt"]["call"] for one in saved.json()["receipts"]] == [seat.call]
    path = tmp_path / "receipts.json"
    path.write_bytes(saved.content)
    judged = ["receipt", str(path), f"--key={receipt_key()}"]
    assert main(judged) == 0
    path.write_bytes(saved.content.replace(b'"why":"began"', b'"why":"moved"'))
    assert main(judged) == 1
    leave(participant=seat.participant, now=NOW)
    assert json.loads(receipt_for(participant=seat.participant, seat=seat.seat, now=NOW))["receipt"]["to"] == NOW


def test_reg_7_each_region_names_its_own_turn_server_or_none(sets: Sets, joins: Joins, link: Link) -> None:
    """REG-7: with credentials of its own key pair."""
    assert joins("Bob").ice_servers == []
    sets(fr={"turn": "turns:turn-fr.example.org:443?transport=tcp"}, de={"turn": "turns:turn-de.example.org:443"})
    assert [one.urls for one in joins("Charlie").ice_servers] == ["turns:turn-fr.example.org:443?transport=tcp"]
    assert region_of(link) == "fr"

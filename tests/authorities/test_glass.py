"""glass: logs and addresses are closed; two people open them for an hour, in public, and whom it concerns is told (GLASS-1 to GLASS-4)."""

import json
from collections.abc import Callable
from dataclasses import replace
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core import mail as outgoing
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from hypothesis import given
from hypothesis import strategies as st

from conclave.accounts.assertion import PasskeyNotShown
from conclave.accounts.mail import hand_over
from conclave.accounts.models import Membership, StaffMember, StaffRule, User
from conclave.accounts.staff import StaffOtherRole, StaffParty, StaffPlace, StaffRoleMissing, StaffUnknown
from conclave.accounts.staff_policy import FRESH_MS, Act, Case, Reason, Role, may
from conclave.accounts.staff_policy import Person as Staff
from conclave.authorities import behind, personal
from conclave.authorities.glass import (
    LOOKED,
    MISSED,
    TOLD,
    GlassClosed,
    GlassPlaceUnknown,
    GlassUnknown,
    Wanted,
    _told,
    agree,
    ask,
    ask_agreement,
    look,
    request,
)
from conclave.authorities.glass_rule import ASKED_MS, DAY, HOUR, OPEN_MS, Pane, Scope, Stand, may_agree, may_look, stands
from conclave.authorities.models import Glass
from conclave.authorities.receive import OrderTextForbidden
from conclave.kernel import clock
from conclave.kernel.clock import to_datetime
from conclave.kernel.errors import ConclaveError
from conclave.kernel.models import OutboxEvent
from conclave.meetings.models import Call, Meeting
from conclave.transparency.ledger import openings
from conclave.transparency.models import JournalEntry, JournalOpening, LedgerEntry
from tests.accounts.organisation import account, browser, kinds, make, person
from tests.accounts.passkey import Device, Passkey
from tests.authorities.desk import NOW, Desk
from tests.meetings.conftest import Joins, Link, account_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("desk")]
ADDRESSES, MEETING, LOG = Scope.ADDRESSES, Scope.MEETING, Scope.LOG


@pytest.fixture
def eve() -> Device:
    """Eve, an engineer, who works in France."""
    return engineer("Eve")


@pytest.fixture
def dan() -> Device:
    """Dan, another one."""
    return engineer("Dan")


@pytest.fixture
def house(alice: User, link: Link, joins: Joins) -> str:
    """Alice's organisation, in whose meeting she is."""
    made = make(alice)
    Meeting.objects.filter(pk=link.meeting).update(organisation=made)
    joins("Alice", account=account_of(alice))
    return made


def engineer(name: str, *, country: str = "FR") -> Device:
    """Appoint an engineer with a passkey."""
    user = person(name)
    StaffMember.objects.create(user=user, apart="engineer", work_country=country, since=NOW)
    return Device(user, Passkey(credential_id=name.encode()))


def id_of(device: Device) -> Any:
    return account(device.user)


def asks(by: Device, scope: Scope, target: str, *, now: int = NOW, reason: str = "A fault at 14:05", **more: int) -> str:
    """Let somebody ask."""
    return ask(account=id_of(by), wanted=Wanted(scope=scope, target=target, **more), reason=reason, now=now)


def agrees(by: Device, glass: str, *, now: int = NOW, later: int = 0) -> None:
    """Let somebody agree."""
    question = ask_agreement(glass=glass, account=id_of(by), now=now)
    agree(glass=glass, account=id_of(by), shown=by.answers(question), now=now + later)


def looks(by: Device, glass: str, *, now: int = NOW) -> list[str]:
    """Let somebody look; return the first cells."""
    return [row[0] for row in look(glass=glass, account=id_of(by), now=now).rows]


def stand_of(glass: str, by: Device, *, now: int = NOW) -> Stand:
    return request(glass=glass, account=id_of(by), now=now).stand


@pytest.fixture
def log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A log of an engine: three lines, an hour apart, and one that says no time."""
    monkeypatch.setattr(settings, "CONCLAVE", replace(settings.CONCLAVE, state_dir=tmp_path))
    folder = tmp_path / "log"
    folder.mkdir()
    times = [NOW - 2 * HOUR, NOW - HOUR, NOW]
    lines = [json.dumps({"ts": at / 1000, "msg": f"line {number} of 192.0.2.7"}) for number, at in enumerate(times)]
    lines.append(json.dumps({"ts": to_datetime(NOW - HOUR).isoformat(), "msg": "in words"}))
    (folder / "engine.log").write_text("\n".join([*lines, "no time at all", '{"ts":[]}', "null"]), encoding="utf-8")
    (folder / "NOT.log").write_text("x", encoding="utf-8")
    return "engine.log"


def test_glass_1_another_one_agrees_and_the_one_who_asked_looks(eve: Device, dan: Device, bob: User) -> None:
    glass = asks(eve, ADDRESSES, bob.email)
    assert stand_of(glass, eve) is Stand.ASKED
    with pytest.raises(GlassClosed):
        looks(eve, glass)
    with pytest.raises(StaffOtherRole):
        ask_agreement(glass=glass, account=id_of(eve), now=NOW)
    with pytest.raises(PasskeyNotShown):
        agree(glass=glass, account=id_of(dan), shown=None, now=NOW)
    with pytest.raises(PasskeyNotShown):
        agrees(dan, glass, later=FRESH_MS + 1)
    agrees(dan, glass)
    assert looks(eve, glass) == [bob.email]
    with pytest.raises(GlassClosed):
        looks(dan, glass)
    with pytest.raises(GlassClosed):
        agrees(dan, glass)


def test_glass_1_what_the_passkey_signs_is_exactly_this_look(eve: Device, dan: Device, alice: User, bob: User) -> None:
    glass = asks(eve, ADDRESSES, bob.email)
    question = ask_agreement(glass=glass, account=id_of(dan), now=NOW)
    Glass.objects.update(target=alice.pk)
    with pytest.raises(PasskeyNotShown):
        agree(glass=glass, account=id_of(dan), shown=dan.answers(question), now=NOW)


def test_glass_1_nobody_looks_at_themselves_or_into_their_own_organisation(eve: Device, link: Link) -> None:
    with pytest.raises(StaffParty):
        asks(eve, ADDRESSES, eve.user.email)
    Meeting.objects.update(organisation=make(eve.user))
    with pytest.raises(StaffParty):
        asks(eve, MEETING, link.meeting)


def test_glass_1_nobody_looks_into_a_meeting_of_their_own_or_in_which_they_were(eve: Device, dan: Device, link: Link, joins: Joins) -> None:
    Meeting.objects.filter(pk=link.meeting).update(organisation=None, owner=eve.user)
    with pytest.raises(StaffParty):
        asks(eve, MEETING, link.meeting)
    Meeting.objects.filter(pk=link.meeting).update(owner=None)
    glass = asks(eve, MEETING, link.meeting)
    joins("Dan", account=id_of(dan))
    with pytest.raises(StaffParty):
        asks(dan, MEETING, link.meeting)
    with pytest.raises(StaffParty):
        ask_agreement(glass=glass, account=id_of(dan), now=NOW)


def test_glass_1_whoever_becomes_a_party_looks_no_more(eve: Device, dan: Device, bob: User, link: Link, joins: Joins) -> None:
    addresses, meeting = asks(eve, ADDRESSES, bob.email), asks(eve, MEETING, link.meeting)
    for glass in (addresses, meeting):
        agrees(dan, glass)
        assert looks(eve, glass) is not None
    Membership.objects.create(organisation_id=make(bob), user=eve.user, role="member", accepted_at=NOW)
    joins("Eve", account=id_of(eve))
    for glass in (addresses, meeting):
        with pytest.raises(StaffParty):
            looks(eve, glass)
    assert JournalEntry.objects.filter(kind=LOOKED).count() == 2, "what was refused is no look"


@pytest.mark.parametrize("change", [{"second": "eve"}, {"second": ""}, {"leaf": None}, {"shown_at": None}, {"reason": ""}, {"since": 1}])
def test_glass_1_the_database_opens_none_by_one_person_or_without_a_leaf(change: dict[str, Any]) -> None:
    whole = {"asker": "eve", "second": "dan", "opened_at": NOW, "shown_at": NOW, "leaf": 1}
    kept = {"scope": ADDRESSES, "target": "t", "reason": "r", "asked_at": NOW}
    Glass.objects.create(**whole, **kept)
    with pytest.raises(IntegrityError), transaction.atomic():
        Glass.objects.create(**{**whole, **kept, **change})


@given(
    st.integers(min_value=0, max_value=3 * OPEN_MS),
    st.one_of(st.none(), st.integers(min_value=0, max_value=DAY)),
    st.booleans(),
    st.booleans(),
)
def test_glass_2_it_is_open_for_an_hour_after_two_and_the_witness_and_never_else(
    after: int,
    opened: int | None,
    cosigned: bool,  # noqa: FBT001 - drawn
    same: bool,  # noqa: FBT001 - drawn
) -> None:
    opened_at = None if opened is None else NOW + opened
    now = NOW + (opened or 0) + after
    stand = stands(pane=Pane(asked_at=NOW, opened_at=opened_at, cosigned=cosigned), now=now)
    who = "eve" if same else "dan"
    assert may_look(asker="eve", account=who, stand=stand) is (same and cosigned and opened_at is not None and now < opened_at + HOUR)
    assert may_agree(asker="eve", account=who, stand=stand) is (not same and opened_at is None and now < NOW + ASKED_MS)


def test_glass_2_it_waits_for_the_witness_and_ends_by_itself(desk: Desk, eve: Device, dan: Device, bob: User) -> None:
    desk.cosigns = False
    glass = asks(eve, ADDRESSES, bob.email)
    agrees(dan, glass)
    assert stand_of(glass, eve) is Stand.WAITS
    with pytest.raises(GlassClosed):
        looks(eve, glass)
    assert OutboxEvent.objects.filter(kind="authorities.glass").exists()
    desk.cosigns = True
    assert looks(eve, glass, now=NOW + HOUR - 1)
    with pytest.raises(GlassClosed):
        looks(eve, glass, now=NOW + HOUR)
    assert stand_of(glass, eve, now=NOW + HOUR) is Stand.OVER


def test_glass_2_without_an_open_glass_no_page_of_the_staff_shows_an_address_or_a_line(
    eve: Device, dan: Device, bob: User, log: str
) -> None:
    """Eve and Dan see all the pages that an engineer has, before, while somebody else's is open, and after."""
    hidden = (bob.email, "line 1 of")
    addresses = asks(eve, ADDRESSES, bob.email)
    lines = asks(eve, LOG, log, since=NOW - DAY // 2, until=NOW)
    pages = ["/staff", "/staff/glass", f"/staff/glass/{addresses}", f"/staff/glass/{lines}"]

    def shown(window: Client) -> list[str]:
        return [page for page in pages if any(word in unescape(window.get(page).content.decode()) for word in hidden)]

    first, second = browser(eve.user), browser(dan.user)
    assert first.get("/staff/glass").status_code == 200
    assert not shown(first)
    for glass in (addresses, lines):
        dan.confirms(second, f"/staff/glass/{glass}", {"act": "agree"})
    assert not shown(first), "that it is open shows nothing yet"
    assert not shown(second)
    assert second.post(f"/staff/glass/{addresses}", {"act": "look"}).status_code == 409
    assert bob.email in first.post(f"/staff/glass/{addresses}", {"act": "look"}).content.decode()
    seen = first.post(f"/staff/glass/{lines}", {"act": "look"}).content.decode()
    assert "line 1 of [address]" in unescape(seen)
    Glass.objects.update(opened_at=1)
    assert first.post(f"/staff/glass/{addresses}", {"act": "look"}).status_code == 409
    assert not shown(first)


def test_glass_2_of_a_log_only_the_lines_of_its_time_are_seen(eve: Device, dan: Device, log: str) -> None:
    glass = asks(eve, LOG, log, since=NOW - HOUR, until=NOW)
    agrees(dan, glass)
    seen = look(glass=glass, account=id_of(eve), now=NOW).rows
    assert [json.loads(line)["msg"] for (line,) in seen] == ["line 1 of [address]", "in words"]
    assert behind.logs() == [log]
    with pytest.raises(OrderTextForbidden):
        asks(eve, LOG, log, since=NOW - 2 * DAY, until=NOW)
    with pytest.raises(OrderTextForbidden):
        asks(eve, LOG, log)
    for name in ("../db.sqlite3", "NOT.log", "/etc/passwd", "other.log"):
        with pytest.raises(GlassUnknown):
            asks(eve, LOG, name, since=NOW - HOUR, until=NOW)


def test_glass_1_a_log_is_opened_for_a_time_that_is_past_or_those_who_call_in_it_are_never_told(eve: Device, log: str) -> None:
    for since, until in ((NOW - HOUR, NOW + 1), (NOW - 1, NOW + DAY - 1), (NOW, NOW + HOUR), (NOW, NOW)):
        with pytest.raises(OrderTextForbidden):
            asks(eve, LOG, log, since=since, until=until)
    window, at = browser(eve.user), to_datetime(NOW - HOUR).strftime("%Y-%m-%dT%H:%M")
    window.post("/staff/glass", {"scope": "log", "log": log, "since": at, "hours": 24, "reason": "A fault"})
    assert NOW <= (Glass.objects.get().until or 0) <= clock.now(), "of the hours to come there is nothing yet"
    ahead = to_datetime(NOW + HOUR).strftime("%Y-%m-%dT%H:%M")
    assert window.post("/staff/glass", {"scope": "log", "log": log, "since": ahead, "hours": 1, "reason": "A fault"}).status_code == 422


def test_glass_2_what_is_cut_off_is_not_said_to_be_nothing(eve: Device, dan: Device, log: str, monkeypatch: pytest.MonkeyPatch) -> None:
    glass = asks(eve, LOG, log, since=NOW - 3 * HOUR, until=NOW)
    agrees(dan, glass)
    assert not look(glass=glass, account=id_of(eve), now=NOW).cut
    monkeypatch.setattr(behind, "MOST_LINES", 2)
    shorter = look(glass=glass, account=id_of(eve), now=NOW)
    assert (len(shorter.rows), shorter.cut) == (2, True)
    monkeypatch.setattr(behind, "MOST_LINES", 500)
    # The end of the log alone, in which no line says its time.
    monkeypatch.setattr(behind, "MOST_BYTES", 20)
    assert look(glass=glass, account=id_of(eve), now=NOW) == behind.View(columns=("line",), rows=(), cut=True)
    page = browser(eve.user).post(f"/staff/glass/{glass}", {"act": "look"}).content.decode()
    assert "This is not all" in page
    assert "There is nothing." not in page


def test_glass_2_of_a_meeting_it_is_seen_who_came_and_when(eve: Device, dan: Device, link: Link, joins: Joins, bob: User) -> None:
    joins("Bob", account=account_of(bob))
    glass = asks(eve, MEETING, link.meeting)
    agrees(dan, glass)
    ((name, _role, came, left, why, region),) = look(glass=glass, account=id_of(eve), now=NOW).rows
    assert (name, came, left, why, region) == ("Bob", to_datetime(NOW).isoformat(timespec="seconds"), "", "", "local")


def test_glass_3_only_engineers_whose_place_is_known_and_on_the_owners_list(desk: Desk, bob: User) -> None:
    nowhere = engineer("Nina", country="")
    for who, refused in ((desk.ann, StaffRoleMissing), (Device(bob), StaffUnknown), (nowhere, GlassPlaceUnknown)):
        with pytest.raises(refused):
            asks(who, ADDRESSES, bob.email)
        with pytest.raises(refused):
            request(glass="x", account=id_of(who), now=NOW)
    abroad = Staff(roles=frozenset({Role.ENGINEER}), place="CN", work_country="CN", shown_at=NOW)
    case = Case(second=True, places=frozenset({"FR", "DE"}))
    assert may(person=abroad, act=Act.OPEN_ENGINE, case=case, now=NOW).reason is Reason.PLACE
    assert may(person=replace(abroad, place="FR"), act=Act.OPEN_ENGINE, case=case, now=NOW).allowed


@pytest.fixture
def mails(monkeypatch: pytest.MonkeyPatch) -> Callable[[], list[tuple[str, str, str]]]:
    """Return to whom mails about looks were written, and their scope."""
    monkeypatch.setattr(settings, "CONCLAVE", replace(settings.CONCLAVE, mail="smtp://localhost", mail_from="a@example.org"))

    def sent() -> list[tuple[str, str, str]]:
        told = OutboxEvent.objects.filter(kind=TOLD, done_at=None)
        for event in told.order_by("pk"):
            _told(event.payload)
        told.update(done_at=NOW)
        found = [event.payload for event in OutboxEvent.objects.filter(kind="mail").order_by("pk")]
        return [(one["to"], one["facts"]["scope"], one["what"]) for one in found if one["what"] in {"glass", "glass_own"}]

    return sent


def test_glass_4_the_ledger_has_it_and_whom_it_concerns_is_told(
    eve: Device, dan: Device, house: str, mails: Callable[[], list[tuple[str, str, str]]], log: str
) -> None:
    meeting = Meeting.objects.select_related("owner").get(organisation=house)
    alice = meeting.owner
    assert alice is not None
    for wanted in (
        Wanted(scope=ADDRESSES, target=alice.email), Wanted(scope=MEETING, target=meeting.pk),
        Wanted(scope=LOG, target=log, since=NOW - HOUR, until=NOW + 1),
        Wanted(scope=LOG, target=log, since=NOW - 3 * HOUR, until=NOW - HOUR),
    ):  # fmt: skip
        before = mails()
        glass = ask(account=id_of(eve), wanted=wanted, reason="A fault", now=NOW + 1)
        assert mails() == before, "nobody is told before somebody has agreed"
        agrees(dan, glass, now=NOW + 1)
    told = [(scope, what) for to, scope, what in mails() if to == alice.email]
    assert told == [
        ("addresses", "glass"), ("addresses", "glass_own"), ("meeting", "glass"), ("meeting", "glass_own"), ("log", "glass"),
    ], "as the organisation's owner, and as whose it is; the last log is of a time without its calls"  # fmt: skip
    assert kinds(house).count("glass_opened") == 3
    opened = [
        {one.field: one.value for one in openings(index=row.index)} for row in LedgerEntry.objects.filter(kind="GLASS").order_by("index")
    ]
    assert [(one["scope"], one["target"], one["reason"]) for one in opened][:2] == [
        ("addresses", alice.pk, "A fault"),
        ("meeting", meeting.pk, "A fault"),
    ]
    window = browser(alice)
    page = window.get(f"/organisations/{house}/journal").content.decode()
    assert "Logs or addresses opened by the staff of this server" in page
    assert "two engineers of this server" in page
    assert eve.user.name not in page


def test_glass_4_whoever_has_no_organisation_is_told_too(
    eve: Device, dan: Device, bob: User, link: Link, mails: Callable[[], list[tuple[str, str, str]]]
) -> None:
    Meeting.objects.filter(pk=link.meeting).update(owner=bob, organisation=None)
    for scope, target in ((ADDRESSES, bob.email), (MEETING, link.meeting)):
        before, archived = mails(), own_looks(bob)
        glass = asks(eve, scope, target)
        assert (mails(), own_looks(bob)) == (before, archived), "nobody is told before somebody has agreed"
        agrees(dan, glass)
    assert mails() == [(bob.email, "addresses", "glass_own"), (bob.email, "meeting", "glass_own")]
    kept = Glass.objects.order_by("leaf")
    assert own_looks(bob) == [{"scope": one.scope, "target": one.target, "opened_at": NOW, "entry": one.leaf} for one in kept]
    assert own_looks(eve.user) == []


def test_glass_4_however_many_it_concerns_nobody_else_waits_for_their_mails(
    eve: Device, dan: Device, log: str, house: str, mails: Callable[[], list[tuple[str, str, str]]]
) -> None:
    """While the chains are held, so many statements are done for many organisations as for one."""
    owners = [person(f"Owner {number}") for number in range(6)]
    made = [make(one, f"House {number}") for number, one in enumerate(owners)]

    def statements(since: int) -> int:
        glass = asks(eve, LOG, log, since=since, until=NOW + 1, now=NOW + 1)
        question = ask_agreement(glass=glass, account=id_of(dan), now=NOW + 1)
        with CaptureQueriesContext(connection) as done:
            agree(glass=glass, account=id_of(dan), shown=dan.answers(question), now=NOW + 1)
        assert not OutboxEvent.objects.filter(kind="mail", payload__what="glass").exists(), "mails are written afterwards"
        return len(done)

    for_one = statements(NOW - HOUR)
    for other in made:
        # Twice, and still told once.
        for number in range(2):
            another = Meeting.objects.get(organisation=house)
            another.pk, another.link_id = f"{other[:20]}-{number}", f"{other[:20]}-{number}"
            another.organisation_id = other
            another.save(force_insert=True)
            Call.objects.create(id=f"{other[:20]}-{number}", meeting=another, region="local", started_at=NOW, ended_at=NOW + 1)
    assert statements(NOW - 2 * HOUR) <= for_one
    assert sorted(kinds(one).count("glass_opened") for one in (house, *made)) == [1] * 6 + [2]
    assert sorted(to for to, _scope, _what in mails()) == sorted(["alice@example.org"] * 2 + [one.email for one in owners])


def test_glass_4_of_a_call_that_is_forgotten_nobody_can_be_told_and_whoever_agrees_knows(
    eve: Device, dan: Device, house: str, log: str, mails: Callable[[], list[tuple[str, str, str]]]
) -> None:
    Call.objects.all().delete()
    glass = asks(eve, LOG, log, since=NOW - HOUR, until=NOW + 1, now=NOW + 1)
    warning = "Of calls that are forgotten by then nobody knows whom they concerned"
    assert warning in browser(dan.user).post(f"/staff/glass/{glass}", {"act": "agree"}).content.decode()
    agrees(dan, glass, now=NOW + 1)
    assert (mails(), kinds(house).count("glass_opened")) == ([], 0)
    other = asks(eve, ADDRESSES, person("Xavier").email)
    assert warning not in browser(dan.user).post(f"/staff/glass/{other}", {"act": "agree"}).content.decode()


def own_looks(who: User) -> list[dict[str, object]]:
    """Return what somebody's archive says of looks at what is theirs."""
    return list(personal.export(account=who.pk)["glass_opened"])


@pytest.mark.usefixtures("mails")
def test_glass_4_the_mails_about_looks_are_sentences(bob: User) -> None:
    for what, scopes in (("glass", ("log", "addresses", "meeting")), ("glass_own", ("addresses", "meeting"))):
        for scope in scopes:
            facts = {"scope": scope, "organisation": "Harbour School", "address": "https://desk.example/here"}
            hand_over({"id": "1", "to": bob.email, "what": what, "facts": facts, "page": "", "language": "", "until": clock.now() + DAY})
    subjects = {mail.subject for mail in outgoing.outbox}
    assert len(subjects) == 2
    assert all("looks at what concerns" in one and "regarde ce qui" in one for one in subjects)
    assert len({mail.body for mail in outgoing.outbox}) == 5
    assert sum("when it took place and who came." in str(mail.body) for mail in outgoing.outbox) == 2
    assert all("https://desk.example/here" in mail.body and "Deux personnes" in str(mail.body) for mail in outgoing.outbox)


def test_glass_4_whoever_asks_for_what_there_is_not_leaves_a_trace_of_it(eve: Device, bob: User) -> None:
    """Or an engineer alone could find out, unseen, which addresses have an account."""
    for number in range(2):
        with pytest.raises(GlassUnknown):
            asks(eve, ADDRESSES, f"nobody-{number}@example.org")
    asks(eve, ADDRESSES, bob.email)
    assert list(JournalEntry.objects.filter(kind__startswith="glass_").order_by("index").values_list("kind", flat=True)) == [
        MISSED, MISSED, "glass_asked",
    ]  # fmt: skip
    kept = JournalOpening.objects.filter(entry__kind=MISSED).values_list("field", "value")
    assert set(kept) == {("by", eve.user.pk), ("scope", "addresses")}, "who, and not what they typed"


def test_glass_4_each_look_is_written_down_and_none_that_was_refused(eve: Device, dan: Device, bob: User) -> None:
    glass = asks(eve, ADDRESSES, bob.email)
    agrees(dan, glass)
    for _ in range(2):
        looks(eve, glass)
    with pytest.raises(GlassClosed):
        looks(dan, glass)
    assert JournalEntry.objects.filter(kind=LOOKED, obj=glass).count() == 2


def test_glass_by_hand_on_its_pages_in_french_too(desk: Desk, eve: Device, dan: Device, bob: User, log: str) -> None:
    first, second = browser(eve.user), browser(dan.user)
    assert "Look at the requests" in first.get("/staff").content.decode()
    assert "Look at the requests" not in browser(desk.rita).get("/staff").content.decode()
    assert browser(desk.rita).get("/staff/glass").status_code == 403
    empty = first.post("/staff/glass", {"scope": "log", "reason": "x"})
    assert empty.status_code == 422
    assert "This is needed for what you have chosen." in empty.content.decode()
    assert first.post("/staff/glass", {"scope": "addresses", "address": "nobody@example.org", "reason": "x"}).status_code == 422
    assert first.post("/staff/glass", {"scope": "addresses", "address": bob.email, "reason": " \u202e"}).status_code == 422
    at = to_datetime(NOW - HOUR).strftime("%Y-%m-%dT%H:%M")
    made = first.post("/staff/glass", {"scope": "log", "log": log, "since": at, "hours": 1, "reason": "A fault"}, follow=True)
    assert "Log engine.log" in made.content.decode()
    page = made.redirect_chain[-1][0]
    asked_for = second.post(page, {"act": "agree"}).content.decode()
    assert "Reason: A fault" in unescape(asked_for)
    dan.confirms(second, page, {"act": "agree"})
    french = Client(headers={"accept-language": "fr"})
    french.force_login(eve.user)
    assert "Chaque regard est noté" in french.get(page).content.decode()
    with pytest.raises(ConclaveError):
        request(glass="nothing", account=id_of(eve), now=NOW)


def test_glass_3_staff_outside_the_places_that_the_owner_has_named_sees_nothing(eve: Device, dan: Device, bob: User) -> None:
    glass = asks(eve, Scope.ADDRESSES, bob.email)
    agrees(dan, glass)
    assert looks(eve, glass)
    StaffRule.objects.create(countries=["DE"], obj="o" * 22, leaf=0, since=1)
    acts: list[Callable[[], object]] = [
        lambda: asks(eve, Scope.ADDRESSES, bob.email),
        lambda: looks(eve, glass),
        lambda: request(glass=glass, account=id_of(eve), now=NOW),
    ]
    for act in acts:
        with pytest.raises(StaffPlace):
            act()

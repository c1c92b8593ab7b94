"""Attacks on how far an order reaches that no other file has: territories near others, databases swapped in a call, other ways in."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from asgiref.sync import async_to_sync
from pytest_django import Settings

from conclave.accounts.assertion import PasskeyNotShown
from conclave.accounts.models import StaffMember, User
from conclave.accounts.staff import StaffOtherRole
from conclave.accounts.staff_policy import TABLE, Act
from conclave.authorities import approve as approving
from conclave.authorities import personal
from conclave.authorities.approve import approve, ask_approval
from conclave.authorities.models import Hand, Measure, Order, Part
from conclave.authorities.policy import DAY, Channel, Grounds, OrderKind, Reason, State
from conclave.authorities.quash import take_back
from conclave.authorities.refuse import refuse
from conclave.authorities.standing import OrderNotNow
from conclave.gate.geo import Geo
from conclave.gate.models import Application, Restriction
from conclave.gate.policy import Kind, located
from conclave.kernel import clock
from conclave.kernel.ids import UserId
from conclave.media import placement, ticket
from conclave.meetings.door import Ordered
from conclave.meetings.models import Call, Meeting, Participant
from conclave.meetings.signal import SignalRefused, admit_signal
from conclave.regions import Ports, read
from conclave.transparency import personal as ledger_personal
from conclave.transparency.ledger import append
from conclave.transparency.models import LedgerEntry, Opening
from tests.accounts.organisation import account
from tests.authorities.desk import NOW, SAID, Desk, claiming, draft, goes_on, state_of, there
from tests.gate.test_address import seen
from tests.gate.test_geo import make
from tests.meetings.conftest import Joins, Link

pytestmark = pytest.mark.django_db

# A state, and what stands near it in other lists: under its flag, its currency, its entry in ISO 3166-2, or claimed by it.
NEAR = {
    "CN": ("HK", "MO", "TW"),
    "FR": ("GP", "MQ", "GF", "RE", "YT", "NC", "PF", "PM", "WF", "BL", "MF", "TF"),
    "US": ("PR", "GU", "VI", "AS", "MP", "UM"),
    "GB": ("GI", "IM", "JE", "GG", "BM", "KY", "FK"),
    "NL": ("AW", "CW", "SX", "BQ"),
    "DK": ("GL", "FO"),
    "FI": ("AX",),
    "NO": ("SJ", "BV"),
    "RS": ("XK",),
    "AU": ("CX", "CC", "NF"),
    "MA": ("EH",),
}


def networks() -> dict[str, dict[str, str]]:
    """Return a network for every territory of the table, as a database has them."""
    codes = sorted({*NEAR, *(other for others in NEAR.values() for other in others)})
    return {f"2001:db8:{number:x}::/48": {"country_code": code} for number, code in enumerate(codes, start=1)}


def address_of(code: str) -> str:
    """Return an address in a territory."""
    network = next(network for network, record in networks().items() if record["country_code"] == code)
    return network.replace("::/48", "::7")


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Geo:
    """Two databases that agree on every territory of the table."""
    return make(tmp_path_factory.mktemp("geo"), networks(), networks())


@pytest.mark.parametrize("state", sorted(NEAR))
def test_ord_1_a_state_is_not_what_lies_near_it(desk: Desk, link: Link, joins: Joins, world: Geo, state: str) -> None:
    """ORD-1, ORD-2: from address to seat, no territory is part of another; nor does a measure on an overseas one reach its state."""
    found = {code: world.locate(address=address_of(code)) for code in (state, *NEAR[state])}
    assert {code: located(one) for code, one in found.items()} == {code: code for code in found}
    tickets = {code: joins(code, evidence=evidence) for code, evidence in found.items()}
    order = desk.receives(claiming(state, authority_territory=state)).order
    desk.takes(order)
    desk.narrows(order, draft(meeting=link.meeting, territory=state), authority_territory=state)
    for one in [one for one in (desk.ann, desk.ben, desk.zoe) if _works(one.user) != state][:2]:
        desk.approves(order, one)
    goes_on(NOW)
    inside = set(Participant.objects.filter(call=tickets[state].call, left_at=None).values_list("name", flat=True))
    assert inside == {*NEAR[state]}


def _works(user: User) -> str:
    """Return where somebody of the desk works."""
    return StaffMember.objects.get(user=user).work_country


@pytest.mark.parametrize("change", ["missing", "corrupt", "other"])
def test_ord_3_databases_swapped_during_a_call_put_nobody_anywhere(
    desk: Desk, link: Link, joins: Joins, tmp_path: Path, change: str
) -> None:
    """ORD-2, ORD-3, ORD-7: who sits there keeps the evidence of the moment they came, with its hash; who comes after is nowhere."""
    geo = make(tmp_path, networks(), networks())
    before = geo.locate(address=address_of("CN"))
    joins("Ada", evidence=before)
    path = tmp_path / "1.mmdb"
    right = path.read_bytes()
    if change == "missing":
        path.unlink()
    else:
        path.write_bytes(right[: len(right) // 2] if change == "corrupt" else (tmp_path / "0.mmdb").read_bytes() + b"\0")
    after = geo.locate(address=address_of("CN"))
    assert located(after) == ""
    joins("Bo", evidence=after)
    desk.orders(draft(meeting=link.meeting))
    goes_on(NOW)
    assert set(Participant.objects.filter(left_at=None).values_list("name", flat=True)) == {"Bo"}
    (met,) = Application.objects.all()
    assert (met.country, met.database) == ("CN", before.database)
    with pytest.raises(Ordered):
        joins("Ada", evidence=before)
    assert joins("Cy", evidence=after).participant


def seen_through(*, server: tuple[str, int | None], client: tuple[str, int] | None, header: str) -> str:
    """Return whose address the gateway takes a request to be from."""
    found: Any = async_to_sync(seen)(server=server, client=client, headers=[(b"x-forwarded-for", header.encode())])
    return found["client"][0] if found["client"] else ""


def test_ord_6_behind_a_proxy_that_is_not_ours_somebody_is_where_the_proxy_is(world: Geo) -> None:
    """ORD-6: what it writes of them counts for nothing, neither to be met nor to get away; our own server's word counts."""
    proxy, visitor = address_of("FR"), address_of("CN")
    untrusted = seen_through(server=("127.0.0.1", 8000), client=(proxy, 50_000), header=visitor)
    assert located(world.locate(address=untrusted)) == "FR"
    unnamed = seen_through(server=("127.0.0.1", 8000), client=None, header=visitor)
    assert located(world.locate(address=unnamed)) == ""
    ours = seen_through(server=("/var/conclave/tls/gateway.sock", None), client=None, header=visitor)
    assert located(world.locate(address=ours)) == "CN"
    chained = seen_through(server=("/var/conclave/tls/gateway.sock", None), client=None, header=f"{proxy}, {visitor}")
    assert located(world.locate(address=chained)) == ""


def enters(path: str, token: str) -> str:
    """Return how the signal gate answers a token, also one that the engine has renewed."""
    try:
        async_to_sync(admit_signal)(path=path, query=f"access_token={token}", now=clock.now())
    except SignalRefused as refused:
        return refused.code
    return "let in"


@pytest.mark.django_db(transaction=True)
def test_ord_2_who_was_taken_out_comes_in_by_no_renewed_token_and_no_regions_entrance(
    desk: Desk, link: Link, joins: Joins, settings: Settings
) -> None:
    """ORD-2: the token is as good as new, and every entrance asks about the seat."""
    ports = Ports(engine=1, media_tcp=2, media_udp=3, node_address="127.0.0.1")
    settings.CONCLAVE = replace(settings.CONCLAVE, regions=read("fr, de", ports=ports), allowed_regions="fr, de")
    now = clock.now()
    ada = joins("Ada", evidence=there("CN"), at=now)
    flo = joins("Flo", evidence=there("FR"), at=now)
    desk.orders(draft(meeting=link.meeting), now=NOW)
    goes_on(max(NOW, now))
    for region in ("fr", "de"):
        pair = placement.regions()[region].credentials()
        renewed = ticket.mint(call=ada.call, participant=ada.participant, credentials=pair, now=clock.now())
        assert enters(f"/media/{region}/rtc/v1", renewed) != "let in"
    own = placement.regions()["fr"].credentials()
    good = ticket.mint(call=flo.call, participant=flo.participant, credentials=own, now=clock.now())
    assert (enters("/media/fr/rtc/v1", good), enters("/media/de/rtc/v1", good)) == ("let in", "token_refused")


def test_ord_10_one_person_with_two_accounts_is_seen_as_far_as_a_machine_can(desk: Desk, link: Link) -> None:
    """ORD-10: the same passkey shown by a second account is none of its own, and an account has one part; who is who the owner knows."""
    order = desk.receives().order
    desk.takes(order)
    desk.narrows(order, draft(meeting=link.meeting))
    desk.approves(order, desk.ann)
    second = account(desk.ben.user)
    question = ask_approval(order=order, account=second, now=NOW)
    with pytest.raises(PasskeyNotShown):
        approve(order=order, account=second, shown=desk.ann.answers(question), now=NOW)
    with pytest.raises(StaffOtherRole):
        desk.approves(order, desk.ann)
    assert Hand.objects.filter(order=order).count() == 2
    assert Measure.objects.get(order=order).state == "draft"


def forged(order: str, part: Part, by: User) -> None:
    """Write an approval into the database, as somebody does who has it and nobody's passkey."""
    Hand.objects.create(order_id=order, account=account(by), part=part, at=NOW, shown_at=NOW, work_country="FR")


def test_ord_10_an_approval_that_only_the_database_has_is_not_the_first_of_two(desk: Desk, link: Link) -> None:
    order = desk.receives().order
    desk.takes(order)
    desk.narrows(order, draft(meeting=link.meeting))
    forged(order, Part.FIRST, desk.ben.user)
    with pytest.raises(OrderNotNow) as refused:
        desk.approves(order, desk.ann)
    assert refused.value.reason is Reason.APPROVALS
    assert (state_of(order), Hand.objects.filter(order=order).count()) == (State.NARROWED, 2), "what Ann did is not half done"


def test_ord_10_whoever_writes_to_the_database_lets_no_measure_act(desk: Desk, link: Link, joins: Joins) -> None:
    """One approval is real; everything else that a measure has is written beside it, with other leaves or even with one of its own."""
    before = desk.orders(draft(meeting=link.meeting, territory="CN"), said=claiming("CN"))
    goes_on(NOW)
    joins("Flo", evidence=there("FR"))
    order = desk.receives(claiming("FR", authority_territory="FR")).order
    desk.takes(order)
    desk.narrows(order, draft(meeting=link.meeting, territory="FR"), authority_territory="FR")
    desk.approves(order, desk.ann)
    forged(order, Part.SECOND, desk.zoe.user)
    others = (Measure.objects.get(order=before).leaf, LedgerEntry.objects.filter(kind="APPROVAL").latest("index").index)
    own = append(kind="MEASURE", fields=approving._leaf(Measure.objects.get(order=order)), now=NOW, obj=Order.objects.get(pk=order).obj)
    for later, leaf in enumerate((*others, own)):
        Measure.objects.filter(order=order).update(state="scheduled", leaf=leaf)
        Order.objects.filter(pk=order).update(state=State.EXECUTING)
        goes_on(NOW + later * clock.MINUTE)
        assert Measure.objects.get(order=order).active_at is None
    assert Participant.objects.filter(name="Flo", left_at=None).exists()
    goes_on(NOW + 7 * DAY)
    assert Order.objects.get(pk=order).outcome == "not_executed"


@pytest.mark.parametrize("change", [{"territory": "HK"}, {"meeting": "m" * 22}, {"kind": "deny_join_from"}, {"ends_at": NOW + 80 * DAY}])
def test_ord_10_a_measure_that_was_changed_after_it_was_approved_does_not_act(
    desk: Desk, link: Link, joins: Joins, change: dict[str, Any]
) -> None:
    joins("Ada", evidence=there("CN"))
    order = desk.orders(draft(meeting=link.meeting))
    before = Measure.objects.filter(order=order).values(*change).get()
    Measure.objects.update(**change)
    goes_on(NOW)
    assert Measure.objects.get(order=order).active_at is None
    Measure.objects.update(**before)
    moved = Hand.objects.get(order=order, part=Part.SECOND)
    Hand.objects.filter(pk=moved.pk).update(account=account(desk.zoe.user))
    goes_on(NOW + clock.MINUTE)
    assert not Application.objects.exists(), "another one's name is under the approval"
    Hand.objects.filter(pk=moved.pk).update(account=moved.account)
    goes_on(NOW + 2 * clock.MINUTE - 1)
    assert not Application.objects.exists(), "what differs is looked at once a minute: the locks are everybody's"
    goes_on(NOW + 2 * clock.MINUTE)
    assert Application.objects.count() == 1


def test_ord_10_a_measure_of_an_order_that_is_over_is_not_revived(desk: Desk, link: Link, joins: Joins) -> None:
    """Its leaf and both approvals stay in the ledger for good; so does that the order was taken back."""
    joins("Ada", evidence=there("CN"))
    order = desk.orders(draft(meeting=link.meeting))
    take_back(order=order, account=account(desk.rita), quashed=True, document="7 K 20", now=NOW)
    assert Measure.objects.get(order=order).over_at is not None
    for later, state in enumerate((state_of(order), State.EXECUTING)):
        Measure.objects.filter(order=order).update(state="scheduled", over_at=None)
        Order.objects.filter(pk=order).update(state=state)
        goes_on(NOW + later * clock.MINUTE)
        assert Measure.objects.get(order=order).active_at is None
    assert not Restriction.objects.exists()


def test_ord_10_nor_is_it_when_the_leaf_that_says_so_opens_no_more(desk: Desk, link: Link, joins: Joins) -> None:
    """What cannot be read any more is no reason to believe what stood there before."""
    joins("Ada", evidence=there("CN"))
    order = desk.orders(draft(meeting=link.meeting))
    executing = LedgerEntry.objects.filter(kind="ORDER_STATE").latest("index").index
    take_back(order=order, account=account(desk.rita), quashed=True, document="7 K 20", now=NOW)
    assert Opening.objects.filter(entry__kind="ORDER_STATE", entry_id__gt=executing, field="state").delete()[0]
    Measure.objects.filter(order=order).update(state="scheduled", over_at=None)
    Order.objects.filter(pk=order).update(state=State.EXECUTING)
    goes_on(NOW)
    assert Measure.objects.get(order=order).active_at is None
    assert not Restriction.objects.exists()


def test_ord_10_a_measure_about_somebody_who_has_erased_their_account_since_comes_to_its_end(desk: Desk) -> None:
    gone = UserId("g" * 22)
    order = desk.orders(draft(account_id=gone, kind=Kind.DENY_HOST_FROM))
    ledger_personal.erase(account=gone, now=NOW)
    personal.erase(account=gone, now=NOW)
    goes_on(NOW)
    assert state_of(order) == State.EXECUTED
    assert not Restriction.objects.filter(subject=gone).exists()


def test_ord_10_an_approval_stays_one_when_its_giver_has_erased_their_account(desk: Desk, link: Link, joins: Joins) -> None:
    joins("Ada", evidence=there("CN"))
    order = desk.orders(draft(meeting=link.meeting))
    personal.erase(account=account(desk.ann.user), now=NOW)
    goes_on(NOW)
    assert state_of(order) == State.EXECUTED
    assert Application.objects.count() == 1


def test_after_a_refused_order_no_act_of_the_staff_closes_what_it_was_about_and_a_word_in_passing_is_an_order_too(
    desk: Desk, joins: Joins
) -> None:
    """What came in 2020 by way of terms of service has no way here: no act of the staff's table ends a meeting or shuts an account.
    Pressure after a refusal, by whatever way, is one more order, in the ledger before anybody has read it.
    """
    joins("Flo", evidence=there("FR"))
    first = desk.receives().order
    desk.takes(first)
    refuse(order=first, account=account(desk.rita), grounds=Grounds.HUMAN_RIGHTS, explanation="It names speech.", now=NOW)
    before = (Meeting.objects.values().get(), Call.objects.values().get(), list(Participant.objects.values()))
    pressed = desk.receives(
        replace(SAID, kind=OrderKind.INFORMAL, reasons="It breaks your terms anyway."), by=desk.ivy, channel=Channel.INFORMAL
    )
    assert LedgerEntry.objects.filter(kind="ORDER").count() == 2
    assert Order.objects.get(pk=pressed.order).leaf is not None
    assert (Meeting.objects.values().get(), Call.objects.values().get(), list(Participant.objects.values())) == before
    assert not Restriction.objects.exists()
    assert state_of(first) in {"refused", "closed", "restored"}
    acts = {act for act in Act if TABLE[act]}
    assert acts == {*Act}
    assert not {act for act in acts if any(word in act.value for word in ("meeting", "account", "close", "suspend", "terminate"))}
    assert {kind.value for kind in Kind} == {"deny_join_from", "remove_from", "deny_host_from"}

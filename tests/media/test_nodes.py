"""Which engines get calls: those that the ledger names, entered by the settings at first and by two people later (REG-10, REG-11)."""

import contextlib
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from hypothesis import HealthCheck, given
from hypothesis import settings as examples
from hypothesis import strategies as st
from pytest_django import Settings

from conclave.accounts.assertion import PasskeyNotShown
from conclave.accounts.models import StaffMember
from conclave.accounts.staff import StaffOtherRole, StaffRoleMissing, StaffUnknown, was_staffed
from conclave.kernel import clock, outbox
from conclave.kernel.errors import ConclaveError
from conclave.media import alone, enter, gateways, node_list, nodes, personal, placement
from conclave.media.enter import ask_word, enter_configuration, give_word
from conclave.media.models import Gateway, Node, NodeApproval
from conclave.media.policy import WORD_MS, Lists, Placed, Reason, Refuse, Site, Word, configuration_decides, place, second_word
from conclave.media.retention import APPROVALS, GATEWAYS
from conclave.regions import Ports, read
from conclave.transparency import cosign, ledger
from conclave.transparency.journal import journal
from conclave.transparency.models import JournalEntry, LedgerEntry, Opening
from tests.accounts.organisation import account, browser, person
from tests.accounts.passkey import Device, Passkey
from tests.conftest import longer

pytestmark = [pytest.mark.django_db, pytest.mark.nodes]
NOW = 1_800_000_000_000
PORTS = Ports(engine=1, media_tcp=2, media_udp=3, node_address="127.0.0.1")
NAMES = ("fr", "de", "us")


@dataclass
class Server:
    """A server with people, whose settings and witness a test changes."""

    settings: Settings
    owner: Device
    erin: Device
    otto: Device
    cosigned: bool = True
    asked: list[int] = field(default_factory=list)
    signed: set[int] = field(default_factory=set)

    def has(self, tables: dict[str, dict[str, Any]]) -> None:
        """Let conclave.toml say this, as at the next start."""
        regions = read(tables, ports=PORTS)
        self.settings.CONCLAVE = replace(self.settings.CONCLAVE, regions=regions, allowed_regions=", ".join(tables))

    def staffed(self) -> None:
        """Appoint two engineers and a reviewer."""
        for device, role in ((self.erin, {"apart": "engineer"}), (self.otto, {"apart": "engineer"})):
            StaffMember.objects.create(user=device.user, work_country="FR", since=NOW, **role)

    def approves(self, by: Device, region: str, *, out: bool = False, now: int = NOW, later: int = 0) -> bool:
        """Let somebody approve a change with their passkey."""
        question = ask_word(region=region, out=out, account=account(by.user), now=now)
        return give_word(region=region, out=out, account=account(by.user), shown=by.answers(question), now=now + later)


def territories(*names: str, **more: str) -> dict[str, dict[str, Any]]:
    """Return tables of regions, in the territory of their name."""
    return {name: {"territory": name.upper(), **more} for name in names}


def entries() -> list[dict[str, Any]]:
    """Return what the ledger says of engines, in order."""
    rows = LedgerEntry.objects.filter(kind="NODE").order_by("index")
    return [{one.field: one.value for one in ledger.openings(index=row.index)} for row in rows]


def make_server(settings: Settings, monkeypatch: pytest.MonkeyPatch, state: Path) -> Server:
    """Return the server, not started yet."""
    settings.CONCLAVE = replace(settings.CONCLAVE, state_dir=state)
    owner = person("Alice")
    owner.is_owner = True
    owner.save()
    devices = [Device(user, Passkey(credential_id=user.name.encode())) for user in (owner, person("Erin"), person("Otto"))]
    made = Server(settings, devices[0], devices[1], devices[2])

    def cosign_now(*, now: int) -> int:
        made.asked.append(now)
        if not made.cosigned:
            raise cosign.WitnessAway
        made.signed.update(LedgerEntry.objects.values_list("index", flat=True))
        return len(made.signed)

    for name in ("is_cosigned", "was_cosigned"):
        monkeypatch.setattr(f"conclave.transparency.cosign.{name}", lambda *, index: index in made.signed)
    monkeypatch.setattr("conclave.transparency.cosign.cosign_now", cosign_now)
    monkeypatch.setattr(nodes, "BELIEVED_SECONDS", 0.0)
    made.has(territories(*NAMES))
    return made


@pytest.fixture
def server(settings: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Server:
    return make_server(settings, monkeypatch, tmp_path)


@pytest.fixture(autouse=True)
def _up() -> None:
    """Let every engine be up."""
    for name in NAMES:
        placement.report(region=name, up=True)


# What the rule says, without a database.

lists_of = st.builds(
    Lists, platform=st.frozensets(st.sampled_from(NAMES)), entered=st.frozensets(st.sampled_from(NAMES)),
    others=st.lists(st.none() | st.frozensets(st.sampled_from([*NAMES, "FR"])), max_size=2).map(tuple),
)  # fmt: skip


@given(lists=lists_of, up=st.frozensets(st.sampled_from(NAMES)), people=st.integers(1, 4), waited=st.sampled_from([0, 60_000]))
def test_reg_10_no_place_is_in_a_region_that_the_ledger_does_not_name(lists: Lists, up: frozenset[str], people: int, waited: int) -> None:
    """REG-10, whatever lists allow and whichever engines answer."""
    sites = [Site(name=name, territory=name.upper(), up=name in up) for name in NAMES]
    outcome = place(sites=sites, lists=lists, people=people, waited_ms=waited)
    assert not isinstance(outcome, Placed) or outcome.region in lists.entered
    if isinstance(outcome, Refuse) and outcome.reason is Reason.LEDGER:
        assert (outcome.status, outcome.again_in_ms is not None) == (503, True)


def test_reg_10_without_having_looked_at_the_ledger_nothing_counts() -> None:
    """REG-10: fail closed."""
    sites = [Site(name="fr", territory="FR", up=True)]
    assert place(sites=sites, lists=Lists(platform=frozenset({"fr"}))) == Refuse(status=503, reason=Reason.LEDGER, again_in_ms=60_000)


@given(
    first=st.none() | st.builds(Word, by=st.sampled_from("ab"), change=st.sampled_from("xy"), at=st.integers(NOW - 2 * WORD_MS, NOW + 9)),
    by=st.sampled_from("ab"),
    change=st.sampled_from("xy"),
)
def test_reg_11_it_takes_another_persons_word_for_the_same_change(first: Word | None, by: str, change: str) -> None:
    """REG-11."""
    if second_word(first=first, by=by, change=change, now=NOW):
        assert first is not None
        assert (first.by != by, first.change == change, 0 <= NOW - first.at <= WORD_MS) == (True, True, True)


def test_reg_11_the_settings_decide_before_the_first_entry_and_as_long_as_nobody_has_a_role() -> None:
    decided = {
        (entered, staffed): configuration_decides(entered=entered, staffed=staffed)
        for entered in (False, True)
        for staffed in (False, True)
    }
    assert decided == {(False, False): True, (False, True): True, (True, False): True, (True, True): False}


# What a server does.


@pytest.mark.usefixtures("server")
def test_reg_11_a_first_start_enters_what_the_settings_name_and_a_second_one_nothing() -> None:
    assert nodes.entered() == frozenset()
    assert enter_configuration(now=NOW) == 3
    assert nodes.entered() == {*NAMES}
    assert [(one["node"], one["state"], one["by"], one["engine"], one["territory"]) for one in entries()] == [
        (name, "serves", "configuration", "here", name.upper()) for name in NAMES
    ]
    assert enter_configuration(now=NOW + 1) == 0


def test_reg_11_an_installation_that_had_a_staff_before_enters_what_it_has_once(server: Server) -> None:
    """REG-11: an upgrade stops no calls; from its first start on, two people are needed."""
    server.staffed()
    assert enter_configuration(now=NOW) == 3
    assert nodes.entered() == {*NAMES}
    server.has(territories("cn"))
    assert enter_configuration(now=NOW + 1) == 0
    assert nodes.entered() == frozenset()


def test_reg_11_without_a_staff_a_changed_setting_is_entered_at_the_next_start_and_one_that_is_gone_is_taken_out(server: Server) -> None:
    enter_configuration(now=NOW)
    server.has({"fr": {"territory": "FR", "node_address": "203.0.113.7"}, "de": {"territory": "DE"}})
    assert nodes.entered() == {"de"}, "until the next start"
    assert enter_configuration(now=NOW + 1) == 2
    assert nodes.entered() == {"fr", "de"}
    assert [(one["node"], one["state"]) for one in entries()[3:]] == [("fr", "serves"), ("us", "gone")]
    last = LedgerEntry.objects.filter(kind="NODE").order_by("-index").first()
    assert last is not None
    assert '"prev":2' in last.leaf


def test_reg_10_with_a_staff_an_engine_that_the_settings_add_or_change_gets_no_call(server: Server) -> None:
    enter_configuration(now=NOW)
    server.staffed()
    server.has({**territories("fr", "de", "us"), "cn": {"territory": "CN"}, "de": {"territory": "DE", "node_address": "203.0.113.9"}})
    assert enter_configuration(now=NOW + 1) == 0
    assert nodes.entered() == {"fr", "us"}
    lists = placement.lists_of(others=(frozenset({"cn", "DE"}),))
    with pytest.raises(placement.RegionUnentered) as refused:
        placement.place(lists=lists, now=NOW)
    assert (refused.value.status, refused.value.again_at) == (503, NOW + 60_000)
    with pytest.raises(placement.RegionUnentered):
        placement.check_allowed(region="de", lists=lists, now=NOW)
    with pytest.raises(placement.RegionForbidden):
        placement.check_allowed(region="de", lists=placement.lists_of(others=(frozenset({"GB"}),)), now=NOW)
    assert placement.place(lists=placement.lists_of(others=()), now=NOW).id == "fr"


def test_reg_11_taking_every_role_away_does_not_bring_the_first_time_back(server: Server) -> None:
    enter_configuration(now=NOW)
    server.staffed()
    with transaction.atomic():
        journal(kind="staff_granted", fields={"role": "engineer"}, now=NOW)
    StaffMember.objects.all().delete()
    server.has(territories("cn"))
    assert enter_configuration(now=NOW + 1) == 0
    assert nodes.entered() == frozenset()


def test_reg_11_two_people_enter_an_engine_and_it_counts_once_it_is_cosigned(server: Server) -> None:
    enter_configuration(now=NOW)
    server.staffed()
    server.cosigned = False
    server.has(territories("fr", "de", "us", "gb"))
    assert not server.approves(server.owner, "gb")
    assert "gb" not in nodes.entered()
    assert len(entries()) == 3
    assert server.approves(server.erin, "gb", now=NOW + 60_000)
    said = entries()[3]
    assert (said["node"], said["by"], said["state"], said["countries"]) == ("gb", "two_people", "serves", "-,FR")
    assert not NodeApproval.objects.exists()
    assert "gb" not in nodes.entered(), "the witness is away"
    with pytest.raises(cosign.WitnessAway):
        enter.settle({})
    server.cosigned = True
    enter.settle({})
    assert nodes.entered() == {"fr", "de", "us", "gb"}
    assert list(JournalEntry.objects.filter(kind__startswith="node_").values_list("kind", flat=True)) == ["node_approved", "node_entered"]
    server.cosigned = False
    assert nodes.entered() == {"fr", "de", "us", "gb"}, "a witness that is away later stops nothing"


def test_reg_11_nobody_is_two_people_and_nobody_else_is_one(server: Server) -> None:
    enter_configuration(now=NOW)
    server.staffed()
    server.has(territories("gb"))
    server.approves(server.erin, "gb")
    with pytest.raises(StaffOtherRole):
        server.approves(server.erin, "gb")
    rita, bob = (Device(person(name), Passkey(credential_id=name.encode())) for name in ("Rita", "Bob"))
    StaffMember.objects.create(user=rita.user, orders="approver", work_country="DE", since=NOW)
    with pytest.raises(StaffRoleMissing):
        server.approves(rita, "gb")
    with pytest.raises(StaffUnknown):
        server.approves(bob, "gb")
    with pytest.raises(PasskeyNotShown):
        server.approves(server.otto, "gb", later=5 * 60_000 + 1)
    assert nodes.entered() == frozenset()
    assert server.approves(server.otto, "gb")


def test_reg_11_an_approval_is_of_exactly_what_the_settings_said_then(server: Server) -> None:
    enter_configuration(now=NOW)
    server.staffed()
    server.has(territories("gb"))
    server.approves(server.erin, "gb")
    server.has(territories("gb", node_address="203.0.113.66"))
    assert not server.approves(server.otto, "gb"), "another engine than Erin has looked at"
    assert server.approves(server.erin, "gb")
    assert entries()[-1]["addresses"] == "203.0.113.66"


def test_reg_11_a_passkey_for_one_engine_enters_no_other(server: Server) -> None:
    enter_configuration(now=NOW)
    server.staffed()
    server.has(territories("gb"))
    question = ask_word(region="gb", out=False, account=account(server.erin.user), now=NOW)
    shown = server.erin.answers(question)
    server.has(territories("gb", node_address="203.0.113.66"))
    with pytest.raises(PasskeyNotShown):
        give_word(region="gb", out=False, account=account(server.erin.user), shown=shown, now=NOW)


def test_reg_11_the_first_word_falls_when_its_giver_loses_the_role_or_a_week_is_over(server: Server) -> None:
    enter_configuration(now=NOW)
    server.staffed()
    server.has(territories("gb"))
    server.approves(server.erin, "gb")
    StaffMember.objects.filter(user=server.erin.user).update(apart="auditor")
    assert not server.approves(server.otto, "gb"), "Erin is no engineer any more"
    assert not server.approves(server.owner, "gb", now=NOW + WORD_MS + 1), "Otto's word is too old"
    assert APPROVALS.sweep(now=NOW + 3 * WORD_MS) == 1


def test_reg_11_two_people_take_an_engine_out_and_that_counts_at_once(server: Server) -> None:
    enter_configuration(now=NOW)
    server.staffed()
    server.cosigned = False
    server.approves(server.owner, "us", out=True)
    assert "us" in nodes.entered()
    server.approves(server.otto, "us", out=True)
    assert nodes.entered() == {"fr", "de"}
    assert entries()[-1]["state"] == "gone"
    assert enter_configuration(now=NOW + 1) == 0, "the settings name it still, and do not decide"
    with pytest.raises(enter.NodeNotNow):
        server.approves(server.erin, "us", out=True)
    with pytest.raises(enter.NodeNotNow):
        server.approves(server.erin, "nowhere")


@pytest.mark.usefixtures("server")
def test_reg_10_another_key_pair_is_another_engine(tmp_path: Path) -> None:
    enter_configuration(now=NOW)
    pair = tmp_path / "engine" / "de.key.json"
    pair.rename(tmp_path / "away")
    assert nodes.entered() == {"fr", "us"}
    (tmp_path / "away").replace(pair)
    assert nodes.entered() == {*NAMES}, "what is read once is not believed of another file"


@pytest.mark.parametrize("people", [("a", "a"), ("a", ""), ("", "")])
def test_reg_11_the_database_refuses_an_engine_that_one_person_entered(server: Server, people: tuple[str, str]) -> None:
    enter_configuration(now=NOW)
    server.staffed()
    server.has(territories("gb"))
    for who in (server.erin, server.otto):
        server.approves(who, "gb")
    row = Node.objects.get(pk="gb")
    assert {row.first, row.second} == {account(server.erin.user), account(server.otto.user)}
    with pytest.raises(IntegrityError), transaction.atomic():
        Node.objects.filter(pk="gb").update(first=people[0], second=people[1])
    with pytest.raises(IntegrityError), transaction.atomic():
        Node.objects.filter(pk="fr").update(by="two_people")


def test_reg_11_whoever_is_erased_is_one_of_two_people_still(server: Server) -> None:
    enter_configuration(now=NOW)
    server.staffed()
    server.has(territories("gb"))
    for who in (server.erin, server.otto):
        server.approves(who, "gb")
    erin = account(server.erin.user)
    assert list(personal.export(account=erin)["nodes_entered"]) == [{"region": "gb", "entered_at": NOW}]
    for who in (server.erin, server.otto):
        personal.erase(account=account(who.user), now=NOW)
    row = Node.objects.get(pk="gb")
    assert not {row.first, row.second} & {erin, account(server.otto.user)}


def test_reg_11_an_approval_of_another_change_does_not_push_the_first_one_out(server: Server) -> None:
    enter_configuration(now=NOW)
    server.staffed()
    server.has(territories("fr", "de", "us", node_address="203.0.113.66"))
    assert not server.approves(server.erin, "de")
    assert not server.approves(server.owner, "de", out=True)
    (seen,) = (one for one in node_list.nodes_for_staff(account=account(server.otto.user), now=NOW) if one.region == "de")
    assert (seen.approved, seen.by_me) == (True, False)
    assert server.approves(server.otto, "de"), "Erin's word for it stands"
    assert not NodeApproval.objects.exists()


def test_reg_11_settings_undo_nothing_that_another_live_gateways_settings_name(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """REG-11: a second gateway with other tables; what is new comes in at once, the rest when the first one is gone."""
    enter_configuration(now=NOW)
    monkeypatch.setattr(gateways, "own_name", lambda: "first")
    gateways.say(now=NOW)
    monkeypatch.setattr(gateways, "own_name", lambda: "second")
    server.has({"fr": {"territory": "FR", "node_address": "203.0.113.7"}, "de": {"territory": "DE"}, "gb": {"territory": "GB"}})
    assert enter_configuration(now=NOW + 1) == 1
    assert nodes.entered() == {"de", "gb"}
    assert gateways.held_by_others(now=NOW + 1) == {"fr", "us"}
    enter.settle_put_off(NOW + gateways.ALIVE_MS - 1)
    assert len(entries()) == 4
    later = NOW + 2 * gateways.ALIVE_MS
    assert gateways.held_by_others(now=later) == frozenset()
    enter.settle_put_off(later)
    assert nodes.entered() == {"fr", "de", "gb"}
    assert [(one["node"], one["state"]) for one in entries()[4:]] == [("fr", "serves"), ("us", "gone")]
    assert GATEWAYS.sweep(now=NOW + 2 * clock.DAY) == 1


def test_reg_11_the_same_gateway_with_other_settings_waits_for_nobody(server: Server) -> None:
    enter_configuration(now=NOW)
    server.settings.CONCLAVE = replace(server.settings.CONCLAVE, database="postgresql://a@127.0.0.1/a")
    gateways.settle(NOW)
    assert Gateway.objects.count() == 1
    server.has({"fr": {"territory": "FR", "node_address": "203.0.113.7"}})
    assert enter_configuration(now=NOW + 1) == 3
    assert gateways.held_by_others(now=NOW + 1) == frozenset()


def test_reg_10_an_engine_that_names_another_address_is_another_one(server: Server) -> None:
    """REG-10: what an engine names itself is where media goes."""
    fr = {"territory": "FR", "addresses": "203.0.113.7", "node_address": "203.0.113.7"}
    server.has({"fr": fr})
    enter_configuration(now=NOW)
    server.staffed()
    server.has({"fr": {**fr, "node_address": "203.0.113.66"}})
    assert nodes.entered() == frozenset()


def test_reg_12_an_engine_that_shares_its_calls_gets_none_whatever_the_ledger_says(server: Server) -> None:
    """REG-12: until it is seen to work alone again."""
    server.has(territories("fr"))
    enter_configuration(now=NOW)
    server.staffed()
    alone.note(region="fr", alone=False)
    try:
        assert nodes.entered() == frozenset()
        with pytest.raises(placement.RegionUnentered):
            placement.place(lists=placement.lists_of(others=()), now=NOW)
        page = page_of(browser(server.erin.user))
        assert 'data-region="fr" data-standing="shared"' in page
        assert "Take the Redis out of its configuration" in page
        assert "Approve that it is entered" not in page
    finally:
        alone.note(region="fr", alone=True)
    assert nodes.entered() == {"fr"}
    assert 'data-region="fr" data-standing="serves"' in page_of(browser(server.erin.user))


def test_reg_10_what_is_set_for_engines_of_this_machine_says_nothing_of_one_elsewhere(server: Server) -> None:
    there = {"territory": "FR", "engine": "10.8.0.2:7880", "addresses": "203.0.113.7"}
    server.has({"fr": there})
    enter_configuration(now=NOW)
    server.staffed()
    server.has({"fr": {**there, "node_address": "203.0.113.66"}})
    assert nodes.entered() == {"fr"}


@pytest.mark.parametrize("write", ["row", "back", "territory", "counts"])
def test_reg_10_whoever_writes_a_row_past_the_ledger_opens_nothing(server: Server, write: str) -> None:
    """REG-10: direct SQL writes; the entry that a row names has to say the same, and to be the last about that engine."""
    enter_configuration(now=NOW)
    server.staffed()
    server.has({**territories("fr", "de", "us"), "cn": {"territory": "CN"}})
    before = Node.objects.get(pk="de")
    said = {region.name: nodes.describe(region) for region in server.settings.CONCLAVE.all_regions}
    if write == "row":
        Node.objects.create(
            region="cn", obj="x" * 22, leaf=before.leaf, described=said["cn"], by="configuration", entered_at=NOW, counts_at=NOW
        )
    elif write == "back":
        for who in (server.owner, server.erin):
            server.approves(who, "de", out=True)
        Node.objects.filter(pk="de").update(leaf=before.leaf, described=before.described, by=before.by, first="", second="", counts_at=NOW)
    elif write == "territory":
        server.has({"fr": {"territory": "FR"}, "us": {"territory": "US"}, "de": {"territory": "CN"}})
        changed = nodes.describe(server.settings.CONCLAVE.all_regions[2])
        Node.objects.filter(pk="de").update(described=changed)
    else:
        server.cosigned = False
        for who in (server.owner, server.erin):
            server.approves(who, "cn")
        Node.objects.filter(pk="cn").update(counts_at=NOW)
    assert nodes.entered() - {"de"} == {"fr", "us"}
    assert write in {"row", "counts"} or "de" not in nodes.entered()


def test_reg_10_an_opening_that_was_changed_opens_nothing(server: Server) -> None:
    enter_configuration(now=NOW)
    Opening.objects.filter(entry_id=Node.objects.get(pk="fr").leaf, field="territory").update(value="CN")
    server.has({**territories("de", "us"), "fr": {"territory": "CN"}})
    Node.objects.filter(pk="fr").update(described=nodes.describe(server.settings.CONCLAVE.all_regions[2]))
    assert nodes.entered() == {"de", "us"}


@pytest.mark.parametrize("change", [{"by": "somebody"}, {"counts_at": NOW - 1}])
@pytest.mark.usefixtures("server")
def test_reg_10_the_database_refuses_what_no_entry_can_be(change: dict[str, Any]) -> None:
    enter_configuration(now=NOW)
    with pytest.raises(IntegrityError), transaction.atomic():
        Node.objects.filter(pk="fr").update(**change)


STEPS = st.one_of(
    st.tuples(st.just("start")),
    st.tuples(st.just("appoint")),
    st.tuples(st.just("dismiss"), st.integers(0, 2)),
    st.tuples(st.just("settings"), st.dictionaries(st.sampled_from(NAMES), st.sampled_from(["203.0.113.1", "203.0.113.2"]), min_size=1)),
    st.tuples(st.just("approve"), st.integers(0, 2), st.sampled_from(NAMES), st.booleans()),
    st.tuples(st.just("witness"), st.booleans()),
    st.tuples(st.just("cosign")),
    st.tuples(st.just("time"), st.sampled_from([1, WORD_MS // 2, WORD_MS + 1])),
)


@pytest.mark.slow
@examples(max_examples=longer(30), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(STEPS, max_size=25))
def test_reg_11_whatever_anybody_does_in_whatever_order_no_engine_serves_that_one_person_has_added(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, steps: list[tuple[Any, ...]]
) -> None:
    """REG-10, REG-11: after each step, a region has calls only if the ledger's last word says so of this very engine, and every entry
    that was made with a staff has the words of two people.
    """
    with transaction.atomic():
        walk(make_server(settings, monkeypatch, tmp_path), [("start",), *steps])
        transaction.set_rollback(True)


@dataclass
class Walk:
    """A server over time, and whose words there are for which change."""

    server: Server
    now: int = NOW
    words: dict[tuple[str, str], set[str]] = field(default_factory=dict)
    before: int = 0

    @property
    def people(self) -> list[Device]:
        """Return the owner and two who may be engineers."""
        return [self.server.owner, self.server.erin, self.server.otto]

    def start(self) -> None:
        enter_configuration(now=self.now)

    def appoint(self) -> None:
        if not StaffMember.objects.exists():
            self.server.staffed()
            journal(kind="staff_granted", fields={}, now=self.now)

    def dismiss(self, who: int) -> None:
        if who:
            StaffMember.objects.filter(user=self.people[who].user).update(apart="")

    def settings(self, tables: dict[str, str]) -> None:
        self.server.has({name: {"territory": name.upper(), "node_address": address} for name, address in tables.items()})

    def approve(self, who: int, region: str, out: bool) -> None:  # noqa: FBT001 - a step's
        change = enter.pending(region=region, out=out).digest
        self.server.approves(self.people[who], region, out=out, now=self.now)
        self.words.setdefault((region, change), set()).add(self.people[who].user.pk)

    def witness(self, there: bool) -> None:  # noqa: FBT001 - a step's
        self.server.cosigned = there

    def cosign(self) -> None:
        enter.settle({})

    def time(self, ms: int) -> None:
        self.now += ms

    def check(self, *, ever: bool) -> None:
        """Look at what was entered since, and at where calls may be held."""
        found = entries()
        for one in found[self.before :]:
            assert one["by"] == ("two_people" if ever else "configuration")
            if ever:
                named = {name: one[name] for name in nodes.describe(self.server.settings.CONCLAVE.all_regions[0])}
                change = enter.Change(region=one["node"], described=named if one["state"] == "serves" else {}).digest
                assert len(self.words.pop((one["node"], change))) == 2
        self.before = len(found)
        for region in nodes.entered():
            last = [one for one in found if one["node"] == region][-1]
            (wanted,) = (nodes.describe(one) for one in self.server.settings.CONCLAVE.all_regions if one.name == region)
            assert {name: last[name] for name in (*wanted, "state")} == {**wanted, "state": "serves"}


def walk(server: Server, steps: list[tuple[Any, ...]]) -> None:
    """Take the steps; look after each."""
    going = Walk(server)
    for name, *how in steps:
        going.now += 1
        ever = was_staffed() and bool(entries())
        with contextlib.suppress(ConclaveError), transaction.atomic():
            getattr(going, name)(*how)
        going.check(ever=ever)


# Pages.


def test_two_people_enter_an_engine_on_their_page(server: Server) -> None:
    enter_configuration(now=NOW)
    server.staffed()
    server.has(territories("fr", "gb"))
    pages = {who.user.name: browser(who.user) for who in (server.owner, server.erin)}
    for who in (server.owner, server.erin):
        page = pages[who.user.name].get("/staff/nodes").content.decode()
        assert 'data-region="gb" data-standing="new"' in page
        assert 'data-region="us" data-standing="left"' in page
        asks = pages[who.user.name].post("/staff/nodes", {"region": "gb"})
        assert "Region gb: calls may be held on this engine" in asks.content.decode()
        said = who.confirms(pages[who.user.name], "/staff/nodes", {"region": "gb"}).content.decode()
        assert ("It takes another person." if who is server.owner else "The ledger has it.") in said
        assert ("One of two people has approved that it is entered. That was you." in page_of(pages["Alice"])) == (who is server.owner)
    enter.settle({})
    assert 'data-region="gb" data-standing="serves"' in page_of(pages["Erin"])
    french = Client(headers={"accept-language": "fr"})
    french.force_login(server.erin.user)
    assert "Moteurs média" in page_of(french)


def page_of(client: Client) -> str:
    return client.get("/staff/nodes").content.decode()


def test_who_has_no_part_in_engines_sees_none(server: Server) -> None:
    enter_configuration(now=NOW)
    server.staffed()
    bob = person("Bob")
    assert browser(bob).get("/staff/nodes").status_code == 404
    StaffMember.objects.create(user=bob, orders="reviewer", since=NOW)
    assert browser(bob).get("/staff/nodes").status_code == 403
    StaffMember.objects.filter(user=bob).update(orders="", apart="auditor")
    answer = browser(bob).get("/staff/nodes")
    assert answer.status_code == 200
    assert "Approve that it is" not in answer.content.decode()
    assert browser(bob).post("/staff/nodes", {"region": "fr", "out": "yes"}).status_code == 403


@pytest.mark.usefixtures("server")
def test_everybody_reads_which_engines_the_ledger_names_and_by_whose_decision() -> None:
    assert "the ledger does not name all that would carry calls there, so none is held now" in Client().get("/trust").content.decode()
    enter_configuration(now=NOW)
    assert "entered by the settings alone" in Client().get("/trust").content.decode()
    assert Client().get("/trust/regions/nowhere").status_code == 404
    assert node_list.entries()["fr"].by == "configuration"


def test_the_outbox_asks_the_witness_for_what_two_people_decided(server: Server) -> None:
    enter_configuration(now=NOW)
    server.staffed()
    server.has(territories("gb"))
    for who in (server.owner, server.otto):
        server.approves(who, "gb")
    assert outbox.is_waiting(kind=enter.COSIGN)

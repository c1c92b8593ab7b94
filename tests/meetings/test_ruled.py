"""What an organisation enforces binds its meetings on every path: made, changed, entered, kept (docs/protocol/organisations.md)."""

from collections.abc import Callable, Collection
from dataclasses import replace
from typing import Any

import pytest
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from conclave.accounts.belong import leave, remove_member
from conclave.accounts.models import IdentityProvider, ProviderIdentity, User
from conclave.accounts.organise import dissolve
from conclave.accounts.rulebook import current, save
from conclave.accounts.rules import BROWSER, CLIENTS, Entrance, Guests, Hosts, Policy, Rotation, Rule, SignIn, Wanted, reaches, tightened
from conclave.accounts.standing import OrganisationUnknown
from conclave.gate.policy import Admit, Bar, Decision, Door, Facts, Refuse, Standing, Waiting, Who, admit
from conclave.kernel import clock, outbox
from conclave.kernel.ids import new_id
from conclave.keys.mls import MlsInstance
from conclave.meetings import retention, ruled
from conclave.meetings.departure import finish
from conclave.meetings.door import EMPTY_HANDED, KnockRequired, Newcomer, Pass, Shown
from conclave.meetings.invitations import change_invitation, invite
from conclave.meetings.join import Again, Ticket, join
from conclave.meetings.knock import knock
from conclave.meetings.links import replace_between_calls
from conclave.meetings.models import Call, Ended, Invitation, Meeting, Participant
from conclave.meetings.models import Knock as KnockRow
from conclave.meetings.own import change_meeting, create_meeting
from conclave.meetings.plan import call_off, plan_meeting, unplan
from conclave.meetings.queries import own_meeting
from conclave.meetings.ruled import (
    ENTRANCES,
    ClientRuled,
    EntranceRuled,
    GuestsRuled,
    HostsRuled,
    PresetRuled,
    ProviderRuled,
    RuleMet,
    SignInRuled,
)
from conclave.meetings.schedule import DAYS, Every, Repeat, Schedule, settled, times
from tests.accounts.organisation import belongs, make, person, seat
from tests.accounts.test_rules import MEETINGS, POLICIES
from tests.meetings.conftest import NOW, Link, Posts, account_of, device_of, key_of
from tests.meetings.test_knock import listed, say

pytestmark = pytest.mark.django_db
SECOND = frozenset({"second_factor"})
Rules = Callable[..., None]


@pytest.fixture
def school(alice: User, bob: User) -> str:
    """Alice's school, to which Bob belongs."""
    made = make(alice, now=NOW)
    belongs(made, alice, bob, now=NOW)
    return made


@pytest.fixture
def rules(school: str, alice: User) -> Rules:
    """Return a function by which Alice saves a policy; whatever it names is enforced, unless told otherwise."""

    def act(*enforced: Rule, **policy: Any) -> None:
        seen = current(organisation=school, account=account_of(alice)).number
        wanted = Policy(**policy, enforced=frozenset(enforced))
        save(organisation=school, account=account_of(alice), policy=wanted, seen=seen, now=NOW)

    return act


def made(school: str, owner: User, *, shown: Collection[str] = (), **meeting: Any) -> Link:
    """Let somebody make a meeting of the school; return what its link shows."""
    link = Link(meeting=new_id(), link_id=new_id())
    fields = {"preset": "open", "host_hash": new_id(), "title": "", **meeting}
    create_meeting(meeting=link.meeting, link_id=link.link_id, owner=account_of(owner), organisation=school, shown=shown, now=NOW, **fields)
    return link


def someone(name: str, user: User | None = None, *, shown: Collection[str] = ()) -> Newcomer:
    """Return somebody at a door, signed in or not."""
    account = account_of(user) if user else None
    return Newcomer(name=name, signature_key=key_of(name), device=device_of(name), account=account, shown=shown)


def enters(link: Link, who: Newcomer, *, shown: Shown = EMPTY_HANDED, again: Again | None = None, at: int = NOW) -> Ticket:
    """Let somebody ask for a seat."""
    return join(meeting=link.meeting, link_id=link.link_id, newcomer=who, again=again, shown=shown, now=at)


def planned_weekly() -> Schedule:
    """Return a plan for every week from tomorrow on."""
    start = clock.to_datetime(NOW + clock.DAY).replace(tzinfo=None, second=0, microsecond=0)
    return Schedule(start=start, zone="UTC", minutes=60, repeat=Repeat(every=Every.WEEK, days=(DAYS[start.weekday()],)))


def knocks(link: Link, who: Newcomer) -> Pass:
    """Let somebody knock."""
    return knock(meeting=link.meeting, link_id=link.link_id, newcomer=who, seal=None, shown=EMPTY_HANDED, now=NOW)


# RULE-2: who makes meetings, and what they may be.


@pytest.mark.parametrize(
    "case",
    [
        ({"hosts": Hosts.ROLES, "host_roles": frozenset({"owner"})}, Rule.HOSTS, HostsRuled),
        ({"hosts": Hosts.PEOPLE}, Rule.HOSTS, HostsRuled),
        ({"sign_in": SignIn.SECOND_FACTOR}, Rule.SIGN_IN, SignInRuled),
        ({"sign_in": SignIn.SSO}, Rule.SIGN_IN, ProviderRuled),
        ({"clients": frozenset()}, Rule.CLIENTS, ClientRuled),
        ({"presets": frozenset({"school"}), "preset": "school"}, Rule.PRESET, PresetRuled),
    ],
)
def test_rule_2_a_member_who_meets_an_enforced_rule_makes_no_meeting_and_reads_whose_it_is(
    school: str, rules: Rules, bob: User, case: tuple[dict[str, Any], Rule, type[RuleMet]]
) -> None:
    policy, rule, refusal = case
    rules(rule, **policy)
    with pytest.raises(refusal) as met:
        made(school, bob)
    assert (met.value.organisation, met.value.rule) == ("Harbour School", rule.value)
    assert "Harbour School" in met.value.text
    assert not Meeting.objects.exists()
    rules(**policy)
    made(school, bob)
    assert Meeting.objects.get().organisation_id == school


def test_rule_2_those_who_are_named_host_and_a_second_factor_opens_what_asks_for_one(school: str, rules: Rules, bob: User) -> None:
    rules(Rule.HOSTS, Rule.SIGN_IN, hosts=Hosts.PEOPLE, host_people=frozenset({seat(school, bob)}), sign_in=SignIn.SECOND_FACTOR)
    made(school, bob, shown=SECOND)
    assert Meeting.objects.get().owner == bob


def test_rule_2_a_stranger_makes_no_meeting_there_and_is_told_no_more_than_of_nothing(school: str, rules: Rules) -> None:
    rules(Rule.GUESTS, guests=Guests.NONE)
    charlie = person("Charlie")
    for where in (school, new_id()):
        with pytest.raises(OrganisationUnknown):
            made(where, charlie)
    assert not Meeting.objects.exists()


def test_rule_2_who_may_host_no_more_invites_nobody_plans_nothing_and_replaces_no_link(school: str, rules: Rules, bob: User) -> None:
    """RULE-2: what only takes back is theirs all the same."""
    link, account = made(school, bob), account_of(bob)
    own: dict[str, Any] = {"meeting": link.meeting, "owner": account}
    weekly = settled(schedule=planned_weekly(), now=NOW)
    invited = invite(**own, digest="A" * 43, whom="Emil", days=7, now=NOW)
    plan_meeting(**own, title="Plans", schedule=weekly, now=NOW)
    wall = times(schedule=weekly, now=NOW, most=2)[1].wall
    rules(Rule.HOSTS, Rule.SIGN_IN, hosts=Hosts.ROLES, host_roles=frozenset({"owner"}), sign_in=SignIn.SECOND_FACTOR)
    change_invitation(**own, invitation=invited.invitation, revoked=True, now=NOW)
    call_off(**own, wall=wall, off=True, now=NOW)
    before = Meeting.objects.values().get()
    for act in (
        lambda: invite(**own, digest="B" * 43, whom="Dora", days=7, now=NOW),
        lambda: change_invitation(**own, invitation=invited.invitation, revoked=False, now=NOW),
        lambda: plan_meeting(**own, title="Others", schedule=weekly, now=NOW),
        lambda: call_off(**own, wall=wall, off=False, now=NOW),
        lambda: replace_between_calls(**own, link_id=new_id(), now=NOW),
        lambda: change_meeting(**own, title="Others", now=NOW),
    ):
        with pytest.raises(HostsRuled):
            act()
    assert (Meeting.objects.values().get(), Invitation.objects.get().revoked_at) == (before, NOW)
    unplan(**own, now=NOW)
    rules(Rule.SIGN_IN, sign_in=SignIn.SECOND_FACTOR)
    with pytest.raises(SignInRuled):
        invite(**own, digest="B" * 43, whom="Dora", days=7, now=NOW)
    invite(**own, digest="B" * 43, whom="Dora", days=7, shown=SECOND, now=NOW)


def test_rule_2_a_plan_that_is_refused_says_whose_policy_it_is(school: str, rules: Rules, bob: User) -> None:
    """RULE-2, RULE-4: in the form, beside what was typed."""
    link = made(school, bob)
    rules(Rule.HOSTS, hosts=Hosts.ROLES, host_roles=frozenset({"owner"}))
    browser = Client()
    browser.force_login(bob)
    day = clock.to_day(NOW + clock.DAY)
    answer = browser.post(
        f"/meetings/{link.meeting}/plan",
        {"title": "Plans", "day": day, "time": "09:00", "zone": "UTC", "minutes": "60", "repeats": "never"},
    )
    assert answer.status_code == 422
    assert "Harbour School" in answer.content.decode()


@pytest.mark.parametrize("changes", [{"waiting": "nobody"}, {"waiting": "nobody", "before_host": True}])
def test_rule_2_an_enforced_preset_is_asked_for_in_full(school: str, rules: Rules, bob: User, changes: dict[str, Any]) -> None:
    rules(Rule.PRESET, presets=frozenset({"school"}), preset="school")
    with pytest.raises(EntranceRuled):
        made(school, bob, preset=None, changes=changes)
    link = made(school, bob, preset=None, changes={"waiting": "everybody"})
    row = Meeting.objects.get()
    assert (row.preset, row.waiting, row.before_host) == ("school", "everybody", False)
    with pytest.raises(EntranceRuled):
        change_meeting(meeting=link.meeting, owner=account_of(bob), changes={"waiting": "nobody"}, now=NOW)
    with pytest.raises(PresetRuled):
        change_meeting(meeting=link.meeting, owner=account_of(bob), preset="open", now=NOW)
    change_meeting(meeting=link.meeting, owner=account_of(bob), title="Still his to name", now=NOW)
    assert Meeting.objects.get().waiting == "everybody"


@pytest.mark.parametrize(
    "case",
    [
        (Rule.GUESTS, {"guests": Guests.ADMITTED}, {"guests": "allowed"}, {"guests": "none"}),
        (Rule.SIGN_IN, {"sign_in": SignIn.SECOND_FACTOR}, {"sign_in": "password"}, {"sign_in": "sso"}),
        (Rule.REGIONS, {"regions": frozenset({"FR", "DE"})}, {"regions": ["FR", "US"]}, {"regions": ["DE"]}),
        (Rule.RETENTION, {"retention_days": 30}, {"retention_days": 31}, {"retention_days": 1}),
        (Rule.ROTATION, {"rotation": Rotation(days=7)}, {"rotation_days": 8}, {"rotation_days": 7, "rotation_after_call": True}),
    ],
)
def test_rule_2_a_meeting_says_what_is_stricter_and_never_what_is_looser(
    school: str, rules: Rules, bob: User, case: tuple[Rule, dict[str, Any], Any, Any]
) -> None:
    rule, policy, looser, stricter = case
    rules(rule, **policy)
    with pytest.raises(RuleMet) as met:
        made(school, bob, own_rules=looser, shown=SECOND)
    assert met.value.rule == rule.value
    link = made(school, bob, own_rules=stricter, shown=SECOND)
    with pytest.raises(RuleMet):
        change_meeting(meeting=link.meeting, owner=account_of(bob), own_rules=looser, shown=SECOND, now=NOW)
    rules(**policy)
    change_meeting(meeting=link.meeting, owner=account_of(bob), own_rules=looser, shown=SECOND, now=NOW)
    nothing: Any = dict.fromkeys(looser)
    change_meeting(meeting=link.meeting, owner=account_of(bob), own_rules=nothing, shown=SECOND, now=NOW)
    assert Meeting.objects.get(pk=link.meeting).kept_days is None


@pytest.mark.parametrize(
    "case",
    [
        (Rule.GUESTS, {"guests": Guests.ADMITTED}, {"guests": "allowed"}),
        (Rule.SIGN_IN, {"sign_in": SignIn.SECOND_FACTOR}, {"sign_in": "password"}),
        (Rule.REGIONS, {"regions": frozenset({"FR", "DE"})}, {"regions": ["FR", "US"]}),
        (Rule.RETENTION, {"retention_days": 30}, {"retention_days": 31}),
        (Rule.ROTATION, {"rotation": Rotation(days=7, after_call=True)}, {"rotation_days": 8}),
    ],
)
def test_rule_2_a_change_is_refused_for_what_it_asks_and_never_for_what_a_meeting_said_before_the_rule(
    school: str, rules: Rules, bob: User, case: tuple[Rule, dict[str, Any], Any]
) -> None:
    rule, policy, looser = case
    link = made(school, bob, own_rules=looser, shown=SECOND)
    rules(rule, **policy)
    change_meeting(meeting=link.meeting, owner=account_of(bob), changes={"capacity": 9}, shown=SECOND, now=NOW)
    assert Meeting.objects.get().capacity == 9
    with pytest.raises(RuleMet) as met:
        change_meeting(meeting=link.meeting, owner=account_of(bob), own_rules=looser, shown=SECOND, now=NOW)
    assert met.value.rule == rule.value


def test_rule_2_a_meeting_takes_an_enforced_preset_over_with_its_next_settings_and_not_with_its_title(
    school: str, rules: Rules, bob: User
) -> None:
    link = made(school, bob)
    rules(Rule.PRESET, presets=frozenset({"school"}), preset="school")
    change_meeting(meeting=link.meeting, owner=account_of(bob), title="Plans", now=NOW)
    assert Meeting.objects.get().preset == "open"
    change_meeting(meeting=link.meeting, owner=account_of(bob), changes={"capacity": 9}, now=NOW)
    row = Meeting.objects.get()
    assert (row.preset, row.waiting, row.before_host, row.capacity) == ("school", "strangers", False, 9)
    with pytest.raises(EntranceRuled):
        change_meeting(meeting=link.meeting, owner=account_of(bob), changes={"waiting": "nobody"}, now=NOW)


# RULE-3: at the door.


def test_rule_3_guests_come_in_by_no_way_where_there_are_to_be_none(school: str, rules: Rules, alice: User, bob: User) -> None:
    """Not by the link, an invitation, a host's word, nor after a policy that came later than they knocked."""
    link = made(school, alice)
    host = enters(link, someone("Alice", alice))
    listed(host)
    Meeting.objects.filter(pk=link.meeting).update(waiting="everybody")
    let_in = knocks(link, someone("Charlie"))
    say(host, let_in)
    rules(Rule.GUESTS, guests=Guests.NONE)
    Meeting.objects.filter(pk=link.meeting).update(waiting="nobody")
    invite(meeting=link.meeting, owner=account_of(alice), digest="B" * 43, whom="charlie@example.org", days=7, now=NOW)
    charlie = person("Charlie")
    for who in (someone("Charlie"), someone("Charlie", charlie), someone("Charlie", charlie, shown=SECOND)):
        for shown in (EMPTY_HANDED, Shown(let_in=let_in), Shown(passcode="anything")):
            with pytest.raises(GuestsRuled) as met:
                enters(link, who, shown=shown)
            assert (met.value.organisation, met.value.rule) == ("Harbour School", "guests")
        with pytest.raises(GuestsRuled):
            knocks(link, who)
    assert enters(link, someone("Bob", bob)).name == "Bob"
    assert set(Participant.objects.values_list("name", flat=True)) == {"Alice", "Bob"}


def test_rule_3_whoever_holds_the_host_key_and_is_no_member_is_a_guest(school: str, rules: Rules, alice: User) -> None:
    link, mls = made(school, alice), MlsInstance()
    keys = MlsInstance().call("new_link", meeting=link.meeting)
    Meeting.objects.filter(pk=link.meeting).update(host_hash=keys["host_hash"])
    opened = mls.call("open", meeting=link.meeting, secret=keys["secret"], host_hash=keys["host_hash"], host_key=keys["host_key"])
    word = mls.call("sign_entry")
    shown = Shown(host=(str(word["key"]), str(word["signature"])))
    who = Newcomer(name="Charlie", signature_key=str(opened["signature_key"]), device=device_of("Charlie"), account=None)
    rules(Rule.GUESTS, guests=Guests.NONE)
    with pytest.raises(GuestsRuled):
        enters(link, who, shown=shown)
    rules(Rule.GUESTS, guests=Guests.ADMITTED)
    with pytest.raises(KnockRequired):
        enters(link, who, shown=shown)
    rules(Rule.SIGN_IN, sign_in=SignIn.SECOND_FACTOR)
    with pytest.raises(SignInRuled):
        enters(link, who, shown=shown)
    rules()
    assert enters(link, who, shown=shown).name == "Charlie"


def test_rule_3_guests_who_have_to_be_let_in_knock_and_members_walk_in(school: str, rules: Rules, alice: User, bob: User) -> None:
    rules(Rule.GUESTS, guests=Guests.ADMITTED)
    link = made(school, alice)
    host = enters(link, someone("Alice", alice))
    listed(host)
    with pytest.raises(KnockRequired):
        enters(link, someone("Charlie"))
    let_in = knocks(link, someone("Charlie"))
    assert KnockRow.objects.get().why == "guest"
    enters(link, someone("Bob", bob))
    say(host, let_in)
    assert enters(link, someone("Charlie"), shown=Shown(let_in=let_in)).name == "Charlie"


@pytest.mark.parametrize("sign_in", [SignIn.SECOND_FACTOR, SignIn.SSO])
def test_rule_3_members_and_hosts_have_signed_in_as_it_is_asked(school: str, rules: Rules, alice: User, bob: User, sign_in: SignIn) -> None:
    refusal = ProviderRuled if sign_in is SignIn.SSO else SignInRuled
    link = made(school, alice)
    rules(Rule.SIGN_IN, sign_in=sign_in)
    for who in (someone("Alice", alice), someone("Bob", bob), someone("Bob", bob, shown={"sso:another"})):
        with pytest.raises(refusal):
            enters(link, who)
    assert not Call.objects.exists()
    enters(link, someone("Bob", bob, shown={f"sso:{school}"}))
    if sign_in is SignIn.SECOND_FACTOR:
        enters(link, someone("Alice", alice, shown=SECOND))


@pytest.mark.parametrize("name", ["Alice", "Bob"])
def test_rule_3_a_seat_that_is_taken_back_makes_nobody_a_member_or_host_who_has_not_signed_in_for_it(
    school: str, rules: Rules, alice: User, bob: User, name: str
) -> None:
    """JOIN-2."""
    link, user = made(school, alice), {"Alice": alice, "Bob": bob}[name]
    rules(Rule.SIGN_IN, sign_in=SignIn.SECOND_FACTOR)
    ticket = enters(link, someone(name))
    for shown, account in (((), None), (SECOND, user.pk), ((), user.pk)):
        again = Again(participant=ticket.participant, seat=ticket.seat)
        ticket = enters(link, someone(name, user, shown=shown), again=again)
        row = Participant.objects.get()
        assert (row.account_id, row.pseudonym != "", row.role) == (
            account, account is not None, "host" if account == alice.pk else "guest"
        )  # fmt: skip


def test_rule_3_who_waits_while_the_settings_change_is_judged_as_a_member_too(school: str, rules: Rules, alice: User, bob: User) -> None:
    rules(Rule.GUESTS, guests=Guests.ADMITTED)
    link = made(school, alice, changes={"waiting": "everybody"})
    knocks(link, someone("Bob", bob))
    knocks(link, someone("Charlie"))
    change_meeting(meeting=link.meeting, owner=account_of(alice), changes={"waiting": "nobody"}, now=NOW)
    states = dict(KnockRow.objects.values_list("device", "state"))
    assert states == {device_of("Bob"): "admitted", device_of("Charlie"): "waiting"}


def test_a_policy_that_is_tightened_binds_meetings_that_are_there(school: str, rules: Rules, alice: User) -> None:
    """RULE-1."""
    link = made(school, alice)
    enters(link, someone("Charlie"))
    rules(Rule.PRESET, presets=frozenset({"school", "guarded"}), preset="school")
    with pytest.raises(KnockRequired):
        enters(link, someone("Dora"))
    shown = own_meeting(meeting=link.meeting, owner=account_of(alice)).entrance
    assert (shown.preset, shown.waiting, shown.before_host) == ("school", "strangers", False)
    rules()
    assert enters(link, someone("Dora")).name == "Dora"


def test_whoever_sits_in_a_call_stays_and_takes_their_seat_back(school: str, rules: Rules, alice: User) -> None:
    link = made(school, alice)
    ticket = enters(link, someone("Charlie"))
    rules(Rule.GUESTS, guests=Guests.NONE)
    assert enters(link, someone("Charlie"), again=Again(participant=ticket.participant, seat=ticket.seat)).participant == ticket.participant
    with pytest.raises(GuestsRuled):
        enters(link, someone("Dora"))


def test_a_meeting_outside_of_the_organisation_is_nobodys_business(link: Link, rules: Rules) -> None:
    rules(Rule.GUESTS, Rule.SIGN_IN, guests=Guests.NONE, sign_in=SignIn.SSO)
    assert enters(link, someone("Charlie")).name == "Charlie"


STANDINGS = st.builds(
    Standing,
    host=st.booleans(),
    let_in=st.booleans(),
    signed_in=st.booleans(),
    invited=st.booleans(),
    passcode=st.booleans(),
    link_old=st.booleans(),
    member=st.booleans(),
    sign_in=st.sampled_from(SignIn),
    client=st.sampled_from(["browser", "telephone"]),
)


def at(policy: Policy, wanted: Wanted, standing: Standing, *, link_due: bool = False) -> Decision:
    """Return what the gate says at the door of a meeting under a policy."""
    holds = tightened(policy=policy, wanted=wanted, presets=ENTRANCES)
    door = Door(
        who=Who(holds.entrance.who),
        waiting=Waiting(holds.entrance.waiting),
        before_host=holds.entrance.before_host,
        guests=holds.guests,
        sign_in=holds.sign_in,
        clients=holds.clients,
        link_due=link_due,
    )
    return admit(Facts(subjects=frozenset(), scopes=frozenset(), now=0, door=door, standing=standing))


def enforcing(policy: Policy, rule: Rule, **says: Any) -> Policy:
    """Return a policy that enforces this rule, and takes browsers."""
    return replace(policy, **{"clients": frozenset(CLIENTS), "enforced": policy.enforced | {rule}, **says})


@given(POLICIES, MEETINGS, STANDINGS)
def test_rule_3_no_guest_is_admitted_whom_an_enforced_rule_refuses(policy: Policy, wanted: Wanted, standing: Standing) -> None:
    guest = replace(standing, member=False, client=BROWSER)
    assert isinstance(at(enforcing(policy, Rule.GUESTS, guests=Guests.NONE), wanted, guest), Refuse)
    unknown = replace(guest, let_in=False)
    assert not isinstance(at(enforcing(policy, Rule.GUESTS, guests=Guests.ADMITTED), wanted, unknown), Admit)


@given(POLICIES, MEETINGS, STANDINGS, st.sampled_from(SignIn))
def test_rule_3_no_member_or_host_is_admitted_who_signed_in_too_weakly(
    policy: Policy, wanted: Wanted, standing: Standing, asked: SignIn
) -> None:
    standing = replace(standing, client=BROWSER)
    decision = at(enforcing(policy, Rule.SIGN_IN, sign_in=asked), wanted, standing)
    weak = (standing.member or standing.host) and not reaches(sign_in=standing.sign_in, asked=asked)
    assert isinstance(decision, Refuse) or not weak


@given(POLICIES, MEETINGS, STANDINGS)
def test_rule_3_no_other_kind_of_client_comes_in_and_past_its_day_a_link_only_knocks(
    policy: Policy, wanted: Wanted, standing: Standing
) -> None:
    assert at(replace(policy, clients=frozenset()), wanted, standing) == Refuse(reason=Bar.CLIENT)
    assert at(policy, wanted, replace(standing, client="telephone")) == Refuse(reason=Bar.CLIENT)
    unknown = replace(standing, host=False, let_in=False)
    assert not isinstance(at(policy, wanted, unknown, link_due=True), Admit)


# RULE-4: what the person reads, by the API.


def test_rule_4_the_api_says_which_rule_and_whose_in_the_readers_language(
    school: str, rules: Rules, bob: User, posts: Posts, client: Client
) -> None:
    rules(Rule.PRESET, Rule.GUESTS, presets=frozenset({"school"}), preset="school", guests=Guests.NONE)
    client.force_login(bob)
    body = {"meeting": new_id(), "link_id": new_id(), "host_hash": new_id(), "organisation": school, "preset": "open"}
    answer = posts("/meetings", body, **{"accept-language": "fr"})
    error = answer.json()["error"]
    assert (answer.status_code, error["code"], error["organisation"], error["rule"]) == (
        422,
        "organisation_preset",
        "Harbour School",
        "preset",
    )
    assert error["message"].startswith("La politique de «\u00a0Harbour School\u00a0» n’autorise pas ce modèle.")
    offered = client.get("/api/v1/policies").json()["policies"]
    assert offered == [{"organisation": school, "name": "Harbour School", "presets": ["school"], "preset": "school", "refusal": ""}]
    assert posts("/meetings", {**body, "preset": "school"}).status_code == 201
    mine = client.get("/api/v1/meetings").json()["meetings"][0]["organisation"]
    assert (mine["name"], mine["guests"], mine["enforced"], mine["link_due_at"]) == ("Harbour School", "none", ["guests", "preset"], None)
    client.logout()
    who = {"name": "Charlie", "signature_key": key_of("Charlie"), "device": device_of("Charlie")}
    refused = posts("/join", {"v": 1, "meeting": body["meeting"], "link_id": body["link_id"], **who})
    assert (refused.status_code, refused.json()["error"]["code"]) == (403, "organisation_guests")
    knocked = posts("/knock", {"v": 1, "meeting": body["meeting"], "link_id": body["link_id"], **who})
    assert knocked.json()["error"]["code"] == "organisation_guests"
    lobby = posts("/lobby", {"meeting": body["meeting"], "link_id": body["link_id"]}).json()
    assert (lobby["sign_in"], lobby["open"], lobby["live"]) == (True, False, False)


def test_the_api_makes_no_meeting_of_an_organisation_for_nobody(school: str, posts: Posts) -> None:
    body = {"meeting": new_id(), "link_id": new_id(), "host_hash": new_id(), "organisation": school}
    assert posts("/meetings", {**body, "now": "a token"}).json()["error"]["code"] == "malformed"
    assert posts("/meetings", body).json()["error"]["code"] == "not_signed_in"
    assert not Meeting.objects.exists()


def test_a_second_factor_in_the_session_is_what_the_rule_asks_for(
    school: str, rules: Rules, bob: User, posts: Posts, client: Client
) -> None:
    rules(Rule.SIGN_IN, sign_in=SignIn.SECOND_FACTOR)
    client.force_login(bob)
    body = {"meeting": new_id(), "link_id": new_id(), "host_hash": new_id(), "organisation": school}
    assert posts("/meetings", body).json()["error"]["code"] == "organisation_sign_in"
    session = client.session
    session["account_authentication_methods"] = [{"method": "password"}, {"method": "mfa", "type": "webauthn"}]
    session["account_authentication_methods_user"] = bob.pk
    session.save()
    assert posts("/meetings", body).status_code == 201


def test_the_organisations_own_provider_is_the_strongest_and_vouches_for_one_person(
    school: str, rules: Rules, bob: User, posts: Posts, client: Client
) -> None:
    rules(Rule.SIGN_IN, sign_in=SignIn.SSO)
    client.force_login(bob)
    body = {"meeting": new_id(), "link_id": new_id(), "host_hash": new_id(), "organisation": school}
    set_up: dict[str, Any] = {"kind": "oidc", "issuer": "https://login.example.org", "is_on": True, "changed_at": NOW}
    IdentityProvider.objects.create(organisation_id=school, **set_up)
    tied: dict[str, Any] = {"issuer": "https://login.example.org", "subject": "s-1", "linked_at": NOW, "used_at": NOW}
    identity = ProviderIdentity.objects.create(organisation_id=school, user=bob, **tied)
    said: dict[str, Any] = {"organisation": school, "identity": identity.pk, "account": bob.pk, "set_up": NOW, "at": NOW}
    for wrong, answer in (({"organisation": new_id()}, 403), ({"account": new_id()}, 403), ({}, 201)):
        session = client.session
        session["vouched_for"] = {**said, **wrong}
        session.save()
        assert posts("/meetings", body).status_code == answer


def test_what_is_refused_to_somebody_is_said_before_they_try(rules: Rules, bob: User, client: Client) -> None:
    rules(Rule.HOSTS, hosts=Hosts.ROLES, host_roles=frozenset({"owner"}))
    client.force_login(bob)
    (offered,) = client.get("/api/v1/policies").json()["policies"]
    assert "says who may host its meetings, and you are not among them" in offered["refusal"]


# RULE-5 and RULE-6: on time.


def test_rule_5_a_link_that_is_due_only_knocks_until_it_is_replaced(school: str, rules: Rules, alice: User, bob: User) -> None:
    rules(Rule.ROTATION, rotation=Rotation(days=7))
    link, week = made(school, alice), NOW + 7 * clock.DAY
    assert enters(link, someone("Bob", bob), at=week - 1).name == "Bob"
    with pytest.raises(KnockRequired):
        enters(link, someone("Charlie"), at=week)
    assert enters(link, someone("Alice", alice), at=week).role == "host"
    finish(call=Call.objects.get().pk, reason=Ended.EMPTY, now=week)
    newer = Link(meeting=link.meeting, link_id=new_id())
    replace_between_calls(meeting=link.meeting, owner=account_of(alice), link_id=newer.link_id, now=week)
    assert enters(newer, someone("Charlie"), at=week + 1).name == "Charlie"


def test_rule_5_after_a_call_the_link_is_due_at_once(school: str, rules: Rules, alice: User) -> None:
    rules(Rule.ROTATION, rotation=Rotation(after_call=True))
    link = made(school, alice)
    finish(call=enters(link, someone("Charlie")).call, reason=Ended.EMPTY, now=NOW + 5)
    house = own_meeting(meeting=link.meeting, owner=account_of(alice)).house
    assert house is not None
    assert house.link_due_at == NOW + 5
    with pytest.raises(KnockRequired):
        enters(link, someone("Charlie"), at=NOW + 6)


def test_rule_5_a_link_that_a_call_used_stays_due_when_the_call_is_forgotten(school: str, rules: Rules, alice: User) -> None:
    rules(Rule.ROTATION, rotation=Rotation(after_call=True))
    link = made(school, alice)
    ended = NOW + 5
    finish(call=enters(link, someone("Charlie")).call, reason=Ended.EMPTY, now=ended)
    assert retention.LINK_USED.sweep(now=ended + retention.CALL_MS - 1) == 0
    over = ended + retention.CALL_MS
    for rule in (retention.CALLS, retention.LINK_USED):
        assert rule.sweep(now=over) == 1
        assert rule.sweep(now=over) == 0
    assert not Call.objects.exists()
    assert Meeting.objects.get().link_used_at == NOW, "of the call no time is left"
    with pytest.raises(KnockRequired):
        enters(link, someone("Charlie"), at=over)
    newer = Link(meeting=link.meeting, link_id=new_id())
    replace_between_calls(meeting=link.meeting, owner=account_of(alice), link_id=newer.link_id, now=over)
    assert enters(newer, someone("Charlie"), at=over).name == "Charlie"


@pytest.mark.parametrize(
    "case",
    [((Rule.RETENTION,), None, 30), ((Rule.RETENTION,), 10, 10), ((), None, 30), ((), 60, 60), ((), 10, 10)],
)
def test_rule_6_calls_and_idle_meetings_go_on_time(
    school: str, rules: Rules, alice: User, link: Link, case: tuple[tuple[Rule, ...], int | None, int]
) -> None:
    enforced, own_days, kept = case
    rules(*enforced, retention_days=30)
    house = made(school, alice, own_rules={"retention_days": own_days})
    for one in (house, link):
        finish(call=enters(one, someone("Charlie")).call, reason=Ended.EMPTY, now=NOW)
    over = NOW + kept * clock.DAY
    for rule in (retention.UNUSED, retention.CALLS):
        assert rule.sweep(now=over - 1) == 0
    enters(house, someone("Bob"), at=over - 1)
    assert retention.UNUSED.sweep(now=over) == 0, "somebody is in it"
    assert retention.CALLS.sweep(now=over) == 1
    assert Call.objects.filter(meeting=link.meeting).exists(), "a meeting outside of it is kept as this server does"
    finish(call=Call.objects.get(meeting=house.meeting).pk, reason=Ended.EMPTY, now=over)
    assert retention.UNUSED.sweep(now=over + kept * clock.DAY) == 1
    assert Meeting.objects.get(pk=house.meeting).deleted_at == over + kept * clock.DAY
    assert Meeting.objects.get(pk=link.meeting).deleted_at is None


def test_rule_6_what_was_longer_before_a_rule_was_enforced_goes_by_the_rule(school: str, rules: Rules, alice: User) -> None:
    rules(retention_days=30)
    house = made(school, alice, own_rules={"retention_days": 200})
    finish(call=enters(house, someone("Charlie")).call, reason=Ended.EMPTY, now=NOW)
    rules(Rule.RETENTION, retention_days=30)
    assert retention.CALLS.sweep(now=NOW + 30 * clock.DAY - 1) == 0
    assert retention.CALLS.sweep(now=NOW + 30 * clock.DAY) == 1


# Whose meeting it is when somebody goes.


@pytest.mark.parametrize("way", ["leaves", "removed", "dissolved"])
def test_a_meeting_goes_with_its_owner(school: str, rules: Rules, alice: User, bob: User, way: str) -> None:
    rules(Rule.GUESTS, guests=Guests.NONE)
    his, hers = made(school, bob), made(school, alice)
    if way == "leaves":
        leave(organisation=school, account=account_of(bob), now=NOW)
    elif way == "removed":
        remove_member(organisation=school, account=account_of(alice), membership=seat(school, bob), now=NOW)
    else:
        dissolve(organisation=school, account=account_of(alice), name="Harbour School", now=NOW)
    outbox.run_due(now=clock.now() + 1)
    outbox.run_due(now=clock.now() + 1)
    assert enters(his, someone("Charlie")).name == "Charlie"
    assert Meeting.objects.get(pk=his.meeting).organisation_id is None
    assert Meeting.objects.get(pk=hers.meeting).organisation_id == (None if way == "dissolved" else school)


def test_what_a_change_would_concern_is_counted_by_rule(school: str, alice: User, bob: User) -> None:
    for owner in (alice, bob, bob):
        made(school, owner)
    made(school, bob, own_rules={"guests": "none"})
    after = Policy(guests=Guests.NONE, enforced=frozenset({Rule.GUESTS, Rule.PRESET}), presets=frozenset({"open"}), preset="open")
    counted = ruled.concerned(organisation=school, before=Policy(), after=after)
    assert {rule: count for rule, count in counted.items() if count != (0, 0)} == {Rule.GUESTS: (3, 2)}
    assert ENTRANCES["open"] == Entrance()

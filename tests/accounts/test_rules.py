"""accounts/rules.py: what is enforced is never loosened, what is a default holds until a meeting says otherwise (RULE-1, RULE-2)."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from conclave.accounts.policy import ROLES
from conclave.accounts.rules import (
    CLIENTS,
    DAY_MS,
    WAITING,
    WHO,
    Entrance,
    Guests,
    Hosts,
    Maker,
    Policy,
    Remedy,
    Rotation,
    Rule,
    Ruling,
    SignIn,
    Wanted,
    Wishes,
    due_at,
    hosts,
    may_be,
    may_host,
    reaches,
    sign_in_of,
    tightened,
    within,
)
from conclave.gate.policy import Waiting, Who
from conclave.meetings.ruled import ENTRANCES

REGIONS = st.none() | st.frozensets(st.sampled_from(["FR", "DE", "US", "CN"]))
DAYS = st.integers(min_value=0, max_value=365)
ROTATIONS = st.builds(Rotation, days=DAYS, after_call=st.booleans())
PRESETS = st.sampled_from(sorted(ENTRANCES))
POLICIES = st.builds(
    Policy,
    hosts=st.sampled_from(Hosts),
    host_roles=st.frozensets(st.sampled_from(ROLES)),
    host_people=st.frozensets(st.sampled_from(["alices", "bobs"])),
    sign_in=st.sampled_from(SignIn),
    presets=st.frozensets(PRESETS),
    preset=PRESETS,
    guests=st.sampled_from(Guests),
    clients=st.frozensets(st.sampled_from(CLIENTS)),
    regions=REGIONS,
    retention_days=DAYS,
    rotation=ROTATIONS,
    enforced=st.frozensets(st.sampled_from(Rule)),
)
WISHES = st.builds(
    Wishes,
    sign_in=st.none() | st.sampled_from(SignIn),
    guests=st.none() | st.sampled_from(Guests),
    regions=REGIONS,
    retention_days=st.none() | st.integers(min_value=1, max_value=365),
    rotation=st.none() | ROTATIONS,
)
ENTRANCE = st.builds(Entrance, who=st.sampled_from(WHO), waiting=st.sampled_from(WAITING), before_host=st.booleans())
MEETINGS = st.builds(Wanted, preset=PRESETS, entrance=ENTRANCE, wishes=WISHES)
MAKERS = st.builds(
    Maker,
    role=st.sampled_from(["", *ROLES]),
    membership=st.sampled_from(["alices", "bobs", "charlies"]),
    sign_in=st.sampled_from(SignIn),
    client=st.sampled_from([*CLIENTS, "telephone"]),
)


def asks_no_less(first: Entrance, second: Entrance) -> bool:
    """Tell whether the first entrance asks for everything that the second does."""
    who = WHO.index(first.who) >= WHO.index(second.who)
    return who and WAITING.index(first.waiting) >= WAITING.index(second.waiting) and (second.before_host or not first.before_host)


def no_longer(first: int, second: int) -> bool:
    """Tell whether something is kept for no longer than it would be otherwise; 0 is without an end."""
    return second == 0 or 0 < first <= second


def test_the_words_of_the_door_are_the_gates_in_this_order() -> None:
    assert (list(Who), list(Waiting)) == (list(WHO), list(WAITING))


@given(POLICIES, MEETINGS)
def test_rule_1_an_enforced_rule_is_never_loosened_by_a_meeting(policy: Policy, wanted: Wanted) -> None:
    holds = tightened(policy=policy, wanted=wanted, presets=ENTRANCES)
    if Rule.SIGN_IN in policy.enforced:
        assert reaches(sign_in=holds.sign_in, asked=policy.sign_in)
    if Rule.GUESTS in policy.enforced:
        assert list(Guests).index(holds.guests) >= list(Guests).index(policy.guests)
    if Rule.RETENTION in policy.enforced:
        assert no_longer(holds.retention_days, policy.retention_days)
    if Rule.ROTATION in policy.enforced:
        assert no_longer(holds.rotation.days, policy.rotation.days)
        assert holds.rotation.after_call or not policy.rotation.after_call
    if Rule.PRESET in policy.enforced:
        assert not policy.presets or holds.preset in policy.presets
        assert asks_no_less(holds.entrance, ENTRANCES[holds.preset])
    assert asks_no_less(holds.entrance, wanted.entrance)
    assert holds.clients == policy.clients
    assert not holds.recording


@given(REGIONS, REGIONS)
def test_the_regions_of_both_are_outside_of_neither(first: frozenset[str] | None, second: frozenset[str] | None) -> None:
    both = within(first, second)
    assert both == within(second, first)
    assert (both is None) == (first is None and second is None)
    for named in (first, second):
        assert named is None or both is not None
        assert named is None or (both or frozenset()) <= named


@given(POLICIES, MEETINGS)
def test_rule_1_enforced_regions_are_never_left(policy: Policy, wanted: Wanted) -> None:
    holds = tightened(policy=replace(policy, enforced=policy.enforced | {Rule.REGIONS}), wanted=wanted, presets=ENTRANCES)
    if policy.regions is not None:
        assert holds.regions is not None
        assert holds.regions <= policy.regions


@given(POLICIES, MEETINGS)
def test_rule_1_a_default_holds_until_the_meeting_says_otherwise(policy: Policy, wanted: Wanted) -> None:
    free = replace(policy, enforced=frozenset())
    says, held = wanted.wishes, tightened(policy=free, wanted=wanted, presets=ENTRANCES)
    assert (held.preset, held.entrance) == (wanted.preset, wanted.entrance)
    for word, rule, value in (
        (says.sign_in, policy.sign_in, held.sign_in),
        (says.guests, policy.guests, held.guests),
        (says.regions, policy.regions, held.regions),
        (says.retention_days, policy.retention_days, held.retention_days),
        (says.rotation, policy.rotation, held.rotation),
    ):
        assert value == (rule if word is None else word)
    assert may_be(ruling=Ruling(organisation="o", name="School", policy=free), wanted=wanted, presets=ENTRANCES).allowed


@given(POLICIES, MEETINGS)
def test_rule_2_a_meeting_may_be_exactly_where_nothing_enforced_would_change_it(policy: Policy, wanted: Wanted) -> None:
    decision = may_be(ruling=Ruling(organisation="o", name="School", policy=policy), wanted=wanted, presets=ENTRANCES)
    holds = tightened(policy=policy, wanted=wanted, presets=ENTRANCES)
    says = wanted.wishes
    kept = {
        Rule.PRESET: (holds.preset, holds.entrance) == (wanted.preset, wanted.entrance),
        Rule.SIGN_IN: says.sign_in in {None, holds.sign_in},
        Rule.GUESTS: says.guests in {None, holds.guests},
        Rule.REGIONS: says.regions is None or says.regions == holds.regions,
        Rule.RETENTION: says.retention_days in {None, holds.retention_days},
        Rule.ROTATION: says.rotation in {None, holds.rotation},
    }
    broken = {rule for rule, fine in kept.items() if not fine}
    assert broken <= policy.enforced
    assert decision.allowed == (not broken)
    if decision.rule is not None:
        assert decision.rule in broken
        assert decision.organisation == "School"
        assert decision.remedy in {Remedy.CHOOSE_ANOTHER, Remedy.CHOOSE_STRICTER}


@given(POLICIES, MAKERS)
def test_rule_2_somebody_may_host_exactly_where_every_enforced_rule_is_met(policy: Policy, maker: Maker) -> None:
    decision = may_host(ruling=Ruling(organisation="o", name="School", policy=policy), maker=maker)
    met = {
        Rule.HOSTS: hosts(policy=policy, role=maker.role, membership=maker.membership),
        Rule.SIGN_IN: reaches(sign_in=maker.sign_in, asked=policy.sign_in),
        Rule.CLIENTS: maker.client in policy.clients,
    }
    broken = {rule for rule in policy.enforced if not met.get(rule, True)}
    assert decision.allowed == (not broken)
    assert decision.rule in broken if broken else decision.rule is None
    assert decision.organisation == ("School" if broken else "")


@given(POLICIES, st.sampled_from(["alices", "charlies"]))
def test_whoever_does_not_belong_hosts_nothing(policy: Policy, membership: str) -> None:
    assert not hosts(policy=policy, role="", membership=membership)


def test_another_organisations_provider_is_worth_a_password_here() -> None:
    assert sign_in_of(shown={"sso:theirs"}, organisation="ours") is SignIn.PASSWORD
    assert sign_in_of(shown={"sso:theirs", "second_factor"}, organisation="ours") is SignIn.SECOND_FACTOR
    assert sign_in_of(shown={"sso:ours"}, organisation="ours") is SignIn.SSO


@given(ROTATIONS, st.integers(min_value=0, max_value=10**6), st.none() | st.integers(min_value=0, max_value=10**6))
def test_a_link_is_due_after_its_days_and_after_a_call_that_ended_since_it_was_made(
    rotation: Rotation, since: int, after: int | None
) -> None:
    end = None if after is None else since + after
    due = due_at(rotation=rotation, since=since, used=end)
    by_call = rotation.after_call and end is not None
    assert (due is None) == (not rotation.days and not by_call)
    if due is not None:
        assert since <= due
        assert not rotation.days or due <= since + rotation.days * DAY_MS
        assert not by_call or (end is not None and due <= end)

"""accounts/policy.py: who may do what in an organisation, as properties of the one rule."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conclave.accounts.policy import ADMIN, AUDITOR, MEMBER, OWNER, ROLES, Act, Facts, Reason, decide, open_to

ANY_ROLE = st.sampled_from([*ROLES, "", "root"])
FACTS = st.builds(
    Facts, actor=ANY_ROLE, target=ANY_ROLE, role=ANY_ROLE, oneself=st.booleans(), owners=st.integers(min_value=1, max_value=3)
)
ACTS = st.sampled_from(Act)


@given(ACTS, FACTS)
def test_a_stranger_is_told_the_same_whatever_they_ask(act: Act, facts: Facts) -> None:
    stranger = replace(facts, actor="")
    assert decide(act=act, facts=stranger).reason is Reason.STRANGER
    assert not open_to(role="")


@given(ACTS, FACTS)
def test_an_auditor_reads_the_journal_and_the_policy_or_leaves_and_nothing_else(act: Act, facts: Facts) -> None:
    allowed = decide(act=act, facts=replace(facts, actor=AUDITOR)).allowed
    assert allowed == (act in {Act.READ_JOURNAL, Act.SEE_POLICY, Act.SEE_MEETINGS, Act.LEAVE})


@given(ACTS, FACTS)
def test_a_member_only_leaves(act: Act, facts: Facts) -> None:
    assert decide(act=act, facts=replace(facts, actor=MEMBER)).allowed == (act is Act.LEAVE)


@given(ACTS, FACTS)
def test_an_admin_touches_neither_admins_nor_owners_and_makes_none(act: Act, facts: Facts) -> None:
    facts = replace(facts, actor=ADMIN)
    if not decide(act=act, facts=facts).allowed:
        return
    assert act not in {Act.TRANSFER, Act.DISSOLVE}
    if act in {Act.CHANGE_ROLE, Act.REMOVE, Act.REVOKE}:
        assert facts.target in {MEMBER, AUDITOR}
    if act in {Act.CHANGE_ROLE, Act.INVITE}:
        assert facts.role in {MEMBER, AUDITOR}


@given(FACTS)
def test_the_last_owner_stays_one(facts: Facts) -> None:
    last = replace(facts, actor=OWNER, owners=1)
    assert decide(act=Act.LEAVE, facts=last).reason is Reason.LAST_OWNER
    down = decide(act=Act.CHANGE_ROLE, facts=replace(last, target=OWNER, role=ADMIN))
    assert down.reason is Reason.LAST_OWNER
    # Whoever removes an owner is one, and nobody removes themselves: one stays.
    assert not decide(act=Act.REMOVE, facts=replace(last, oneself=True)).allowed


@pytest.mark.parametrize("role", [ADMIN, MEMBER, AUDITOR])
def test_an_owner_is_replaced_by_the_one_they_choose(role: str) -> None:
    assert decide(act=Act.TRANSFER, facts=Facts(actor=OWNER, target=role)).allowed
    assert decide(act=Act.TRANSFER, facts=Facts(actor=OWNER, target=OWNER, oneself=True)).reason is Reason.OWN_SEAT


def test_nobody_is_invited_as_an_owner() -> None:
    assert [role for role in ROLES if decide(act=Act.INVITE, facts=Facts(actor=OWNER, role=role)).allowed] == [ADMIN, MEMBER, AUDITOR]


@given(ACTS, FACTS)
def test_what_is_open_to_a_role_is_all_that_it_is_ever_allowed(act: Act, facts: Facts) -> None:
    if decide(act=act, facts=facts).allowed:
        assert act in open_to(role=facts.actor)


STEPS = st.lists(st.tuples(st.integers(0, 4), ACTS, st.integers(0, 4), st.sampled_from(ROLES)), max_size=40)


@given(STEPS)
def test_no_sequence_of_acts_ends_without_an_owner(steps: list[tuple[int, Act, int, str]]) -> None:
    """As accounts/belong.py carries the decisions out; test_organisation.py does the same with the tables."""
    seats = [OWNER, ADMIN, MEMBER, AUDITOR, ""]
    for by, act, on, role in steps:
        facts = Facts(actor=seats[by], target=seats[on], role=role, oneself=by == on, owners=seats.count(OWNER))
        if not decide(act=act, facts=facts).allowed:
            continue
        if act is Act.INVITE:
            seats[on] = seats[on] or role
        elif act is Act.LEAVE:
            seats[by] = ""
        elif seats[on] and act in {Act.CHANGE_ROLE, Act.REMOVE, Act.TRANSFER}:
            seats[by] = ADMIN if act is Act.TRANSFER else seats[by]
            seats[on] = {Act.CHANGE_ROLE: role, Act.REMOVE: "", Act.TRANSFER: OWNER}[act]
        assert OWNER in seats

"""staff: the table of who may do what, as data (STAFF-1, STAFF-2, STAFF-4); written down a second time here, by hand, as the reference."""

from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st

from conclave.accounts.staff_policy import (
    APART,
    CASES,
    DANGEROUS,
    FRESH_MS,
    GIVEN,
    ORDERS,
    READS,
    TABLE,
    Act,
    Case,
    Extent,
    Person,
    Reason,
    Role,
    conflict,
    may,
)
from tests.conftest import longer

NOW = 1_800_000_000_000
# X everything, n only with a nexus, o only their own case, m metadata, 2 with a second person.
REFERENCE = """
                     intake reviewer approver moderator senior appeals auditor engineer owner
read_order           X      X        X        .         n      n       X       .        .
receive_order        X      .        .        .         .      .       .       .        .
review_order         .      X        .        .         .      .       .       .        .
draft_measure        .      X        .        .         .      .       .       .        .
approve_measure      .      .        X        .         .      .       .       .        .
lift_measure         X      X        X        .         .      .       .       .        .
see_reports          .      .        .        o         X      o       m       .        .
open_engine          .      .        .        .         .      .       .       2        .
see_nodes            .      .        .        .         .      .       X       X        X
enter_node           .      .        .        .         .      .       .       X        X
see_applications     .      X        .        .         .      .       X       .        .
decide_application   .      X        .        .         .      .       .       .        .
see_staff            .      .        .        .         .      .       X       .        X
change_staff         .      .        .        .         .      .       .       .        X
"""
SIGNS = {"X": Extent.ALL, "n": Extent.NEXUS, "o": Extent.OWN_CASE, "m": Extent.METADATA, "2": Extent.SECOND}
ROLES = st.frozensets(st.sampled_from(list(Role)), max_size=4)
LANDS = st.frozensets(st.sampled_from(["FR", "DE", "HK", "CN"]), max_size=2)
PEOPLE = st.builds(
    Person,
    roles=ROLES,
    work_country=st.sampled_from(["", "FR", "HK", "US"]),
    recused=LANDS,
    place=st.sampled_from(["", "FR", "US"]),
    shown_at=st.sampled_from([None, NOW, NOW - FRESH_MS, NOW - FRESH_MS - 1, NOW + 1]),
)
CASES_OF = st.builds(
    Case,
    territories=LANDS,
    party=st.booleans(),
    oneself=st.booleans(),
    own=st.booleans(),
    nexus=st.booleans(),
    acted=st.frozensets(st.sampled_from(list(ORDERS)), max_size=1),
    second=st.booleans(),
    established=LANDS,
    court=st.booleans(),
    places=st.sampled_from([frozenset(), frozenset(["FR"])]),
)


def test_the_table_is_the_one_that_was_agreed_on() -> None:
    head, *lines = REFERENCE.strip("\n").splitlines()
    agreed = {}
    for line in lines:
        act, *signs = line.split()
        agreed[Act(act)] = {Role(role): SIGNS[sign] for role, sign in zip(head.split(), signs, strict=True) if sign != "."}
    assert agreed == TABLE
    assert set(TABLE) == set(Act)


def best(act: Act, role: Role) -> Case:
    """Return a case in which nothing stands in the way."""
    del act, role
    return Case(own=True, nexus=True, second=True)


def test_each_cell_lets_its_role_act_and_every_other_role_is_refused() -> None:
    for act in Act:
        for role in Role:
            person = Person(roles=frozenset([role]), work_country="US", shown_at=NOW)
            verdict = may(person=person, act=act, case=best(act, role), now=NOW)
            if role in TABLE[act]:
                assert (verdict.allowed, verdict.extent) == (True, TABLE[act][role]), (act, role)
            else:
                assert verdict.reason is Reason.ROLE_MISSING, (act, role)
        assert may(person=Person(shown_at=NOW), act=act, case=Case(), now=NOW).reason is Reason.NOT_STAFF


@examples(max_examples=longer(300))
@given(person=PEOPLE, act=st.sampled_from(list(Act)), case=CASES_OF)
def test_whatever_is_allowed_keeps_every_rule(person: Person, act: Act, case: Case) -> None:
    verdict = may(person=person, act=act, case=case, now=NOW)
    assert verdict.allowed == (verdict.extent is not None)
    if not verdict.allowed:
        return
    held = person.roles & set(TABLE[act])
    assert verdict.extent in {TABLE[act][role] for role in held}
    assert not case.party
    assert not case.oneself
    assert not case.territories & person.recused
    assert not case.places or person.place in case.places or Role.OWNER in held, "works elsewhere (STAFF-5)"
    assert case.nexus or verdict.extent is not Extent.NEXUS
    assert case.own or verdict.extent is not Extent.OWN_CASE
    assert case.second or verdict.extent is not Extent.SECOND
    if act in DANGEROUS:
        assert person.shown_at is not None
        assert NOW - FRESH_MS <= person.shown_at <= NOW
    if act not in READS:
        assert not case.acted - person.roles, "whoever acted in another role"
    if act is Act.APPROVE_MEASURE:
        assert not case.acted, "neither received, nor reviewed, nor approved it before (O10)"
        assert person.work_country
        assert person.work_country not in case.territories or (case.court and person.work_country in case.established)


@examples(max_examples=longer(100))
@given(
    works=st.sampled_from(["FR", "HK", "US"]),
    territories=LANDS,
    established=LANDS,
    court=st.booleans(),
    acted=st.sampled_from([frozenset(), frozenset(), *(frozenset([role]) for role in Role)]),
)
def test_who_approves_did_nothing_else_in_it_and_works_elsewhere_unless_a_court_of_the_operators_own_country_asks(
    works: str,
    territories: frozenset[str],
    established: frozenset[str],
    court: bool,  # noqa: FBT001 - by name
    acted: frozenset[Role],
) -> None:
    person = Person(roles=frozenset([Role.APPROVER]), work_country=works, shown_at=NOW)
    case = Case(territories=territories, established=established, court=court, acted=acted)
    elsewhere = works not in territories or (court and works in established)
    assert may(person=person, act=Act.APPROVE_MEASURE, case=case, now=NOW).allowed == (elsewhere and not acted)
    nowhere = Person(roles=frozenset([Role.APPROVER]), shown_at=NOW)
    assert not may(person=nowhere, act=Act.APPROVE_MEASURE, case=case, now=NOW).allowed


@examples(max_examples=longer(200))
@given(roles=st.sets(st.sampled_from(list(GIVEN))))
def test_nobody_holds_two_roles_of_one_desk_nor_anything_beside_standing_apart(roles: set[Role]) -> None:
    allowed = len(roles & set(ORDERS)) <= 1 and len(roles & set(CASES)) <= 1 and (not roles & set(APART) or len(roles) == 1)
    assert conflict(roles=roles) is not allowed

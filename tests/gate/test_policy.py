"""gate/policy.py: the one rule of admission, as a property."""

from dataclasses import replace
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from conclave.gate.policy import (
    Admit,
    Bar,
    Cause,
    Decision,
    Door,
    Facts,
    Knock,
    Refuse,
    Restriction,
    Scope,
    Standing,
    Subject,
    Waiting,
    What,
    Who,
    Why,
    admit,
)  # fmt: skip

SUBJECTS = st.tuples(st.sampled_from(Subject), st.sampled_from(["alice", "bob", "FR", "HK", "CN"]))
SCOPES = st.tuples(st.sampled_from(Scope), st.sampled_from(["", "meeting", "call"]))
TIMES = st.integers(min_value=0, max_value=10)


@st.composite
def restrictions(draw: st.DrawFn) -> Restriction:
    starts = draw(TIMES)
    return Restriction(
        id=draw(st.integers(min_value=1, max_value=99)),
        subject=draw(SUBJECTS),
        scope=draw(SCOPES),
        what=draw(st.sampled_from(What)),
        starts_at=starts,
        ends_at=draw(st.none() | st.integers(min_value=starts + 1, max_value=12)),
        cause=Cause.REMOVED_BY_HOST,
    )


FACTS = st.builds(
    Facts,
    subjects=st.frozensets(SUBJECTS, max_size=4),
    scopes=st.frozensets(SCOPES, max_size=4),
    now=TIMES,
    restrictions=st.lists(restrictions()).map(tuple),
    door=st.builds(Door, locked=st.booleans()),
)


@given(FACTS)
def test_somebody_is_refused_exactly_when_a_restriction_names_them_here_and_now(facts: Facts) -> None:
    named = [
        restriction
        for restriction in facts.restrictions
        if restriction.what == "join" and restriction.subject in facts.subjects and restriction.scope in facts.scopes
        if restriction.starts_at <= facts.now and (restriction.ends_at is None or restriction.ends_at > facts.now)
    ]
    decision = admit(facts)
    assert isinstance(decision, Refuse if named or facts.door.locked else Admit)
    if isinstance(decision, Refuse) and not named:
        assert decision == Refuse(reason=Bar.LOCKED)
    elif isinstance(decision, Refuse):
        assert decision.restriction in {restriction.id for restriction in named}


@given(FACTS)
def test_the_same_facts_give_the_same_answer_in_any_order(facts: Facts) -> None:
    turned = Facts(subjects=facts.subjects, scopes=facts.scopes, now=facts.now, restrictions=facts.restrictions[::-1], door=facts.door)
    first, second = admit(facts), admit(turned)
    assert type(first) is type(second)


DOORS = st.builds(
    Door,
    who=st.sampled_from(Who),
    waiting=st.sampled_from(Waiting),
    passcode=st.booleans(),
    before_host=st.booleans(),
    host_inside=st.booleans(),
    full=st.booleans(),
    locked=st.booleans(),
)
# What an organisation asks beside this is tests/meetings/test_ruled.py's.
SHOWS = [name for name, field in Standing.__dataclass_fields__.items() if field.default is False]
STANDINGS = st.builds(Standing, **dict.fromkeys(SHOWS, st.booleans()))
SHOWN = ("host", "let_in", "signed_in", "invited", "passcode")


def at(door: Door, standing: Standing) -> Decision:
    return admit(Facts(subjects=frozenset(), scopes=frozenset(), now=1, door=door, standing=standing))


@given(DOORS, STANDINGS)
def test_whoever_shows_nothing_that_the_door_asks_for_does_not_come_in(door: Door, standing: Standing) -> None:
    """MEET-8, KNOCK-1, POL-8: said here as what each setting promises the host."""
    if not isinstance(at(door, standing), Admit) or standing.seated:
        return
    assert not door.locked
    if standing.host and not standing.link_old:
        return
    promised = {
        "a former link": not standing.link_old or standing.let_in,
        "only the invited": door.who is not Who.INVITED or standing.invited,
        "only the signed in": door.who is not Who.SIGNED_IN or standing.signed_in or standing.invited,
        "everybody waits": door.waiting is not Waiting.EVERYBODY or standing.let_in,
        "the uninvited wait": door.waiting is not Waiting.UNINVITED or standing.let_in or standing.invited,
        "strangers wait": door.waiting is not Waiting.STRANGERS or standing.let_in or standing.invited or standing.signed_in,
        "a passcode": not door.passcode or standing.passcode or standing.let_in,
        "not before a host": door.before_host or door.host_inside or standing.let_in,
        "as many as there are seats": not door.full,
    }
    assert all(promised.values()), promised


@given(DOORS, STANDINGS, st.sampled_from(SHOWN))
def test_to_show_more_never_shuts_a_door(door: Door, standing: Standing, more: str) -> None:
    """MEET-8, MEET-11: an invitation, an account, a passcode, a host's word: each helps, or changes nothing."""
    worth = {Refuse: 0, Knock: 1, Admit: 2}
    shows: dict[str, Any] = {more: True}
    hides: dict[str, Any] = {more: False}
    before, after = at(door, replace(standing, **hides)), at(door, replace(standing, **shows))
    # Who need no longer wait may be told that there is no room, or that it is locked, which who waits is not (KNOCK-6).
    told = isinstance(after, Refuse) and after.reason in {Bar.FULL, Bar.LOCKED}
    assert worth[type(after)] >= worth[type(before)] or told


@given(DOORS, STANDINGS)
def test_an_invitation_takes_nobody_past_a_lock_a_full_room_a_passcode_or_a_former_link(door: Door, standing: Standing) -> None:
    """MEET-11, POL-8, LINK-6."""
    guest = replace(standing, seated=False, host=False, let_in=False, invited=True)
    decision = at(door, guest)
    if door.locked or door.full or (door.passcode and not guest.passcode):
        assert not isinstance(decision, Admit)
    elif guest.link_old:
        assert decision == Knock(why=Why.LINK_OLD)
    elif door.waiting is not Waiting.EVERYBODY and (door.before_host or door.host_inside):
        assert decision == Admit()


def test_hong_kong_is_not_china() -> None:
    china = Restriction(
        id=1,
        subject=(Subject.TERRITORY, "CN"),
        scope=(Scope.PLATFORM, ""),
        what=What.JOIN,
        starts_at=0,
        ends_at=None,
        cause=Cause.REMOVED_BY_HOST,
    )
    for territory, decision in (("HK", Admit), ("CN", Refuse)):
        facts = Facts(
            subjects=frozenset({(Subject.TERRITORY, territory)}), scopes=frozenset({(Scope.PLATFORM, "")}), now=1, restrictions=(china,)
        )
        assert isinstance(admit(facts), decision)

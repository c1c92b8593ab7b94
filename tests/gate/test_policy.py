"""gate/policy.py: the one rule of admission, as a property."""

from hypothesis import given
from hypothesis import strategies as st

from conclave.gate.policy import Admit, Bar, Cause, Door, Facts, Refuse, Restriction, Scope, Subject, What, admit

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

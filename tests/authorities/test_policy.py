"""authorities/policy.py and the gate's rule of measures, as properties: O1 to O4, O6, O7, O11."""

from dataclasses import fields

from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st

from conclave.authorities.outcomes import band_of
from conclave.authorities.policy import (
    LIVE,
    LONGEST_MS,
    MEASURE_MOVES,
    TRANSITIONS,
    AuthorityKind,
    Facts,
    MeasureState,
    Move,
    OrderKind,
    Policy,
    Reason,
    State,
    Waiting,
    becomes,
    fault_of,
    step,
)
from conclave.gate.policy import Confidence, Evidence, Kind, Measure, located, verdict
from conclave.kernel.territories import CODES
from tests.conftest import longer

LANDS = st.sampled_from(["CN", "HK", "MO", "TW", "FR", "RE", "XK", "RS", "US", "PR"])
TIMES = st.integers(min_value=0, max_value=12)
EVIDENCE = st.builds(
    Evidence, country=LANDS | st.just(""), confidence=st.sampled_from(Confidence), database=st.just("d" * 64), built_at=st.just(1)
)


@st.composite
def measures(draw: st.DrawFn) -> Measure:
    starts = draw(TIMES)
    on_account = draw(st.booleans())
    return Measure(
        id=str(draw(st.integers(min_value=1, max_value=9))),
        kind=draw(st.sampled_from(Kind)),
        territory=draw(LANDS),
        meeting="" if on_account else draw(st.sampled_from(["m", "n"])),
        account=draw(st.sampled_from(["alice", "bob"])) if on_account else "",
        starts_at=starts,
        ends_at=draw(st.integers(min_value=starts + 1, max_value=14)),
    )


@examples(max_examples=longer(1000))
@given(
    EVIDENCE,
    st.lists(measures(), max_size=4),
    st.tuples(st.sampled_from(["m", "n"]), st.sampled_from(["alice", "bob", None]), st.booleans()),
    TIMES,
)
def test_ord_2_somebody_is_kept_out_exactly_where_a_measure_holds_for_them_here_and_now(
    evidence: Evidence, held: list[Measure], who: tuple[str, str | None, bool], now: int
) -> None:
    meeting, account, seated = who
    met = verdict(evidence=evidence, measures=held, meeting=meeting, account=account, now=now, seated=seated)
    wanted = {
        one.id
        for one in held
        if evidence.confidence == "high" and evidence.country == one.territory
        if one.starts_at <= now < one.ends_at
        if (one.meeting == meeting if one.meeting else one.account == account)
        if one.kind == "remove_from" or (one.kind == "deny_join_from" and not seated)
    }
    assert met == wanted
    assert met == verdict(evidence=evidence, measures=held[::-1], meeting=meeting, account=account, now=now, seated=seated), "ORD-7"


@given(st.lists(measures(), max_size=4), st.sampled_from(Confidence), LANDS, TIMES)
def test_ord_3_who_is_not_surely_there_is_let_in(held: list[Measure], confidence: Confidence, country: str, now: int) -> None:
    evidence = Evidence(country=country, confidence=confidence)
    if confidence is not Confidence.HIGH:
        assert located(evidence) == ""
        assert verdict(evidence=evidence, measures=held, meeting="m", account="alice", now=now) == frozenset()


def test_ord_6_nothing_of_a_person_but_their_address_says_where_they_are() -> None:
    assert {one.name for one in fields(Evidence)} == {"country", "confidence", "database", "built_at"}


@given(measures(), LANDS, TIMES)
def test_ord_11_an_account_is_met_only_while_it_is_used_from_there(one: Measure, country: str, now: int) -> None:
    here = Evidence(country=country, confidence=Confidence.HIGH)
    met = verdict(evidence=here, measures=[one], meeting="m", account=one.account or "alice", now=now)
    assert not met or country == one.territory


@examples(max_examples=longer(1000))
@given(measures(), st.sets(LANDS), st.sets(LANDS), TIMES, st.sampled_from([-1, 0, 1, 5, LONGEST_MS, LONGEST_MS + 1]))
def test_ord_1_and_ord_4_a_measure_reaches_one_claimed_territory_of_a_competent_authority_and_ends_soon(
    one: Measure, claimed: set[str], competent: set[str], now: int, lasts: int
) -> None:
    from dataclasses import replace

    timed = replace(one, ends_at=one.starts_at + lasts)
    fault = fault_of(measure=timed, claimed=claimed, competent=competent, now=now)
    right = one.territory in CODES & claimed & competent and 0 < lasts <= LONGEST_MS and timed.ends_at > now
    assert (fault is None) == right
    for both in (replace(timed, meeting="m", account="alice"), replace(timed, meeting="", account="")):
        assert fault_of(measure=both, claimed=["CN"], competent=["CN"], now=now) is not None
    for nowhere in ("", "CN,HK", "cn", "EU", "*"):
        assert fault_of(measure=replace(timed, territory=nowhere), claimed=[nowhere], competent=[nowhere], now=now) is Reason.NOT_CLAIMED


FACTS = st.builds(
    Facts,
    now=TIMES,
    staffed=st.booleans(),
    reason=st.sampled_from(["", " ", "why"]),
    kind=st.sampled_from(OrderKind),
    authority=st.sampled_from(AuthorityKind),
    verified=st.booleans(),
    policy=st.sampled_from(Policy),
    measures=st.integers(min_value=0, max_value=2),
    ends_at=TIMES,
    cosigned=st.booleans(),
    late=st.booleans(),
    acted=st.booleans(),
    approvals=st.integers(min_value=0, max_value=2),
    undone=st.booleans(),
    reported=st.booleans(),
)


@examples(max_examples=longer(1000))
@given(st.sampled_from(State), st.sampled_from(Move), FACTS)
def test_ord_13_an_order_takes_only_the_listed_steps_and_each_only_when_its_guard_is_met(state: State, move: Move, facts: Facts) -> None:
    taken = step(state=state, move=move, facts=facts)
    assert taken.state in {TRANSITIONS.get((state, move)), None}
    assert taken.allowed == (taken.reason is Reason.MAY)
    if not taken.allowed:
        return
    if state is State.CLOSED:
        assert facts.acted
    if taken.state is State.APPROVED:
        assert not facts.late
        assert facts.approvals == 2
        assert facts.staffed
    if taken.state in {State.NARROWED, State.APPROVED}:
        assert facts.kind is OrderKind.ACT
        assert facts.verified
        assert facts.policy is not Policy.REFUSE_ALL
        assert facts.policy is Policy.LAWFUL_ADMIN or facts.authority is AuthorityKind.COURT
        assert facts.measures
    if taken.state is State.EXECUTED:
        assert facts.cosigned
    if taken.state is State.EXPIRED:
        assert facts.now >= facts.ends_at
    if taken.state in {State.REFUSED, State.CHALLENGED, State.WITHDRAWN, State.QUASHED}:
        assert facts.reason.strip() or not facts.staffed
    if taken.state is State.RESTORED:
        assert facts.undone
    if taken.state is State.CLOSED:
        assert facts.reported


def test_ord_13_nothing_leads_back_and_nothing_skips_the_approvals() -> None:
    assert [move for state, move in TRANSITIONS if state is State.CLOSED] == [Move.QUASH]
    assert {state for (state, _move), leads in TRANSITIONS.items() if leads is State.APPROVED} == {State.NARROWED}
    assert {state for (state, _move), leads in TRANSITIONS.items() if leads is State.EXECUTING} == {State.APPROVED}
    assert all((state, move) in TRANSITIONS for state in LIVE for move in (Move.WITHDRAW, Move.QUASH))
    over = [MeasureState.EXPIRED, MeasureState.LIFTED, MeasureState.QUASHED]
    assert set().union(*(MEASURE_MOVES[state] for state in over)) == {MeasureState.QUASHED}, "only a court's word, and nothing that acts"
    assert [state for state, leads in MEASURE_MOVES.items() if MeasureState.ACTIVE in leads] == [MeasureState.SCHEDULED]


@given(st.booleans(), TIMES, TIMES, TIMES)
def test_ord_12_a_measure_acts_only_once_it_is_cosigned_within_its_time(cosigned: bool, starts: int, ends: int, now: int) -> None:  # noqa: FBT001
    becoming = becomes(Waiting(cosigned=cosigned, starts_at=starts, ends_at=ends, now=now))
    assert (becoming is MeasureState.ACTIVE) == (cosigned and starts <= now < ends)


def test_people_are_counted_in_bands() -> None:
    assert [band_of(count) for count in (0, 1, 9, 10, 99, 100, 1000)] == ["0", "1-9", "1-9", "10-99", "10-99", "100-999", "1000-9999"]

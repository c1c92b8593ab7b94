"""How long a claim holds: proved, missed, in grace, over, contested, decided."""

from hypothesis import given
from hypothesis import strategies as st

from conclave.accounts.challenge import Method, Outcome, agreed, judged, new_token, record_text
from conclave.accounts.tenure import (
    AGAIN_MS,
    GRACE_MS,
    HOLDS,
    Contender,
    State,
    Tenure,
    after_check,
    begun,
    over,
    proved,
    winner,
)
from conclave.kernel.clock import DAY, HOUR

NOW = 1_790_000_000_000


def test_a_token_that_is_found_in_time_makes_a_claim_hold_for_a_week_and_the_grace_after_it() -> None:
    pending = begun(now=NOW)
    assert after_check(tenure=pending, outcome=Outcome.ABSENT, now=NOW + HOUR) == pending
    held = after_check(tenure=pending, outcome=Outcome.PROVED, now=NOW + HOUR)
    assert held == Tenure(state=State.VERIFIED, ends_at=NOW + HOUR + AGAIN_MS + GRACE_MS, next_check_at=NOW + HOUR + AGAIN_MS)
    assert after_check(tenure=pending, outcome=Outcome.PROVED, now=NOW + 72 * HOUR).state is State.LAPSED, "it is good for 72 hours"


def test_a_miss_begins_fourteen_days_of_grace_looked_at_daily_and_no_later_miss_prolongs_them() -> None:
    first = after_check(tenure=proved(now=NOW - AGAIN_MS), outcome=Outcome.OTHER, now=NOW)
    assert first == Tenure(state=State.GRACE, ends_at=NOW + GRACE_MS, next_check_at=NOW + DAY)
    second = after_check(tenure=first, outcome=Outcome.UNREACHABLE, now=NOW + 13 * DAY + HOUR)
    assert second == Tenure(state=State.GRACE, ends_at=NOW + GRACE_MS, next_check_at=NOW + GRACE_MS)
    assert after_check(tenure=second, outcome=Outcome.PROVED, now=NOW + 13 * DAY + HOUR).state is State.VERIFIED
    assert after_check(tenure=second, outcome=Outcome.PROVED, now=NOW + GRACE_MS).state is State.LAPSED


@given(looks=st.lists(st.tuples(st.integers(0, 30 * DAY), st.sampled_from(list(Outcome))), max_size=12))
def test_whatever_is_found_whenever_a_claim_holds_only_after_a_proof_and_for_21_days_at_most_after_the_last(
    looks: list[tuple[int, Outcome]],
) -> None:
    now, tenure, last_proof = NOW, begun(now=NOW), None
    for pause, outcome in looks:
        now += pause
        was_over = over(tenure=tenure, now=now)
        tenure = after_check(tenure=tenure, outcome=outcome, now=now)
        if outcome is Outcome.PROVED and not was_over and tenure.state in HOLDS:
            last_proof = now
        if tenure.state in HOLDS:
            assert last_proof is not None
            assert tenure.ends_at is not None
            assert now < tenure.ends_at <= last_proof + AGAIN_MS + GRACE_MS
            assert tenure.next_check_at is not None
            assert tenure.next_check_at <= tenure.ends_at
        assert tenure.state is not State.LAPSED or after_check(tenure=tenure, outcome=Outcome.PROVED, now=now) == tenure


def contender(claim: str, method: Method, created_at: int, outcome: Outcome) -> Contender:
    return Contender(claim=claim, method=method, created_at=created_at, outcome=outcome)


def test_a_dispute_leaves_the_newest_claim_that_dns_proves() -> None:
    old, new = contender("old", Method.DNS, 1, Outcome.PROVED), contender("new", Method.DNS, 2, Outcome.PROVED)
    web = contender("web", Method.WEB, 3, Outcome.PROVED)
    assert winner(contenders=[old, new, web]) == "new"
    assert winner(contenders=[old, contender("new", Method.DNS, 2, Outcome.ABSENT), web]) == "old"
    assert winner(contenders=[contender("old", Method.DNS, 1, Outcome.OTHER), web]) == "web"
    assert winner(contenders=[web, contender("web2", Method.WEB, 4, Outcome.PROVED)]) is None, "that is for staff"
    assert winner(contenders=[contender("old", Method.DNS, 1, Outcome.UNREACHABLE)]) is None


def test_a_token_has_160_bits_and_stands_as_a_whole_record_or_line() -> None:
    token = new_token()
    assert len(token) == 32
    assert new_token() != token
    assert judged(texts=["v=spf1 -all", f' "{record_text(token=token)}" '], token=token) is Outcome.PROVED
    for near in (f"{record_text(token=token)}x", token, record_text(token=token).upper(), f"a {record_text(token=token)}"):
        assert judged(texts=[near], token=token) is Outcome.OTHER
    assert judged(texts=["", " "], token=token) is Outcome.ABSENT


@given(outcomes=st.lists(st.sampled_from(list(Outcome)), max_size=4))
def test_only_what_two_resolvers_and_all_of_them_find_is_proved(outcomes: list[Outcome]) -> None:
    everybody = len(outcomes) >= 2 and set(outcomes) == {Outcome.PROVED}
    assert (agreed(outcomes=outcomes) is Outcome.PROVED) == everybody


def test_what_resolvers_say_together_is_said_in_one_word() -> None:
    assert agreed(outcomes=[Outcome.PROVED, Outcome.ABSENT]) is Outcome.DISAGREE
    assert agreed(outcomes=[Outcome.PROVED, Outcome.UNREACHABLE]) is Outcome.UNREACHABLE
    assert agreed(outcomes=[Outcome.ABSENT, Outcome.ABSENT]) is Outcome.ABSENT
    assert agreed(outcomes=[Outcome.ABSENT, Outcome.ALIAS]) is Outcome.ALIAS
    assert agreed(outcomes=[Outcome.OTHER, Outcome.ABSENT]) is Outcome.OTHER

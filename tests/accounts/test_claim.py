"""claim: made, proved to real name servers, looked at again, missed, lapsed, contested, decided, taken back."""

from collections.abc import Callable

import pytest
from django.db import IntegrityError, connection, transaction
from hypothesis import HealthCheck, given
from hypothesis import settings as examples
from hypothesis import strategies as st

from conclave.accounts import claim as claims
from conclave.accounts.challenge import Method, Outcome, record_name
from conclave.accounts.claim import (
    ClaimExists,
    ClaimNotOpen,
    ClaimsFull,
    ClaimUnknown,
    check_now,
    claim_domain,
    recheck,
    resume,
    settle,
    withdraw,
)
from conclave.accounts.domains import DomainShared
from conclave.accounts.models import DomainClaim, User
from conclave.accounts.standing import OrganisationRoleTooLow, OrganisationUnknown
from conclave.accounts.tenure import AGAIN_MS, DISPUTE_MS, GRACE_MS, HOLDS, LIVES, State
from conclave.kernel import clock, outbox
from conclave.kernel.models import OutboxEvent
from conclave.transparency.models import JournalEntry
from tests.accounts.colleagues import NOW, account, hold, member, organisation, person
from tests.accounts.nameserver import NameServer
from tests.conftest import longer

pytestmark = pytest.mark.django_db
DOMAIN = "example.org"


@pytest.fixture
def alice() -> User:
    return person("alice@example.org", "Alice")


@pytest.fixture
def school(alice: User) -> str:
    return organisation(alice, "School")


@pytest.fixture
def at(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """Let the outbox worker's clock stand at a time, and do what is due then."""

    def act(now: int) -> None:
        monkeypatch.setattr(clock, "now", lambda: now)
        settle(now)
        while outbox.run_due(now=now):
            pass

    return act


def prove(names: list[NameServer], claim: str) -> None:
    row = DomainClaim.objects.get(pk=claim)
    for one in names:
        one.prove(row.domain, row.token)


def forget(names: list[NameServer], domain: str = DOMAIN) -> None:
    for one in names:
        one.forget(domain)


def state(claim: str) -> str:
    return DomainClaim.objects.get(pk=claim).state


def begin(where: str, who: User, domain: str = DOMAIN, now: int = NOW) -> str:
    return claim_domain(organisation=where, account=account(who), domain=domain, method=Method.DNS, now=now)


def check(where: str, who: User, claim: str, now: int = NOW) -> Outcome:
    return check_now(organisation=where, account=account(who), claim=claim, now=now)


def kinds() -> list[str]:
    return [row.kind for row in JournalEntry.objects.order_by("index")]


def test_a_claim_holds_the_domain_from_the_moment_its_record_is_found(alice: User, school: str, names: list[NameServer]) -> None:
    claim = begin(school, alice, "Example.ORG.")
    row = DomainClaim.objects.get(pk=claim)
    assert (row.domain, row.state, len(row.token)) == (DOMAIN, "pending", 32)
    assert check(school, alice, claim) is Outcome.ABSENT
    assert state(claim) == "pending"
    prove(names, claim)
    assert check(school, alice, claim, NOW + 5) is Outcome.PROVED
    row.refresh_from_db()
    assert (row.state, row.checked_at, row.next_check_at, row.outcome) == ("verified", NOW + 5, NOW + 5 + AGAIN_MS, "proved")
    assert kinds() == ["domain_claimed", "domain_verified"]


def test_it_is_looked_at_weekly_and_hides_fourteen_days_after_the_record_went(
    alice: User, school: str, names: list[NameServer], at: Callable[[int], None]
) -> None:
    claim = begin(school, alice)
    prove(names, claim)
    check(school, alice, claim)
    at(NOW + AGAIN_MS - 1)
    assert DomainClaim.objects.get(pk=claim).checked_at == NOW
    at(NOW + AGAIN_MS)
    assert DomainClaim.objects.get(pk=claim).checked_at == NOW + AGAIN_MS
    forget(names)
    missed = NOW + 2 * AGAIN_MS
    at(missed)
    row = DomainClaim.objects.get(pk=claim)
    assert (row.state, row.outcome, row.ends_at, row.next_check_at) == ("grace", "absent", missed + GRACE_MS, missed + clock.DAY)
    at(missed + clock.DAY)
    assert DomainClaim.objects.get(pk=claim).next_check_at == missed + 2 * clock.DAY
    at(missed + GRACE_MS)
    assert state(claim) == "lapsed"
    assert kinds() == ["domain_claimed", "domain_verified", "domain_grace", "domain_lapsed"]
    again = begin(school, alice, now=missed + GRACE_MS)
    assert (state(claim), state(again)) == ("revoked", "pending")


def test_the_record_is_back_in_time(alice: User, school: str, names: list[NameServer], at: Callable[[int], None]) -> None:
    claim = begin(school, alice)
    prove(names, claim)
    check(school, alice, claim)
    names[1].misbehave(record_name(domain=DOMAIN), "servfail")
    at(NOW + AGAIN_MS)
    assert state(claim) == "grace"
    names[1].misbehave(record_name(domain=DOMAIN), "")
    at(NOW + AGAIN_MS + clock.DAY)
    assert state(claim) == "verified"


def test_a_token_is_good_for_three_days(alice: User, school: str, names: list[NameServer], at: Callable[[int], None]) -> None:
    claim = begin(school, alice)
    prove(names, claim)
    late = NOW + 72 * clock.HOUR
    with pytest.raises(ClaimNotOpen):
        check(school, alice, claim, late)
    at(late)
    assert state(claim) == "lapsed"
    assert not OutboxEvent.objects.exists()


def test_a_claim_that_ended_while_the_gateway_was_away_is_looked_at_before_it_lapses(
    alice: User, school: str, names: list[NameServer], at: Callable[[int], None]
) -> None:
    kept, lost = begin(school, alice), begin(school, alice, "example.net")
    for claim in (kept, lost):
        prove(names, claim)
        check(school, alice, claim)
    forget(names, "example.net")
    back = NOW + 60 * clock.DAY
    resume(back)
    at(back)
    assert (state(kept), state(lost)) == ("verified", "grace")
    at(back + clock.HOUR)
    assert (state(kept), state(lost)) == ("verified", "lapsed")


def test_a_look_that_is_lost_with_its_process_is_made_again_and_one_that_comes_twice_does_no_harm(
    alice: User, school: str, names: list[NameServer]
) -> None:
    claim = hold(school, DOMAIN)
    settle(NOW + AGAIN_MS)
    settle(NOW + AGAIN_MS)
    assert OutboxEvent.objects.count() == 1
    settle(NOW + AGAIN_MS + clock.HOUR)
    assert OutboxEvent.objects.count() == 2
    prove(names, claim.pk)
    recheck({"claim": claim.pk})
    recheck({"claim": claim.pk})
    recheck({"claim": "gone"})
    withdraw(organisation=school, account=account(alice), claim=claim.pk, now=NOW)
    recheck({"claim": claim.pk})
    assert state(claim.pk) == "revoked"


def rivals(alice: User, school: str, names: list[NameServer]) -> tuple[str, str, str, User]:
    """Let Alice's school hold a domain that Mallory's company proves as well."""
    first = begin(school, alice)
    prove(names, first)
    check(school, alice, first)
    mallory = person("mallory@example.org", "Mallory")
    company = organisation(mallory, "Company")
    second = begin(company, mallory, now=NOW + 1)
    prove(names, second)
    check(company, mallory, second, NOW + 2)
    return first, second, company, mallory


def test_a_second_organisation_that_proves_control_freezes_both_and_the_newest_that_dns_proves_stays(
    alice: User, school: str, names: list[NameServer], at: Callable[[int], None]
) -> None:
    first, second, company, mallory = rivals(alice, school, names)
    assert (state(first), state(second)) == ("disputed", "disputed")
    for where, who, claim in ((school, alice, first), (company, mallory, second)):
        with pytest.raises(ClaimNotOpen):
            check(where, who, claim, NOW + 3)
    at(NOW + 1 + DISPUTE_MS)
    assert (state(first), state(second)) == ("disputed", "disputed")
    at(NOW + 2 + DISPUTE_MS)
    assert (state(first), state(second)) == ("revoked", "verified")
    assert sorted(kinds()[-4:]) == ["domain_disputed", "domain_disputed", "domain_revoked", "domain_verified"]


def test_in_a_dispute_whoever_lost_control_loses_and_who_comes_third_joins_it(
    alice: User, school: str, names: list[NameServer], at: Callable[[int], None]
) -> None:
    first, second, _company, _mallory = rivals(alice, school, names)
    charlie = person("charlie@example.org", "Charlie")
    club = organisation(charlie, "Club")
    third = begin(club, charlie, now=NOW + 3)
    prove(names, third)
    check(club, charlie, third, NOW + clock.DAY)
    ends = {DomainClaim.objects.get(pk=claim).ends_at for claim in (first, second, third)}
    assert ends == {NOW + 2 + DISPUTE_MS}, "whoever joins does not prolong it"
    forget(names)
    prove(names, first)
    at(NOW + 2 + DISPUTE_MS)
    assert [state(claim) for claim in (first, second, third)] == ["verified", "revoked", "revoked"]


def test_what_nobody_proves_at_the_end_of_a_dispute_is_nobodys(
    alice: User, school: str, names: list[NameServer], at: Callable[[int], None]
) -> None:
    first, second, _company, _mallory = rivals(alice, school, names)
    forget(names)
    at(NOW + 2 + DISPUTE_MS)
    assert (state(first), state(second)) == ("revoked", "revoked")


def test_a_web_servers_word_contests_no_claim_by_dns(school: str, names: list[NameServer], monkeypatch: pytest.MonkeyPatch) -> None:
    held = hold(school, DOMAIN)
    mallory = person("mallory@example.org")
    company = organisation(mallory)
    claim = claim_domain(organisation=company, account=account(mallory), domain=DOMAIN, method=Method.WEB, now=NOW)
    for one in names:
        one.put(DOMAIN, "A", "127.0.0.1")
    assert check(company, mallory, claim) is Outcome.ADDRESS
    monkeypatch.setattr(claims, "look_on_web", lambda **_asked: Outcome.PROVED)
    assert check(company, mallory, claim) is Outcome.HELD
    assert (state(held.pk), state(claim)) == ("verified", "pending")


def test_who_may_claim_and_what_is_answered_to_others(alice: User, school: str, names: list[NameServer]) -> None:
    claim = begin(school, alice)
    bob, charlie = person("bob@example.org"), person("charlie@example.org")
    member(school, bob)
    acts: list[Callable[[User, str, str], object]] = [
        lambda who, where, _claim: begin(where, who),
        lambda who, where, which: check(where, who, which),
        lambda who, where, which: withdraw(organisation=where, account=account(who), claim=which, now=NOW),
    ]
    for act in acts:
        with pytest.raises(OrganisationRoleTooLow):
            act(bob, school, claim)
        with pytest.raises(OrganisationUnknown):
            act(charlie, school, claim)
        with pytest.raises(OrganisationUnknown):
            act(alice, "nowhere", claim)
    company = organisation(charlie)
    for act in acts[1:]:
        with pytest.raises(ClaimUnknown):
            act(charlie, company, claim)
    assert not any(one.asked for one in names)
    assert state(claim) == "pending"


def test_one_claim_per_domain_and_fifty_in_all(alice: User, school: str, monkeypatch: pytest.MonkeyPatch) -> None:
    begin(school, alice)
    with pytest.raises(ClaimExists):
        begin(school, alice, "EXAMPLE.org")
    with pytest.raises(DomainShared):
        begin(school, alice, "github.io")
    begin(school, alice, now=NOW + 72 * clock.HOUR)  # the first token is over by then
    monkeypatch.setattr(claims, "MOST_LIVING", 1)
    with pytest.raises(ClaimsFull):
        begin(school, alice, "example.net", now=NOW + 72 * clock.HOUR)


def test_what_is_taken_back_grants_nothing_and_is_gone_from_the_page(alice: User, school: str) -> None:
    claim = hold(school, DOMAIN)
    withdraw(organisation=school, account=account(alice), claim=claim.pk, now=NOW)
    assert state(claim.pk) == "revoked"
    with pytest.raises(ClaimUnknown):
        withdraw(organisation=school, account=account(alice), claim=claim.pk, now=NOW)
    assert kinds() == ["domain_withdrawn"]


STEPS = st.lists(
    st.tuples(st.sampled_from(["show", "show", "lose", "withdraw", "wait"]), st.integers(0, 2), st.integers(0, 9 * clock.DAY)),
    min_size=2,
    max_size=15,
)


class Owners:
    """Three organisations that show the same domain, lose it again, give it up, and wait."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.people = [person(f"{number}@example.org") for number in range(3)]
        self.where = [organisation(one) for one in self.people]
        self.there: set[str] = set()
        self.now = NOW
        monkeypatch.setattr(claims, "_look", lambda row: Outcome.PROVED if row.token in self.there else Outcome.ABSENT)
        monkeypatch.setattr(clock, "now", lambda: self.now)

    def do(self, step: str, number: int, pause: int) -> None:
        """Take one step."""
        where, who = self.where[number], self.people[number]
        mine = DomainClaim.objects.filter(organisation=where, state__in=LIVES).first()
        if step == "wait":
            self.now += pause
            settle(self.now)
            while outbox.run_due(now=self.now):
                pass
        elif step == "withdraw" and mine:
            withdraw(organisation=where, account=account(who), claim=mine.pk, now=self.now)
        elif step in {"show", "lose"}:
            mine = mine or DomainClaim.objects.get(pk=begin(where, who, now=self.now))
            (self.there.add if step == "show" else self.there.discard)(mine.token)
            if mine.state != State.DISPUTED:
                check(where, who, mine.pk, self.now)


@examples(max_examples=longer(60), suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(steps=STEPS)
def test_d1_whatever_three_organisations_do_one_of_them_at_most_holds_a_domain(
    steps: list[tuple[str, int, int]], monkeypatch: pytest.MonkeyPatch
) -> None:
    with transaction.atomic():
        owners = Owners(monkeypatch)
        for step, number, pause in steps:
            owners.do(step, number, pause)
            holders = DomainClaim.objects.filter(domain=DOMAIN, state__in=HOLDS)
            assert holders.count() <= 1
            assert not (holders.exists() and DomainClaim.objects.filter(domain=DOMAIN, state=State.DISPUTED).exists())
        transaction.set_rollback(True)


def test_d1_the_database_itself_refuses_a_second_holder(alice: User, school: str) -> None:
    hold(school, DOMAIN)
    company = organisation(alice)
    with pytest.raises(IntegrityError), transaction.atomic():
        hold(company, DOMAIN)
    DomainClaim.objects.update(state=State.GRACE)
    with pytest.raises(IntegrityError), transaction.atomic():
        hold(company, DOMAIN)
    hold(company, f"lab.{DOMAIN}")
    assert connection.is_usable()

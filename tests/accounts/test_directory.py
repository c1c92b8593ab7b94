"""directory: colleagues see colleagues, strangers see nobody (D2 to D5)."""

from collections.abc import Callable
from dataclasses import dataclass

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given
from hypothesis import settings as examples
from hypothesis import strategies as st

from conclave.accounts.addresses import normal_address, normal_domain
from conclave.accounts.challenge import Method
from conclave.accounts.claim import claim_domain
from conclave.accounts.directory import (
    MOST_FOUND,
    Access,
    SearchTooShort,
    list_oneself,
    others_with_an_address,
    place,
    search,
    switch_directory,
)
from conclave.accounts.finding import search_key
from conclave.accounts.models import DomainClaim, Membership, Organisation, User
from conclave.accounts.organise import dissolve
from conclave.accounts.people import rename
from conclave.accounts.standing import OrganisationRoleTooLow, OrganisationUnknown
from conclave.accounts.tenure import AGAIN_MS, GRACE_MS, HOLDS, State
from conclave.kernel.errors import Refused
from tests.accounts.colleagues import NOW, account, hold, member, organisation, people, person
from tests.conftest import longer

pytestmark = pytest.mark.django_db


def found(where: str, who: User, text: str = "person", now: int = NOW) -> set[str]:
    return {entry.address for entry in search(organisation=where, account=account(who), text=text, now=now)}


@dataclass
class Company:
    """Alice's company, which holds example.org, with Bob in it."""

    where: str
    alice: User
    bob: User
    claim: DomainClaim


@pytest.fixture
def company() -> Company:
    alice, bob = person("alice@example.org", "Alice Person"), person("bob@example.org", "Bob Person")
    where = organisation(alice)
    member(where, bob)
    return Company(where=where, alice=alice, bob=bob, claim=hold(where, "example.org"))


def test_whoever_takes_another_name_is_found_by_it_and_by_the_former_one_no_more(company: Company) -> None:
    rename(user=company.bob, name="Robert Else", now=NOW)
    assert found(company.where, company.alice, "rob") == found(company.where, company.alice, "else") == {"bob@example.org"}
    assert found(company.where, company.alice, "person") == {"alice@example.org"}


def test_a_dissolved_organisation_frees_its_domains(company: Company) -> None:
    dissolve(organisation=company.where, account=account(company.alice), name="An organisation", now=NOW + 1)
    others = organisation(company.bob, "Another")
    assert hold(others, "example.org").state == State.VERIFIED


def test_five_hundred_people_at_a_provider_a_university_a_page_host_and_a_company_see_nobody_until_a_claim_and_an_acceptance() -> None:
    domains = ("xs4all.nl", "university.example", "foo.github.io", "company.example")
    everybody = people({f"p{number}@{domain}": f"Person {number}" for domain in domains for number in range(125)})
    by_domain = {domain: [one for one in everybody if one.email.endswith(f"@{domain}")] for domain in domains}
    where = {domain: organisation(by_domain[domain][0], domain) for domain in domains}
    for domain, (first, second, *_others) in by_domain.items():
        assert found(where[domain], first) == set(), "an organisation without a claim has no directory"
        with pytest.raises(OrganisationUnknown):
            found(where[domain], second)
    with pytest.raises(Refused, match="domain_access_provider"):
        claim_domain(
            organisation=where["xs4all.nl"], account=account(by_domain["xs4all.nl"][0]), domain="xs4all.nl", method=Method.DNS, now=NOW
        )
    for domain in domains[1:]:
        first, second, third, fourth, *_others = by_domain[domain]
        hold(where[domain], domain)
        assert found(where[domain], first) == {first.email}, "a claim captures nobody"
        assert others_with_an_address(organisation=where[domain], domain=domain) == 124
        member(where[domain], second)
        assert found(where[domain], first) == found(where[domain], second) == {first.email, second.email}
        assert others_with_an_address(organisation=where[domain], domain=domain) == 123
        for outsider in (third, fourth):
            with pytest.raises(OrganisationUnknown):
                found(where[domain], outsider)
        for other in domains:
            if other != domain:
                with pytest.raises(OrganisationUnknown):
                    found(where[other], first)
    assert found(where["xs4all.nl"], by_domain["xs4all.nl"][0]) == set()


def test_a_name_is_found_by_the_beginning_of_any_word_whatever_its_case_and_accents(company: Company) -> None:
    elodie = person("e.martin@example.org", "Élodie  Martin-Noël")
    member(company.where, elodie)
    for text in ("élo", "ELO", "martin", "noe", "elodie martin", "e.martin", "E.MARTIN@exa"):
        assert found(company.where, company.bob, text) == {elodie.email}, text
    for text in ("lodie", "artin", "oel", "martin elodie", "e_martin", "e%martin", "%.m_rtin"):
        assert found(company.where, company.bob, text) == set(), text


def test_nobody_is_found_by_a_name_that_they_do_not_have_any_more(company: Company) -> None:
    company.alice.name = "Alicia"
    company.alice.save(update_fields=["name"])
    assert found(company.where, company.bob, "alice per") == set()
    assert found(company.where, company.bob, "alicia") == {company.alice.email}


def test_each_person_and_each_organisation_may_stay_out(company: Company) -> None:
    list_oneself(organisation=company.where, account=account(company.alice), listed=False)
    assert found(company.where, company.bob) == {company.bob.email}
    assert found(company.where, company.alice) == {company.bob.email}, "who is not listed may look all the same"
    list_oneself(organisation=company.where, account=account(company.alice), listed=True)
    switch_directory(organisation=company.where, account=account(company.alice), on=False, now=NOW)
    assert found(company.where, company.bob) == set()
    assert place(organisation=company.where, account=account(company.bob), now=NOW).access is Access.OFF
    with pytest.raises(OrganisationRoleTooLow):
        switch_directory(organisation=company.where, account=account(company.bob), on=True, now=NOW)


def test_whoever_finds_nobody_is_told_why(company: Company) -> None:
    carol = person("carol@elsewhere.example")
    member(company.where, carol)
    who = [(company.bob, Access.OPEN), (carol, Access.OTHER_ADDRESS)]
    for one, expected in who:
        assert place(organisation=company.where, account=account(one), now=NOW).access is expected
    DomainClaim.objects.update(state=State.LAPSED)
    assert place(organisation=company.where, account=account(company.bob), now=NOW).access is Access.NO_DOMAIN
    with pytest.raises(OrganisationUnknown):
        place(organisation=company.where, account=account(person("charlie@example.org")), now=NOW)


def test_a_claim_hides_everybody_the_moment_it_is_over_even_if_no_gateway_noticed(company: Company) -> None:
    DomainClaim.objects.update(state=State.GRACE, ends_at=NOW + GRACE_MS)
    assert found(company.where, company.bob, now=NOW + GRACE_MS - 1) == {company.alice.email, company.bob.email}
    assert found(company.where, company.bob, now=NOW + GRACE_MS) == set()
    DomainClaim.objects.update(state=State.VERIFIED, ends_at=NOW + AGAIN_MS + GRACE_MS)
    assert found(company.where, company.bob, now=NOW + AGAIN_MS + GRACE_MS) == set(), "a worker that stopped looking hides people too"


# Mostly as in an organisation that has a directory, so that each condition is the only one that fails in some example.
DOMAINS = st.sampled_from(["example.org", "example.org", "example.org", "lab.example.org", "org.example", "xn--bcher-kva.example"])
MOSTLY = st.sampled_from([True, True, True, False])
STATES = st.sampled_from([State.VERIFIED, State.VERIFIED, State.GRACE, *State])
PEOPLE = st.lists(st.tuples(DOMAINS, MOSTLY, MOSTLY, st.sampled_from([1, 1, 1, 3, 0, 2, 4])), min_size=2, max_size=6)
CLAIMS = st.lists(
    st.tuples(st.sampled_from([0, 0, 1]), DOMAINS, STATES, st.sampled_from([False, False, False, True])), min_size=1, max_size=4
)


@dataclass
class World:
    """Two organisations, their claims and people, and the rule written down a second time, in Python."""

    where: list[str]
    shares: tuple[bool, bool]
    grants: set[tuple[int, str]]
    people: list[tuple[User, str, bool, bool, set[int]]]

    def placed(self, index: int, number: int) -> bool:
        """Whether somebody has a place in a directory."""
        _user, domain, verified, _listed, seats = self.people[index]
        return number in seats and verified and self.shares[number] and (number, domain) in self.grants

    def finds(self, viewer: int, number: int) -> set[str]:
        """Whom somebody finds there."""
        listed = [index for index in range(len(self.people)) if self.people[index][3] and self.placed(index, number)]
        return {self.people[index][0].email for index in listed} if self.placed(viewer, number) else set()


# In no organisation, in the first, in the second, in both, or in the first until just now.
SEATS: tuple[set[int], ...] = (set(), {0}, {1}, {0, 1}, set())


def world(who: list[tuple[str, bool, bool, int]], held: list[tuple[int, str, State, bool]], shares: tuple[bool, bool]) -> World:
    """Make one as rows."""
    founder = person("founder@nowhere.example", "Nobody")
    made = World(where=[organisation(founder) for _ in range(2)], shares=shares, grants=set(), people=[])
    for number, on in enumerate(shares):
        Organisation.objects.filter(pk=made.where[number]).update(directory_on=on)
    for number, domain, state, over in {domain: claim for claim in held for domain in [claim[1]]}.values():
        ends_at = NOW if over else NOW + 1
        DomainClaim.objects.create(
            organisation_id=made.where[number], domain=domain, method=Method.DNS, state=state, created_at=NOW, ends_at=ends_at
        )
        if state in HOLDS and not over:
            made.grants.add((number, domain))
    for index, (domain, verified, listed, belongs) in enumerate(who):
        user = person(f"p{index}@{domain}", f"Person {index}", verified=verified)
        for number in SEATS[belongs]:
            Membership.objects.filter(pk=member(made.where[number], user).pk).update(sharing=listed)
        if belongs == 4:
            Membership.objects.filter(pk=member(made.where[0], user).pk).update(left_at=NOW)
        made.people.append((user, domain, verified, listed, SEATS[belongs]))
    return made


@examples(max_examples=longer(60), suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(who=PEOPLE, held=CLAIMS, shares=st.tuples(MOSTLY, MOSTLY))
def test_d3_exactly_those_find_each_other_whom_the_rule_names(
    who: list[tuple[str, bool, bool, int]], held: list[tuple[int, str, State, bool]], shares: tuple[bool, bool]
) -> None:
    """Same organisation, a claim that holds, both addresses verified in its domains, both accepted, sharing on; nothing else counts."""
    with transaction.atomic():
        made = world(who, held, shares)
        for number, where in enumerate(made.where):
            for viewer, (user, *_facts, seats) in enumerate(made.people):
                if number in seats:
                    assert found(where, user) == made.finds(viewer, number)
                else:
                    with pytest.raises(OrganisationUnknown):
                        found(where, user)
        transaction.set_rollback(True)


def test_d3_one_query_decides_by_ids_and_nothing_is_filtered_afterwards(company: Company) -> None:
    with CaptureQueriesContext(connection) as asked:
        found(company.where, company.bob)
    texts = [query["sql"] for query in asked.captured_queries]
    assert len(texts) == 2, "who looks, and whom they find"
    decides = texts[-1]
    assert decides.count(company.where) >= 2, "both memberships by the organisation's id"
    assert "domainclaim" in decides
    assert "'%@" not in decides, "no address is compared by its ending"


@examples(max_examples=longer(60), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(labels=st.lists(st.sampled_from(["lab", "mail", "x", "a-b"]), min_size=1, max_size=3), below=st.sampled_from(["below", "above"]))
def test_d2_a_domain_grants_nothing_to_those_below_or_above_it(company: Company, labels: list[str], below: str) -> None:
    other = ".".join([*labels, "example.org"])
    claimed, address = ("example.org", other) if below == "below" else (other, "example.org")
    with transaction.atomic():
        DomainClaim.objects.update(domain=claimed)
        carol, dan = person(f"carol@{address}", "Carol Person"), person(f"dan@{claimed}", "Dan Person")
        for one in (carol, dan):
            member(company.where, one)
        assert found(company.where, carol) == set()
        assert carol.email not in found(company.where, dan)
        assert dan.email in found(company.where, dan)
        assert others_with_an_address(organisation=company.where, domain=claimed) == 0
        transaction.set_rollback(True)


@examples(max_examples=longer(60), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    capitals=st.integers(0, 2**24 - 1),
    tag=st.sampled_from(["", "+meetings", "+a+b", "+x@y"]),
    host=st.sampled_from(["example.org", "example.org.", "EXAMPLE.org", "ｅｘａｍｐｌｅ.org", "example。org"]),
)
def test_d4_an_address_is_in_its_domain_however_either_is_written(company: Company, capitals: int, tag: str, host: str) -> None:
    typed = "".join(sign.upper() if capitals >> index & 1 else sign for index, sign in enumerate(f"carol{tag}@{host}"))
    address = normal_address(raw=typed)
    if tag == "+x@y":
        assert address is None
        return
    assert address is not None
    assert normal_domain(raw=host) == company.claim.domain
    with transaction.atomic():
        carol = person(address, "Carol Person")
        member(company.where, carol)
        assert found(company.where, carol) >= {company.alice.email, carol.email}
        transaction.set_rollback(True)


@given(text=st.text("ab .,%_-@'\"\\é́", max_size=8))
@examples(max_examples=longer(100), suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_d5_fewer_than_three_letters_list_nobody(company: Company, text: str) -> None:
    letters = sum(sign.isalnum() for sign in search_key(raw=text))
    if letters < 3:
        with pytest.raises(SearchTooShort):
            found(company.where, company.bob, text)
    else:
        assert found(company.where, company.bob, text) <= {company.alice.email, company.bob.email}


def test_d5_a_search_gives_twenty_people_however_many_there_are(company: Company) -> None:
    for one in people({f"p{number}@example.org": f"Person {number}" for number in range(60)}):
        member(company.where, one)
    assert len(found(company.where, company.bob)) == MOST_FOUND
    assert (
        found(company.where, company.bob, "x" * 100_000)
        == found(company.where, company.bob, "per\x00") - found(company.where, company.bob)
        == set()
    )


Act = Callable[[], object]


def test_what_an_outsider_gets_is_what_there_is_for_what_does_not_exist(company: Company) -> None:
    charlie = person("charlie@example.org", "Charlie Person")
    who = account(charlie)

    def acts(where: str) -> list[Act]:
        return [
            lambda: found(where, charlie),
            lambda: place(organisation=where, account=who, now=NOW),
            lambda: list_oneself(organisation=where, account=who, listed=True),
            lambda: switch_directory(organisation=where, account=who, on=False, now=NOW),
        ]

    said = set()
    for act in [*acts(company.where), *acts("nowhere")]:
        with pytest.raises(OrganisationUnknown) as caught:
            act()
        said.add(str(caught.value))
    assert len(said) == 1

"""An organisation's policy: each save is a version of its own with its row in the journal, and whoever saw an older one changes nothing."""

from dataclasses import replace

import pytest
from django.db import IntegrityError, transaction

from conclave.accounts import rulebook
from conclave.accounts.belong import change_role, leave
from conclave.accounts.models import PolicyVersion, User
from conclave.accounts.organise import dissolve
from conclave.accounts.rulebook import PolicyPersonUnknown, PolicyStale, PolicyVersionUnknown, current, ruling_of, save, version, versions
from conclave.accounts.rules import Guests, Hosts, Policy, Rotation, Rule, SignIn
from conclave.accounts.standing import OrganisationRoleTooLow, OrganisationUnknown
from conclave.transparency.journal import Search, read
from conclave.transparency.models import JournalEntry
from tests.accounts.organisation import NOW, account, kinds, person, seat

pytestmark = pytest.mark.django_db
STRICT = Policy(guests=Guests.NONE, sign_in=SignIn.SECOND_FACTOR, enforced=frozenset({Rule.GUESTS}))


def test_what_is_saved_is_read_back_as_it_was(alice: User, bob: User, school: str) -> None:
    everything = Policy(
        hosts=Hosts.PEOPLE,
        host_roles=frozenset({"owner"}),
        host_people=frozenset({seat(school, bob)}),
        sign_in=SignIn.SSO,
        presets=frozenset({"guarded", "school"}),
        preset="school",
        guests=Guests.ADMITTED,
        clients=frozenset({"browser"}),
        regions=frozenset({"FR", "DE"}),
        retention_days=30,
        rotation=Rotation(days=7, after_call=True),
        enforced=frozenset(Rule),
    )
    assert save(organisation=school, account=account(alice), policy=everything, seen=0, now=NOW) == 1
    ruling = ruling_of(organisation=school)
    assert ruling is not None
    assert (ruling.policy, ruling.name) == (everything, "Harbour School")
    assert current(organisation=school, account=account(alice)).policy == everything


def test_each_save_is_a_version_and_a_row_of_the_journal(alice: User, school: str) -> None:
    save(organisation=school, account=account(alice), policy=STRICT, seen=0, now=NOW)
    looser = replace(STRICT, guests=Guests.ALLOWED, enforced=frozenset())
    assert save(organisation=school, account=account(alice), policy=looser, seen=1, now=NOW + 1) == 2
    rows = read(obj=school, search=Search(kind="policy_saved"), before=None, limit=9)
    said = [(row.at, row.fields["by"], row.fields["version"], row.fields["rules"]) for row in rows]
    assert said == [(NOW + 1, alice.pk, 2, "guests"), (NOW, alice.pk, 1, "sign_in,guests")]
    assert [(one.number, one.by, one.made_at) for one in versions(organisation=school, account=account(alice))] == [
        (2, "Alice", NOW + 1),
        (1, "Alice", NOW),
    ]


def test_the_same_again_changes_nothing(alice: User, school: str) -> None:
    save(organisation=school, account=account(alice), policy=STRICT, seen=0, now=NOW)
    before = kinds(school)
    assert save(organisation=school, account=account(alice), policy=STRICT, seen=1, now=NOW) == 1
    assert kinds(school) == before


def test_whoever_has_seen_an_older_version_is_refused(alice: User, bob: User, school: str) -> None:
    change_role(organisation=school, account=account(alice), membership=seat(school, bob), role="admin", now=NOW)
    save(organisation=school, account=account(bob), policy=STRICT, seen=0, now=NOW)
    before = kinds(school)
    with pytest.raises(PolicyStale):
        save(organisation=school, account=account(alice), policy=Policy(guests=Guests.ADMITTED), seen=0, now=NOW)
    assert (current(organisation=school, account=account(alice)).policy, kinds(school)) == (STRICT, before)


def test_a_save_that_cannot_be_written_down_is_none(alice: User, school: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(**_row: object) -> None:
        raise RuntimeError

    monkeypatch.setattr(rulebook, "journal", fails)
    with pytest.raises(RuntimeError):
        save(organisation=school, account=account(alice), policy=STRICT, seen=0, now=NOW)
    assert not PolicyVersion.objects.exists()


def test_an_older_version_comes_back_without_those_who_left(alice: User, bob: User, school: str) -> None:
    first = Policy(hosts=Hosts.PEOPLE, host_people=frozenset({seat(school, bob), seat(school, alice)}), enforced=frozenset({Rule.HOSTS}))
    save(organisation=school, account=account(alice), policy=first, seen=0, now=NOW)
    save(organisation=school, account=account(alice), policy=STRICT, seen=1, now=NOW)
    leave(organisation=school, account=account(bob), now=NOW)
    with pytest.raises(PolicyPersonUnknown):
        save(organisation=school, account=account(alice), policy=first, seen=2, now=NOW)
    old = version(organisation=school, account=account(alice), number=1)
    assert old.policy == replace(first, host_people=frozenset({seat(school, alice)}))
    assert save(organisation=school, account=account(alice), policy=old.policy, seen=2, back_to=1, now=NOW) == 3
    newest = versions(organisation=school, account=account(alice))[0]
    assert (newest.number, newest.back_to, newest.policy) == (3, 1, old.policy)
    with pytest.raises(PolicyVersionUnknown):
        version(organisation=school, account=account(alice), number=9)


@pytest.mark.parametrize("role", ["member", "auditor"])
def test_only_owners_and_admins_change_it_and_an_auditor_reads_it(alice: User, bob: User, school: str, role: str) -> None:
    change_role(organisation=school, account=account(alice), membership=seat(school, bob), role=role, now=NOW)
    with pytest.raises(OrganisationRoleTooLow):
        save(organisation=school, account=account(bob), policy=STRICT, seen=0, now=NOW)
    charlie = person("Charlie")
    with pytest.raises(OrganisationUnknown):
        save(organisation=school, account=account(charlie), policy=STRICT, seen=0, now=NOW)
    with pytest.raises(OrganisationUnknown):
        current(organisation=school, account=account(charlie))
    if role == "auditor":
        assert current(organisation=school, account=account(bob)).number == 0
    else:
        with pytest.raises(OrganisationRoleTooLow):
            current(organisation=school, account=account(bob))
    assert not JournalEntry.objects.filter(kind="policy_saved").exists()


def test_two_policies_never_hold_at_once(alice: User, school: str) -> None:
    save(organisation=school, account=account(alice), policy=STRICT, seen=0, now=NOW)
    with pytest.raises(IntegrityError), transaction.atomic():
        PolicyVersion.objects.create(organisation_id=school, number=9, rules={}, made_at=NOW)


def test_an_organisation_that_is_dissolved_rules_nothing(alice: User, school: str) -> None:
    untouched = ruling_of(organisation=school)
    assert untouched is not None
    assert untouched.policy == Policy()
    save(organisation=school, account=account(alice), policy=STRICT, seen=0, now=NOW)
    dissolve(organisation=school, account=account(alice), name="Harbour School", now=NOW)
    assert ruling_of(organisation=school) is None
    assert ruling_of(organisation="nothing") is None
    assert rulebook.rulings() == []

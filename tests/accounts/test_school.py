"""school: an organisation applies, a reviewer decides, each year anew (SCHOOL-1); its pupils are nobody's to find (D6, SCHOOL-4)."""

from dataclasses import dataclass, replace

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction
from hypothesis import HealthCheck, given
from hypothesis import settings as examples
from hypothesis import strategies as st

from conclave.accounts.assertion import PasskeyNotShown
from conclave.accounts.belong import leave
from conclave.accounts.directory import Access, place, search
from conclave.accounts.enlist import RosterWrong, enlist, preview
from conclave.accounts.invite import OrganisationInvitationsFull, accept, invite
from conclave.accounts.models import Membership, OrganisationInvitation, ProviderIdentity, School, StaffMember, User
from conclave.accounts.organise import dissolve
from conclave.accounts.roster import LARGEST_BYTES
from conclave.accounts.school import (
    RegistryMalformed,
    Said,
    SchoolNotDue,
    SchoolNothingToDecide,
    SchoolOnly,
    SchoolTaken,
    SchoolTextForbidden,
    SchoolUnknown,
    apply,
    ask_decision,
    decide_school,
    flag_minor,
    set_contact,
    settle,
)
from conclave.accounts.school_list import applicants, contact_in, contacts_of, own_school
from conclave.accounts.schooling import REMIND_MS, RENEWABLE_MS, YEAR_MS, Standing, Verdict, registry_number
from conclave.accounts.staff import StaffParty, StaffRecused, StaffRoleMissing, StaffUnknown
from conclave.accounts.standing import OrganisationRoleTooLow, OrganisationUnknown
from conclave.kernel import clock, outbox
from tests.accounts import colleagues
from tests.accounts.mailbox import Mailbox, text_of
from tests.accounts.organisation import account, belongs, browser, kinds, make, person, seat, token_of
from tests.accounts.passkey import Device
from tests.conftest import longer

pytestmark = pytest.mark.django_db
NOW = clock.now()
SAID = Said(
    country="FR", registry="075 0001 a", evidence="https://school.example/team\n+33 1 00", contact_name="Carol Fox", contact="Room 4"
)
ROSTER = "name,email,minor\nAnn Lee,ann@example.net,yes\nBo Ek,,yes\nDan Ray,dan@example.net,no\n"


@dataclass
class World:
    """Alice's school to be, and Rita who reviews applications, with a passkey."""

    where: str
    alice: User
    bob: User
    rita: Device

    @property
    def row(self) -> School:
        return School.objects.get(organisation=self.where)

    def apply(self, said: Said = SAID, *, now: int = NOW) -> None:
        apply(organisation=self.where, account=account(self.alice), said=said, now=now)

    def decide(self, verdict: Verdict, reason: str = "", *, by: Device | None = None, now: int = NOW) -> None:
        rita, school = by or self.rita, self.row.pk
        question = ask_decision(account=account(rita.user), school=school, verdict=verdict, reason=reason, now=now)
        decide_school(account=account(rita.user), school=school, verdict=verdict, reason=reason, shown=rita.answers(question), now=now)

    def standing(self, now: int = NOW) -> Standing:
        return own_school(organisation=self.where, account=account(self.alice), now=now).standing


@pytest.fixture
def world() -> World:
    alice, bob = person("Alice"), person("Bob")
    where = make(alice, now=NOW)
    belongs(where, alice, bob, now=NOW)
    rita = person("Rita")
    StaffMember.objects.create(user=rita, orders="reviewer", since=NOW)
    return World(where=where, alice=alice, bob=bob, rita=Device(rita))


@pytest.fixture
def school(world: World) -> World:
    """The same, approved."""
    world.apply()
    world.decide(Verdict.APPROVE)
    return world


def test_a_school_applies_is_approved_and_asks_again_each_year(world: World) -> None:
    world.apply()
    assert (world.row.registry, world.standing()) == ("0750001A", Standing.NONE)
    with pytest.raises(SchoolNotDue):
        world.apply()
    world.decide(Verdict.APPROVE)
    assert world.standing() == Standing.APPROVED
    soon = NOW + YEAR_MS - RENEWABLE_MS
    with pytest.raises(SchoolNotDue):
        world.apply(now=soon - 1)
    world.apply(now=soon)
    assert world.standing(soon) == Standing.APPROVED
    world.decide(Verdict.REFUSE, "We could reach nobody.", now=soon + 1)
    assert world.standing(soon + 1) == Standing.APPROVED, "until its year is over"
    world.apply(now=soon + 2)
    world.decide(Verdict.APPROVE, now=soon + 3)
    assert world.row.ends_at == NOW + 2 * YEAR_MS
    assert world.standing(NOW + 2 * YEAR_MS) == Standing.LAPSED, "whether or not a gateway noticed"
    world.apply(now=NOW + 2 * YEAR_MS + 1)
    world.decide(Verdict.APPROVE, now=NOW + 2 * YEAR_MS + 2)
    assert world.row.ends_at == NOW + 3 * YEAR_MS + 2
    world.decide(Verdict.END, "It has closed.", now=NOW + 2 * YEAR_MS + 3)
    assert world.standing(NOW + 2 * YEAR_MS + 3) == Standing.ENDED
    assert [kind for kind in kinds(world.where) if kind.startswith("school")] == [
        "school_applied", "school_approved", "school_applied", "school_refused", "school_applied", "school_approved", "school_applied",
        "school_approved", "school_ended",
    ]  # fmt: skip


def test_whoever_was_refused_reads_why_and_may_apply_again(world: World) -> None:
    world.apply()
    for reason in ("", "   ", "x" * 501):
        with pytest.raises(SchoolTextForbidden):
            world.decide(Verdict.REFUSE, reason)
    world.decide(Verdict.REFUSE, "No such school.\r\nCall us.")
    assert world.standing() == Standing.REFUSED
    assert "No such school." in browser(world.alice).get(f"/organisations/{world.where}/school").content.decode()
    for verdict in Verdict:
        with pytest.raises(SchoolNothingToDecide):
            world.decide(verdict, "Once more.")
    world.apply()
    world.decide(Verdict.APPROVE)
    assert world.standing() == Standing.APPROVED


@pytest.mark.parametrize(
    ("country", "raw", "number"),
    [
        ("FR", "0750001a", "0750001A"), ("FR", "075 0001 A", "0750001A"), ("FR", "750001A", None), ("FR", "07500011", None),
        ("FR", "0750001AB", None),
        ("GB", "100 000", "100000"), ("GB", "10000", None), ("US", "010000500870", "010000500870"), ("DE", "BE-12.4/7", "BE-12.4/7"),
        ("DE", "", None),
        ("DE", "=1", None), ("DE", "x" * 41, None), ("FR", "٠٧٥٠٠٠١A", None),
    ],
)  # fmt: skip
def test_a_number_is_one_of_its_countrys_register(country: str, raw: str, number: str | None) -> None:
    assert registry_number(raw=raw, country=country) == number


def test_what_cannot_be_used_is_refused(world: World) -> None:
    for bad in (replace(SAID, registry="1"), replace(SAID, country="UK"), replace(SAID, country="")):
        with pytest.raises(RegistryMalformed):
            world.apply(bad)
    for bad in (
        replace(SAID, evidence=" \n "),
        replace(SAID, evidence="x" * 2001),
        replace(SAID, contact_name=""),
        replace(SAID, contact="\u202e4"),
    ):
        with pytest.raises(SchoolTextForbidden):
            world.apply(bad)
    assert not School.objects.exists()
    world.apply()
    world.decide(Verdict.APPROVE)
    with pytest.raises(RegistryMalformed):
        world.apply(replace(SAID, registry="0750002A"), now=NOW + YEAR_MS)


def test_only_owners_and_admins_speak_for_it(school: World) -> None:
    charlie, bobs = account(person("Charlie")), seat(school.where, school.bob)
    for by, refusal in ((account(school.bob), OrganisationRoleTooLow), (charlie, OrganisationUnknown)):
        for act in (
            lambda by: apply(organisation=school.where, account=by, said=SAID, now=NOW),
            lambda by: set_contact(organisation=school.where, account=by, name="M", contact="M", now=NOW),
            lambda by: flag_minor(organisation=school.where, account=by, membership=bobs, minor=True, now=NOW),
            lambda by: own_school(organisation=school.where, account=by, now=NOW),
            lambda by: preview(organisation=school.where, account=by, text=ROSTER, now=NOW),
            lambda by: enlist(organisation=school.where, account=by, text=ROSTER, now=NOW),
        ):
            with pytest.raises(refusal):
                act(by)
    with pytest.raises(OrganisationUnknown):
        contact_in(organisation=school.where, account=charlie)
    assert not Membership.objects.filter(minor=True).exists()


def test_only_a_reviewer_who_has_no_part_in_it_decides_and_with_a_passkey(world: World) -> None:
    world.apply()
    school = world.row.pk

    def asks(who: User) -> None:
        ask_decision(account=account(who), school=school, verdict=Verdict.APPROVE, reason="", now=NOW)

    charlie, mary, ada = person("Charlie"), person("Mary"), person("Ada")
    StaffMember.objects.create(user=mary, cases="senior", since=NOW)
    StaffMember.objects.create(user=ada, apart="auditor", since=NOW)
    for who, refusal in ((charlie, StaffUnknown), (world.alice, StaffUnknown), (mary, StaffRoleMissing), (ada, StaffRoleMissing)):
        with pytest.raises(refusal):
            asks(who)
    assert [one.school for one in applicants(account=account(ada), now=NOW)] == [school], "an auditor looks"
    with pytest.raises(StaffRoleMissing):
        applicants(account=account(mary), now=NOW)
    with pytest.raises(PasskeyNotShown):
        decide_school(account=account(world.rita.user), school=school, verdict=Verdict.APPROVE, reason="", shown=None, now=NOW)
    with pytest.raises(SchoolUnknown):
        ask_decision(account=account(world.rita.user), school="nowhere", verdict=Verdict.APPROVE, reason="", now=NOW)
    question = ask_decision(account=account(world.rita.user), school=school, verdict=Verdict.REFUSE, reason="No.", now=NOW)
    with pytest.raises(PasskeyNotShown):
        decide_school(
            account=account(world.rita.user), school=school, verdict=Verdict.APPROVE, reason="", shown=world.rita.answers(question), now=NOW
        )
    belongs(world.where, world.alice, world.rita.user, now=NOW)
    with pytest.raises(StaffParty):
        asks(world.rita.user)
    recused = person("Rosa")
    StaffMember.objects.create(user=recused, orders="reviewer", recused=["FR"], since=NOW)
    with pytest.raises(StaffRecused):
        asks(recused)
    assert world.standing() == Standing.NONE


@pytest.mark.parametrize("changed", [{"asked_at": NOW + 1}, {"registry": "0750002B"}, {"country": "GB"}])
def test_a_passkey_is_shown_for_one_application_and_not_for_the_next(world: World, changed: dict[str, str | int]) -> None:
    """STAFF-3: it was refused elsewhere and made anew meanwhile."""
    world.apply()
    by, school = account(world.rita.user), world.row.pk
    question = ask_decision(account=by, school=school, verdict=Verdict.APPROVE, reason="", now=NOW)
    answer = world.rita.answers(question)
    School.objects.update(**changed)
    with pytest.raises(PasskeyNotShown):
        decide_school(account=by, school=school, verdict=Verdict.APPROVE, reason="", shown=answer, now=NOW)
    assert world.standing() == Standing.NONE


def test_a_school_is_in_the_register_once_and_leaves_it_when_it_is_dissolved(school: World) -> None:
    other = World(where=make(school.bob, "Other", now=NOW), alice=school.bob, bob=school.alice, rita=school.rita)
    other.apply()
    with pytest.raises(SchoolTaken):
        other.decide(Verdict.APPROVE)
    assert other.standing() == Standing.NONE
    dissolve(organisation=school.where, account=account(school.alice), name="Harbour School", now=NOW)
    assert (school.row.evidence, school.row.contact) == ("", "")
    other.decide(Verdict.APPROVE)
    assert other.standing() == Standing.APPROVED


def test_its_owners_are_told_by_mail_and_reminded_once_for_each_year(world: World, mailbox: Mailbox) -> None:
    world.apply()
    world.decide(Verdict.APPROVE)

    def told(now: int) -> list[str]:
        outbox.run_due(now=now)
        return [text_of(mail) for mail in mailbox.to(world.alice.email)]

    assert "known as a school for a year" in told(NOW)[0]
    assert f"/organisations/{world.where}/school" in told(NOW)[0]
    ends = NOW + YEAR_MS
    for moment in (ends - REMIND_MS - 1, ends - REMIND_MS, ends - REMIND_MS + 1, ends - 1):
        settle(moment)
    assert len(told(ends)) == 2
    assert "less than thirty days" in told(ends)[1]
    for moment in (ends, ends + 1):
        settle(moment)
    assert world.row.standing == Standing.LAPSED
    assert "Its year is over" in told(ends + 1)[2]
    assert len(told(ends + 1)) == 3
    assert mailbox.to(world.bob.email) == []
    world.apply(now=ends + 2)
    world.decide(Verdict.APPROVE, now=ends + 2)
    settle(ends + 2 + YEAR_MS - REMIND_MS)
    assert len(told(ends + 2 + YEAR_MS)) == 5


def test_all_members_read_whom_they_turn_to_and_nobody_else_does(school: World) -> None:
    set_contact(organisation=school.where, account=account(school.alice), name="Dora  Hill", contact="+33 1 23", now=NOW)
    bobs, charlies = browser(school.bob), browser(person("Charlie"))
    for path in (f"/organisations/{school.where}", "/help", "/help/remove"):
        text = bobs.get(path).content.decode()
        assert "Dora Hill" in text, path
        assert "+33 1 23" in text, path
    for path in ("/help", "/help/remove"):
        assert "Dora Hill" not in charlies.get(path).content.decode()
    assert [contact.name for contact in contacts_of(account=account(school.bob))] == ["Dora Hill"]
    School.objects.update(standing=Standing.LAPSED)
    assert contacts_of(account=account(school.bob)), "also when its year is over"
    School.objects.update(standing=Standing.ENDED)
    assert not contacts_of(account=account(school.bob))
    with pytest.raises(SchoolOnly):
        set_contact(organisation=school.where, account=account(school.alice), name="X", contact="Y", now=NOW)


def test_a_minor_is_flagged_by_the_school_alone_and_nobody_else_sees_it(school: World) -> None:
    """SCHOOL-4."""
    bobs = seat(school.where, school.bob)
    page, path = browser(school.alice), f"/organisations/{school.where}/people/{bobs}"
    assert "is a minor" in page.get(path).content.decode()
    page.post(path, {"act": "minor"})
    assert Membership.objects.get(pk=bobs).minor
    assert "minor" in page.get(f"/organisations/{school.where}/people").content.decode()
    for theirs in (f"/organisations/{school.where}", f"/organisations/{school.where}/directory", "/account", "/organisations", "/help"):
        assert "minor" not in browser(school.bob).get(theirs).content.decode(), theirs
    School.objects.update(standing=Standing.ENDED)
    with pytest.raises(SchoolOnly):
        flag_minor(
            organisation=school.where, account=account(school.alice), membership=seat(school.where, school.alice), minor=True, now=NOW
        )
    page.post(path, {"act": "adult"})
    assert not Membership.objects.get(pk=bobs).minor
    assert kinds(school.where)[-2:] == ["minor_flagged", "minor_unflagged"]


# Where somebody belongs: to the club, the school, both; and what the school says of them.
PEOPLE = st.lists(st.tuples(st.booleans(), st.sampled_from([0, 1, 1, 2]), st.booleans()), min_size=1, max_size=5)


@examples(max_examples=longer(25), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(who=PEOPLE, standing=st.sampled_from(list(Standing)))
def test_d6_no_minor_has_a_place_in_any_directory_and_no_school_has_one(who: list[tuple[bool, int, bool]], standing: Standing) -> None:
    with transaction.atomic():
        owner = colleagues.person("owner@example.org", "Person Owner")
        club, school = (colleagues.organisation(owner) for _ in range(2))
        for where, domain in ((club, "example.org"), (school, "school.example.org")):
            colleagues.hold(where, domain, now=NOW)
        School.objects.create(organisation_id=school, country="FR", registry="0750001A", standing=standing)
        users = []
        for index, (belongs_, here, gone) in enumerate(who):
            user = colleagues.person(f"p{index}@{'example.org' if belongs_ else 'school.example.org'}", f"Person {index}")
            colleagues.member(club, user)
            row = colleagues.member(school, user) if here else None
            if row:
                Membership.objects.filter(pk=row.pk).update(minor=here == 1, left_at=NOW if gone else None)
            users.append((user, here == 1 and not gone, bool(row) and not gone))

        def found(where: str, user: User) -> set[str]:
            return {one.address for one in search(organisation=where, account=account(user), text="person", now=NOW)}

        free = {owner.email, *(user.email for user, minor, _there in users if not minor and user.email.endswith("@example.org"))}
        assert found(club, owner) == free
        for user, minor, there in users:
            assert found(club, user) == (free if user.email in free else set())
            access = place(organisation=club, account=account(user), now=NOW).access
            assert access is (Access.OPEN if user.email in free else Access.CLOSED if minor else Access.OTHER_ADDRESS)
            if there:
                listed = {one.email for one, flag, here_ in users if here_ and not flag and one.email.endswith("@school.example.org")}
                hers = listed if standing not in {Standing.APPROVED, Standing.LAPSED} and user.email in listed else set()
                assert found(school, user) == hers
                if standing in {Standing.APPROVED, Standing.LAPSED}:
                    assert place(organisation=school, account=account(user), now=NOW).access is Access.SCHOOL
        transaction.set_rollback(True)


def test_a_roster_invites_and_makes_nobody_a_member(school: World) -> None:
    """SCHOOL-2."""
    belongs(school.where, school.alice, person("Dan"), now=NOW)
    User.objects.filter(name="Dan").update(email="dan@example.net")
    before = Membership.objects.count()
    seen = preview(organisation=school.where, account=account(school.alice), text=ROSTER, now=NOW)
    assert ([pupil.name for pupil in seen.new], [pupil.name for pupil in seen.known]) == (["Ann Lee", "Bo Ek"], ["Dan Ray"])
    assert not OrganisationInvitation.objects.filter(accepted_at=None).exists(), "nothing is saved by looking"
    tickets = enlist(organisation=school.where, account=account(school.alice), text=ROSTER, now=NOW)
    assert [(ticket.name, ticket.address) for ticket in tickets] == [("Ann Lee", "ann@example.net"), ("Bo Ek", "")]
    assert Membership.objects.count() == before
    assert kinds(school.where)[-1] == "roster_invited"
    bo = person("Bo")
    accept(token=token_of(tickets[1].link), account=account(bo), now=NOW)
    assert Membership.objects.get(user=bo).minor
    assert Membership.objects.get(user=bo).role == "member"
    assert set(OrganisationInvitation.objects.filter(accepted_at=None).values_list("label", flat=True)) == {"Ann Lee"}
    assert not OrganisationInvitation.objects.exclude(accepted_at=None).exclude(label="").exists(), "the roster's name is forgotten"
    again = enlist(organisation=school.where, account=account(school.alice), text=ROSTER, now=NOW)
    assert OrganisationInvitation.objects.filter(address="ann@example.net", revoked_at=None).count() == 1, "the open one is replaced"
    assert again[0].link != tickets[0].link


def pupil(name: str, address: str) -> User:
    """Somebody with an account of this address."""
    found = person(name)
    User.objects.filter(pk=found.pk).update(email=address)
    return found


def test_school_6_a_link_made_anew_for_a_minor_is_a_minors(school: World) -> None:
    """SCHOOL-6."""
    by = account(school.alice)
    enlist(organisation=school.where, account=by, text=ROSTER, now=NOW)
    link = invite(organisation=school.where, account=by, address="Ann@example.net", role="member", now=NOW)
    whoever = person("Whoever")
    accept(token=token_of(link), account=account(whoever), now=NOW)
    assert Membership.objects.get(user=whoever).minor
    seen = preview(organisation=school.where, account=by, text="name,email\nAnn Lee,ann@example.net\n", now=NOW)
    assert [one.minor for one in seen.new] == [True], "the table is shown as it will be done"
    [ticket] = enlist(organisation=school.where, account=by, text="name,email\nAnn Lee,ann@example.net\n", now=NOW)
    accept(token=token_of(ticket.link), account=account(pupil("Ann", "ann@example.net")), now=NOW)
    assert Membership.objects.get(user__name="Ann").minor


def test_school_6_a_minor_who_takes_anothers_link_or_comes_back_is_a_minor(school: World) -> None:
    """SCHOOL-6."""
    by, ann = account(school.alice), pupil("Ann", "ann@example.net")
    enlist(organisation=school.where, account=by, text=ROSTER, now=NOW)
    link = invite(organisation=school.where, account=by, address="someone@example.net", role="member", now=NOW)
    accept(token=token_of(link), account=account(ann), now=NOW)
    assert Membership.objects.get(user=ann).minor
    OrganisationInvitation.objects.all().delete()
    leave(organisation=school.where, account=account(ann), now=NOW + 1)
    belongs(school.where, school.alice, ann, now=NOW + 2)
    back = Membership.objects.get(user=ann, left_at=None)
    assert back.minor
    flag_minor(organisation=school.where, account=by, membership=back.pk, minor=False, now=NOW + 3)
    leave(organisation=school.where, account=account(ann), now=NOW + 4)
    belongs(school.where, school.alice, ann, now=NOW + 5)
    assert not Membership.objects.get(user=ann, left_at=None).minor, "what was said last holds"


def test_school_6_a_roster_flags_the_minors_among_those_who_belong(school: World) -> None:
    """SCHOOL-6."""
    by, ann, dan = account(school.alice), pupil("Ann", "ann@example.net"), pupil("Dan", "dan@example.net")
    for one in (ann, dan):
        belongs(school.where, school.alice, one, now=NOW)
    flag_minor(organisation=school.where, account=by, membership=seat(school.where, dan), minor=True, now=NOW)
    window, path = browser(school.alice), f"/organisations/{school.where}/school/roster"
    text = "name,email,minor\nAnn Lee,ann@example.net,yes\nDan Ray,dan@example.net,no\n"
    assert "Flag the minors" in window.post(path, {"text": text, "act": "check"}).content.decode()
    assert not Membership.objects.get(user=ann).minor, "looked at only"
    done = window.post(path, {"text": text, "act": "invite"})
    assert done["Location"] == f"/organisations/{school.where}/people"
    assert Membership.objects.get(user=ann).minor
    assert Membership.objects.get(user=dan).minor, "a roster takes no flag away"
    assert kinds(school.where)[-1] == "minor_flagged"
    assert window.post(path, {"text": text, "act": "invite"}).status_code == 200, "there is nothing left to do"


def test_school_6_a_roster_knows_whoever_belongs_by_the_schools_own_sign_in(school: World) -> None:
    """SCHOOL-6: their account has an address of their own, of which the school knows nothing."""
    by, ann = account(school.alice), pupil("Ann", "private@example.com")
    belongs(school.where, school.alice, ann, now=NOW)
    came = {"organisation_id": school.where, "issuer": "https://login.example", "subject": "1", "address": "ann@example.net"}
    ProviderIdentity.objects.create(**came, user=ann, linked_at=NOW, used_at=NOW)
    text = "name,email,minor\nAnn Lee,ann@example.net,yes\n"
    seen = preview(organisation=school.where, account=by, text=text, now=NOW)
    assert (seen.new, len(seen.known), seen.flags) == ((), 1, (seat(school.where, ann),))
    assert enlist(organisation=school.where, account=by, text=text, now=NOW) == []
    assert Membership.objects.get(user=ann).minor


def test_nothing_of_a_roster_is_done_while_a_line_is_wrong(school: World) -> None:
    count = OrganisationInvitation.objects.count()
    for text in (ROSTER + "=Eve,,\n", "name\n", "nobody\nAnn", "name,email\nBob,bob@example.org"):
        with pytest.raises(RosterWrong):
            enlist(organisation=school.where, account=account(school.alice), text=text, now=NOW)
    many = "name\n" + "".join(f"P{number}\n" for number in range(500))
    for _ in range(4):
        enlist(organisation=school.where, account=account(school.alice), text=many, now=NOW)
    with pytest.raises(OrganisationInvitationsFull):
        enlist(organisation=school.where, account=account(school.alice), text="name\nOne More", now=NOW)
    assert OrganisationInvitation.objects.count() == count + 2000
    School.objects.update(ends_at=NOW)
    with pytest.raises(SchoolOnly):
        preview(organisation=school.where, account=account(school.alice), text=ROSTER, now=NOW)


def test_the_page_of_the_roster_says_each_line_and_saves_nothing_before_it_is_confirmed(school: World) -> None:
    window, path = browser(school.alice), f"/organisations/{school.where}/school/roster"
    count = OrganisationInvitation.objects.count()
    bad = "nom;courriel;mineur\nÉloïse;eloise@example.net;oui\n=cmd();x@example.net;non\nÉloïse;ELOISE@example.net;oui\n".encode("latin-1")
    answer = window.post(path, {"file": SimpleUploadedFile("classe.csv", bad)})
    text = answer.content.decode()
    assert answer.status_code == 422
    for words in ("read as Latin-1", "Line 3:", "formula", "Line 4:", "same person as in line 2", "Éloïse"):
        assert words in text, words
    assert 'value="invite"' not in text
    wrong = window.post(path, {"text": answer.context["form"]["text"].value(), "act": "invite"})
    assert wrong.status_code == 422
    assert "Nobody was invited." in wrong.content.decode()
    right = window.post(path, {"text": "nom;courriel;mineur\r\nÉloïse;eloise@example.net;oui\r\n", "act": "check"})
    assert right.status_code == 200
    assert 'value="invite"' in right.content.decode()
    assert OrganisationInvitation.objects.count() == count
    done = window.post(path, {"text": right.context["form"]["text"].value(), "act": "invite"})
    assert done.content.decode().count("/organisations/join#") == 1
    assert OrganisationInvitation.objects.get(address="eloise@example.net").minor
    for file in (b"x" * (LARGEST_BYTES + 1), "name\nAnn".encode("utf-16"), b"PK\x00\x01"):
        refused = window.post(path, {"file": SimpleUploadedFile("x.csv", file)})
        assert refused.status_code == 422
        assert 'role="alert"' in refused.content.decode()
    assert window.post(path, {}).status_code == 422


def test_the_desk_leads_a_reviewer_to_a_decision(world: World) -> None:
    window = browser(world.alice)
    path = f"/organisations/{world.where}/school"
    said = {"act": "apply", "country": "FR", "registry": "0750001A", "evidence": "A page", "contact_name": "Carol", "contact": "Room 4"}
    assert window.post(path, {**said, "registry": "1"}).status_code == 422
    assert window.post(path, {**said, "contact": "\u202e"}).status_code == 422
    assert window.post(path, said, follow=True).status_code == 200
    reviewer = browser(world.rita.user)
    desk = f"/staff/schools/{world.row.pk}"
    assert desk in reviewer.get("/staff/schools").content.decode()
    assert "0750001A" in reviewer.get(desk).content.decode()
    assert reviewer.post(desk, {"verdict": "refuse", "reason": ""}).status_code == 422
    assert reviewer.post(desk, {"verdict": "end", "reason": "x"}).status_code == 422
    answer = world.rita.confirms(reviewer, desk, {"verdict": "approve", "reason": "Welcome.\r\nGood."})
    assert "It is decided." in answer.content.decode()
    page = window.get(path).content.decode()
    assert "Welcome." in page
    assert "rita@example.org" not in page + browser(world.alice).get(f"/organisations/{world.where}/journal").content.decode()
    assert "a reviewer of this server" in window.get(f"/organisations/{world.where}/journal").content.decode()
    assert window.post(path, {"act": "contact", "contact_name": "Dora", "contact": "Room 5"}, follow=True).status_code == 200
    assert world.row.contact_name == "Dora"
    assert browser(person("Charlie")).get(desk).status_code == 404

"""Schools: an organisation applies, the platform's reviewers decide, each year anew; and whom its members turn to when they are worried."""

from dataclasses import dataclass

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import F, Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from conclave.accounts import mail
from conclave.accounts.assertion import Question, Shown, ask_passkey, use_passkey
from conclave.accounts.models import Membership, School
from conclave.accounts.names import shown_line
from conclave.accounts.policy import OWNER
from conclave.accounts.policy import Act as OrganisationAct
from conclave.accounts.schooling import REMIND_MS, STANDS, Standing, Verdict, decided, may_ask, registry_number
from conclave.accounts.staff import allow_staff
from conclave.accounts.staff_policy import Act, Case
from conclave.accounts.standing import allow, others_seat, own_seat
from conclave.kernel import deadlines
from conclave.kernel.canonical import Json
from conclave.kernel.errors import Refused
from conclave.kernel.ids import UserId
from conclave.kernel.territories import CODES
from conclave.transparency.journal import journal

LONGEST_EVIDENCE, LONGEST_REASON = 2000, 500
LONGEST_NAME, LONGEST_CONTACT = 100, 200
MOST_AT_ONCE = 50


class RegistryMalformed(Refused):
    """This is no number of a school in that country."""

    code = "registry_malformed"
    status = 422
    message = _("This is no number of a school in that country’s register. France: 7 digits and a letter (UAI). United Kingdom: 6 digits.")


class SchoolTextForbidden(Refused):
    """A text is empty, too long or holds what cannot be shown."""

    code = "school_text_forbidden"
    status = 422
    message = _("Something is missing, too long, or has characters that cannot be shown.")


class SchoolNotDue(Refused):
    """Nothing can be applied for now: an application waits, or the year is not nearly over."""

    code = "school_not_due"
    status = 409
    message = _("Nothing can be asked for now: your application waits for a decision, or your year is not nearly over.")


class SchoolTaken(Refused):
    """Another organisation is this school."""

    code = "school_taken"
    status = 409
    message = _("Another organisation is known as this school already. Nothing was decided.")


class SchoolNothingToDecide(Refused):
    """No application waits, or there is no school to end."""

    code = "school_nothing_to_decide"
    status = 409
    message = _("There is nothing to decide as it stands.")


class SchoolUnknown(Refused):
    """There is no such application."""

    code = "school_unknown"
    status = 404
    message = _("There is no such application.")


class SchoolOnly(Refused):
    """Only schools have this."""

    code = "school_only"
    status = 409
    message = _("Only organisations that are known as schools have this.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What an organisation says of itself as a school."""

    country: str
    registry: str
    evidence: str
    contact_name: str
    contact: str


def apply(*, organisation: str, account: UserId, said: Said, now: int) -> None:
    """Ask to be known as a school, or for one more year.

    Args:
        organisation: which.
        account: who asks for it.
        said: what it says of itself.
        now: the time.

    Raises:
        OrganisationUnknown, OrganisationRoleTooLow: it is not for them.
        RegistryMalformed, SchoolTextForbidden: something cannot be used.
        SchoolNotDue: there is nothing to ask for now.
    """
    with transaction.atomic():
        allow(act=OrganisationAct.SCHOOL, own=own_seat(organisation=organisation, account=account, changing=True))
        number = registry_number(raw=said.registry, country=said.country)
        if number is None or said.country not in CODES:
            raise RegistryMalformed
        # Locked: a reviewer may decide at this moment.
        stored = School.objects.select_for_update().filter(organisation=organisation).first()
        row = stored or School(organisation_id=organisation, standing=Standing.NONE)
        if not may_ask(standing=Standing(row.standing), ends_at=row.ends_at, waiting=row.asked_at is not None, now=now):
            raise SchoolNotDue
        if row.standing in STANDS and (row.country, row.registry) != (said.country, number):
            # A year more is for the same school; another one applies as another organisation.
            raise RegistryMalformed
        row.country, row.registry = said.country, number
        row.evidence = _paragraphs(said.evidence, LONGEST_EVIDENCE)
        row.contact_name, row.contact = _line(said.contact_name, LONGEST_NAME), _line(said.contact, LONGEST_CONTACT)
        row.asked_at, row.asked_by_id = now, account
        row.save()
        journal(kind="school_applied", obj=organisation, fields={"by": account}, now=now)


def set_contact(*, organisation: str, account: UserId, name: str, contact: str, now: int) -> None:
    """Name another person to whom members turn.

    Args:
        organisation: which school.
        account: who says so.
        name: what the person is called.
        contact: how they are reached.
        now: the time.

    Raises:
        OrganisationUnknown, OrganisationRoleTooLow: it is not for them.
        SchoolOnly: it is no school.
        SchoolTextForbidden: something cannot be used.
    """
    with transaction.atomic():
        allow(act=OrganisationAct.SCHOOL, own=own_seat(organisation=organisation, account=account, changing=True))
        row = standing_school(organisation=organisation)
        row.contact_name, row.contact = _line(name, LONGEST_NAME), _line(contact, LONGEST_CONTACT)
        row.save(update_fields=["contact_name", "contact"])
        journal(kind="school_contact", obj=organisation, fields={"by": account}, now=now)


def flag_minor(*, organisation: str, account: UserId, membership: str, minor: bool, now: int) -> None:
    """Say of a member that they are a minor, or are not; only the school's owners and admins see it (D6).

    Args:
        organisation: which school.
        account: who says so.
        membership: of whom.
        minor: what they are.
        now: the time.

    Raises:
        OrganisationUnknown, OrganisationRoleTooLow: it is not for them.
        MembershipUnknown: they do not belong.
        SchoolOnly: it is no school, and so flags nobody; a flag can be taken away all the same.
    """
    with transaction.atomic():
        own = own_seat(organisation=organisation, account=account, changing=True)
        allow(act=OrganisationAct.SCHOOL, own=own)
        seat = others_seat(own=own, membership=membership)
        if minor:
            standing_school(organisation=organisation)
        if Membership.objects.filter(pk=seat.pk).exclude(minor=minor).update(minor=minor):
            fields = {"by": account, "account": seat.user_id}
            journal(kind="minor_flagged" if minor else "minor_unflagged", obj=organisation, fields=fields, now=now)


def ask_decision(*, account: UserId, school: str, verdict: Verdict, reason: str, now: int) -> Question:
    """Ask a reviewer for a passkey, for one decision.

    Args:
        account: the reviewer.
        school: on which.
        verdict: what they decide.
        reason: why; the organisation reads it.
        now: the time.

    Raises:
        StaffUnknown, StaffRoleMissing, StaffParty, StaffRecused: it is not for them.
        SchoolUnknown, SchoolNothingToDecide, SchoolTextForbidden: it cannot be decided.
        PasskeyMissing: they have none.
    """
    row = _judge(account=account, school=school, verdict=verdict, reason=reason, now=now)
    return ask_passkey(account=account, act=_act(row, verdict, reason), now=now)


def decide_school(*, account: UserId, school: str, verdict: Verdict, reason: str, shown: Shown | None, now: int) -> None:
    """Approve, refuse or end a school; its owners are told.

    Args:
        account: the reviewer.
        school: which.
        verdict: what they decide.
        reason: why; the organisation reads it. An approval may have none.
        shown: the passkey that was shown for it.
        now: the time.

    Raises:
        StaffUnknown, StaffRoleMissing, StaffParty, StaffRecused: it is not for them.
        SchoolUnknown, SchoolNothingToDecide, SchoolTextForbidden, SchoolTaken: it cannot be decided.
        PasskeyNotShown: no passkey was shown for this.
    """
    with transaction.atomic():
        School.objects.select_for_update().filter(pk=school).first()
        row = _judge(account=account, school=school, verdict=verdict, reason=reason, now=now)
        shown_at = use_passkey(account=account, act=_act(row, verdict, reason), shown=shown, now=now)
        allow_staff(account=account, act=Act.DECIDE_APPLICATION, case=case_of(row=row, account=account), shown_at=shown_at, now=now)
        row.standing, row.ends_at = decided(standing=Standing(row.standing), ends_at=row.ends_at, verdict=verdict, now=now)
        row.asked_at, row.decided_at, row.reason = None, now, _paragraphs(reason, LONGEST_REASON) if reason.strip() else ""
        try:
            with transaction.atomic():
                row.save(update_fields=["standing", "ends_at", "asked_at", "decided_at", "reason"])
        except IntegrityError:
            raise SchoolTaken from None
        kind = {Verdict.APPROVE: "school_approved", Verdict.REFUSE: "school_refused", Verdict.END: "school_ended"}[verdict]
        journal(kind=kind, obj=row.organisation_id, fields={"staff": account}, now=now)
        _tell(row, change=kind, now=now)


@deadlines.settles
def settle(now: int) -> None:
    """Let end the years that are over, and remind the owners of those that soon are."""
    for row in School.objects.filter(standing=Standing.APPROVED, ends_at__lte=now).order_by("ends_at")[:MOST_AT_ONCE]:
        with transaction.atomic():
            if School.objects.filter(pk=row.pk, standing=Standing.APPROVED, ends_at=row.ends_at).update(standing=Standing.LAPSED):
                journal(kind="school_lapsed", obj=row.organisation_id, fields={}, now=now)
                _tell(row, change="school_lapsed", now=now)
    soon = School.objects.filter(standing=Standing.APPROVED, ends_at__lte=now + REMIND_MS, asked_at=None)
    untold = Q(reminded_for=None) | ~Q(reminded_for=F("ends_at"))
    for row in soon.filter(untold).order_by("ends_at")[:MOST_AT_ONCE]:
        with transaction.atomic():
            if School.objects.filter(untold, pk=row.pk, ends_at=row.ends_at).update(reminded_for=row.ends_at):
                _tell(row, change="school_renew", now=now)


def standing_school(*, organisation: str) -> School:
    """Return an organisation's row as a school whose pupils are protected.

    Args:
        organisation: which.

    Raises:
        SchoolOnly: it is none.
    """
    row = School.objects.filter(organisation=organisation, standing__in=STANDS).first()
    if row is None:
        raise SchoolOnly
    return row


def case_of(*, row: School, account: UserId) -> Case:
    """Return what the staff's rule may know of a school.

    Args:
        row: the school.
        account: of the staff, who may belong to it.
    """
    party = Membership.objects.filter(organisation=row.organisation_id, user=account, left_at=None).exists()
    return Case(territories=frozenset({row.country}), party=party)


def _judge(*, account: UserId, school: str, verdict: Verdict, reason: str, now: int) -> School:
    """Return the row of a school on which this can be decided."""
    allow_staff(account=account, act=Act.DECIDE_APPLICATION, now=now, asking=True)
    row = School.objects.select_related("organisation").filter(pk=school, organisation__dissolved_at=None).first()
    if row is None:
        raise SchoolUnknown
    allow_staff(account=account, act=Act.DECIDE_APPLICATION, case=case_of(row=row, account=account), now=now, asking=True)
    if (row.standing not in STANDS) if verdict is Verdict.END else (row.asked_at is None):
        raise SchoolNothingToDecide
    if verdict is not Verdict.APPROVE or reason.strip():
        _paragraphs(reason, LONGEST_REASON)
    return row


def _act(row: School, verdict: Verdict, reason: str) -> dict[str, Json]:
    """Return what is signed for a decision: on this application, not on one that came in its place."""
    about: dict[str, Json] = {"school": row.pk, "asked_at": row.asked_at, "country": row.country, "registry": row.registry}
    # Browsers send the ends of lines in their own way.
    return {"act": "school", **about, "verdict": verdict.value, "reason": "\n".join(reason.strip().splitlines())}


def _tell(row: School, *, change: str, now: int) -> None:
    """Write to the owners, in the language in which it was done."""
    page = settings.CONCLAVE.public_url.rstrip("/") + reverse("organisation_school", args=[row.organisation_id])
    for seat in Membership.objects.filter(organisation=row.organisation_id, role=OWNER, left_at=None).select_related("user"):
        facts = {"change": change, "organisation": row.organisation.name, "address": page}
        mail.send(to=seat.user.email, what="school", facts=facts, now=now)


def _line(raw: str, longest: int) -> str:
    """Return a line as it is shown."""
    line = shown_line(raw=raw, longest=longest)
    if line is None:
        raise SchoolTextForbidden
    return line


def _paragraphs(raw: str, longest: int) -> str:
    """Return a text of several lines as it is shown."""
    lines = [shown_line(raw=line, longest=longest) for line in raw.splitlines() if line.strip()]
    text = "\n".join(line for line in lines if line)
    if None in lines or not 0 < len(text) <= longest:
        raise SchoolTextForbidden
    return text

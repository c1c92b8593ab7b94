"""From a roster to invitations: whoever does not belong yet gets a link each, and nobody belongs before they took it (SCHOOL-2)."""

from dataclasses import dataclass, replace

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from conclave.accounts.invite import Named, invite_many, minors_among
from conclave.accounts.models import Membership, ProviderIdentity, School
from conclave.accounts.policy import Act
from conclave.accounts.roster import Pupil, Roster, read_roster
from conclave.accounts.school import SchoolOnly, flag_minor
from conclave.accounts.schooling import Standing
from conclave.accounts.standing import allow, own_seat
from conclave.kernel.errors import Refused
from conclave.kernel.ids import UserId


class RosterWrong(Refused):
    """The roster has lines that are wrong: nothing of it was done."""

    code = "roster_wrong"
    status = 422
    message = _("Some lines are wrong. Nobody was invited. Put them right, and check again.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """A roster against those who belong: nothing is saved by looking at it."""

    roster: Roster
    # Those who would be invited, minors for whom an earlier invitation said so too, and those who belong already.
    new: tuple[Pupil, ...]
    known: tuple[Pupil, ...]
    # The memberships of those who belong and would be flagged as minors.
    flags: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ticket:
    """Somebody's link, to be passed on by hand; it is shown once."""

    name: str
    address: str
    link: str


def preview(*, organisation: str, account: UserId, text: str, now: int) -> Preview:
    """Return what a roster would do.

    Args:
        organisation: which school.
        account: who asks.
        text: the table.
        now: the time.

    Raises:
        OrganisationUnknown, OrganisationRoleTooLow: it is not for them.
        SchoolOnly: it is no school, or its year is over.
    """
    allow_roster(organisation=organisation, account=account, now=now)
    roster = read_roster(text=text)
    addresses = [pupil.address for pupil in roster.pupils if pupil.address]
    belong = _belonging(organisation, addresses)
    flagged = minors_among(organisation=organisation, addresses=addresses)
    new = (pupil for pupil in roster.pupils if pupil.address not in belong)
    known = tuple(pupil for pupil in roster.pupils if pupil.address in belong)
    return Preview(
        roster=roster,
        new=tuple(replace(pupil, minor=pupil.minor or pupil.address in flagged) for pupil in new),
        known=known,
        flags=tuple(belong[pupil.address][0] for pupil in known if pupil.minor and not belong[pupil.address][1]),
    )


def enlist(*, organisation: str, account: UserId, text: str, now: int) -> list[Ticket]:
    """Invite everybody on a roster who does not belong yet, and flag the minors among those who do (SCHOOL-6); all of it, or nothing.

    Args:
        organisation: which school.
        account: who invites.
        text: the table, judged anew.
        now: the time.

    Returns:
        Their links, which cannot be shown again.

    Raises:
        OrganisationUnknown, OrganisationRoleTooLow: it is not for them.
        SchoolOnly: it is no school, or its year is over.
        RosterWrong: something of it is wrong.
        OrganisationInvitationsFull: too many invitations would be open.
    """
    with transaction.atomic():
        # Whoever comes to belong meanwhile waits: who is known now stays so.
        own_seat(organisation=organisation, account=account, changing=True)
        seen = preview(organisation=organisation, account=account, text=text, now=now)
        if seen.roster.trouble or seen.roster.wrong or not (seen.new or seen.flags):
            raise RosterWrong
        for membership in seen.flags:
            flag_minor(organisation=organisation, account=account, membership=membership, minor=True, now=now)
        lines = [Named(name=pupil.name, address=pupil.address, minor=pupil.minor) for pupil in seen.new]
        links = invite_many(organisation=organisation, account=account, lines=lines, now=now) if lines else []
    return [Ticket(name=line.name, address=line.address, link=link) for line, link in zip(lines, links, strict=True)]


def _belonging(organisation: str, addresses: list[str]) -> dict[str, tuple[str, bool]]:
    """Return by address who belongs already, and whether flagged; by what the school's own sign-in calls their address, too (SCHOOL-6)."""
    living = Membership.objects.filter(organisation=organisation, left_at=None)
    given = ProviderIdentity.objects.filter(organisation=organisation, address__in=addresses)
    known = dict(given.values_list("user", "address"))
    found = {known[user]: (pk, minor) for user, pk, minor in living.filter(user__in=known).values_list("user", "pk", "minor")}
    return found | {
        email: (pk, minor) for email, pk, minor in living.filter(user__email__in=addresses).values_list("user__email", "pk", "minor")
    }


def allow_roster(*, organisation: str, account: UserId, now: int) -> None:
    """Go on only for owners and admins of a school whose year is not over.

    Args:
        organisation: which.
        account: who asks.
        now: the time.

    Raises:
        OrganisationUnknown, OrganisationRoleTooLow, SchoolOnly: it is not for them.
    """
    allow(act=Act.SCHOOL, own=own_seat(organisation=organisation, account=account))
    if not School.objects.filter(organisation=organisation, standing=Standing.APPROVED, ends_at__gt=now).exists():
        raise SchoolOnly

"""Invitations to an organisation: a link that works once, for one person; who takes it belongs from then on, and nobody else.

The token is 256 bits, shown once to whoever makes it and kept only as a hash. It stands in the link's fragment, so no request, log or
proxy sees it until the page sends it in a body. Whatever is wrong with one, the answer is the same.
"""

import secrets
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from conclave.accounts.addresses import normal_address
from conclave.accounts.models import Membership, Organisation, OrganisationInvitation, ProviderIdentity, Role, User
from conclave.accounts.policy import Act, Facts, decide
from conclave.accounts.standing import allow, own_seat
from conclave.kernel import clock
from conclave.kernel.errors import Refused
from conclave.kernel.ids import UserId
from conclave.kernel.secrets import stored_hash
from conclave.transparency.journal import journal

DAYS = 14
MOST_OPEN = 2000
# How long whom it was for is kept once it opens nothing any more.
KEPT_MS = 30 * clock.DAY


class AddressForbidden(Refused):
    """What was typed is no e-mail address."""

    code = "address_forbidden"
    status = 422
    message = _("This is not an e-mail address.")


class AlreadyMember(Refused):
    """The person belongs already."""

    code = "already_member"
    status = 409
    message = _("This person belongs to the organisation already.")


class OrganisationInvitationsFull(Refused):
    """An organisation has at most 2,000 open invitations at once."""

    code = "organisation_invitations_full"
    status = 409
    message = _("2,000 invitations are open already. Take some back, or wait until some are over.")


class OrganisationInvitationOver(Refused):
    """The invitation was used, taken back, replaced, is too old or never was one; which of them is not said."""

    code = "organisation_invitation_over"
    status = 404
    message = _("This invitation opens nothing. Ask whoever sent it for a new one.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """Somebody on a roster: their name, an address in normal form or none, and whether they are a minor."""

    name: str
    address: str
    minor: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """What an invitation offers, for whoever holds it."""

    organisation: str
    name: str
    address: str
    role_label: str
    by: str
    expires_at: int


def invite(*, organisation: str, account: UserId, address: str, role: str, now: int) -> str:
    """Make an invitation; an open one for the same address is replaced.

    Args:
        organisation: to which.
        account: who invites.
        address: whom, by e-mail address; nothing is sent to it.
        role: as what.
        now: the time.

    Returns:
        The link, which cannot be shown again.

    Raises:
        OrganisationUnknown, OrganisationRoleTooLow, OrganisationAboveRole: the rule does not allow it.
        AddressForbidden: this is no address.
        AlreadyMember, OrganisationInvitationsFull: they belong already, or too many are open.
    """
    whom = normal_address(raw=address)
    token = secrets.token_urlsafe(32)
    with transaction.atomic():
        own = own_seat(organisation=organisation, account=account, changing=True)
        allow(act=Act.INVITE, own=own, role=role)
        if whom is None:
            raise AddressForbidden
        if Membership.objects.filter(organisation=organisation, left_at=None, user__email=whom).exists():
            raise AlreadyMember
        for row in still_open(now=now).filter(organisation=organisation, address=whom):
            # Replacing takes the old one back, which may offer more than the asker may give.
            allow(act=Act.REVOKE, own=own, target=row.role)
        # Those that are over too, which would stand in the way of the constraint.
        former = OrganisationInvitation.objects.filter(organisation=organisation, address=whom, accepted_at=None, revoked_at=None)
        former.update(revoked_at=now)
        if still_open(now=now).filter(organisation=organisation).count() >= MOST_OPEN:
            raise OrganisationInvitationsFull
        made = OrganisationInvitation.objects.create(
            organisation_id=organisation,
            address=whom,
            minor=bool(minors_among(organisation=organisation, addresses=[whom])),
            role=role,
            token_hash=_hash(token),
            made_by_id=account,
            made_at=now,
            expires_at=now + DAYS * clock.DAY,
        )
        fields = {"by": account, "invitation": made.pk, "role": role}
        journal(kind="organisation_invited", obj=organisation, fields=fields, now=now)
    return _link(token)


def invite_many(*, organisation: str, account: UserId, lines: Sequence[Named], now: int) -> list[str]:
    """Make an invitation as a member for each line of a roster, all of them or none; open ones for the same addresses are replaced.

    Args:
        organisation: to which.
        account: who invites.
        lines: whom; no two of one address, and nobody who belongs already.
        now: the time.

    Returns:
        The links in the order of the lines; they cannot be shown again.

    Raises:
        OrganisationUnknown, OrganisationRoleTooLow, OrganisationAboveRole: the rule does not allow it.
        OrganisationInvitationsFull: too many would be open.
    """
    tokens = [secrets.token_urlsafe(32) for _line in lines]
    with transaction.atomic():
        own = own_seat(organisation=organisation, account=account, changing=True)
        allow(act=Act.INVITE, own=own, role=Role.MEMBER)
        addresses = [line.address for line in lines if line.address]
        former = OrganisationInvitation.objects.filter(organisation=organisation, address__in=addresses, accepted_at=None, revoked_at=None)
        for role in still_open(now=now).filter(pk__in=former.values("pk")).values_list("role", flat=True).distinct():
            allow(act=Act.REVOKE, own=own, target=role)
        former.update(revoked_at=now)
        flagged = minors_among(organisation=organisation, addresses=addresses)
        if still_open(now=now).filter(organisation=organisation).count() + len(lines) > MOST_OPEN:
            raise OrganisationInvitationsFull
        OrganisationInvitation.objects.bulk_create(
            OrganisationInvitation(
                organisation_id=organisation,
                address=line.address,
                label=line.name,
                minor=line.minor or line.address in flagged,
                role=Role.MEMBER,
                token_hash=_hash(token),
                made_by_id=account,
                made_at=now,
                expires_at=now + DAYS * clock.DAY,
            )
            for line, token in zip(lines, tokens, strict=True)
        )
        journal(kind="roster_invited", obj=organisation, fields={"by": account, "people": len(lines)}, now=now)
    return [_link(token) for token in tokens]


def revoke(*, organisation: str, account: UserId, invitation: str, now: int) -> None:
    """Take an open invitation back; one that is over is left as it is.

    Args:
        organisation: whose.
        account: who asks.
        invitation: which.
        now: the time.

    Raises:
        OrganisationUnknown, OrganisationRoleTooLow, OrganisationAboveRole: the rule does not allow it.
    """
    with transaction.atomic():
        own = own_seat(organisation=organisation, account=account, changing=True)
        row = still_open(now=now).filter(pk=invitation, organisation=organisation).first()
        allow(act=Act.REVOKE, own=own, target=row.role if row else "member")
        if row is not None:
            _take_back(row, by=account, now=now)


def look_at(*, token: str, now: int) -> Offer:
    """Return what an invitation offers.

    Args:
        token: what stood in its link.
        now: the time.

    Raises:
        OrganisationInvitationOver: it opens nothing (any more).
    """
    row = _held(token=token, now=now)
    by = row.made_by.get_short_name() if row.made_by else ""
    return Offer(
        organisation=row.organisation_id,
        name=row.organisation.name,
        address=row.address or row.label,
        role_label=str(Role(row.role).label),
        by=by,
        expires_at=row.expires_at,
    )


def accept(*, token: str, account: UserId, now: int) -> str:
    """Take an invitation: from then on the person belongs, whatever address it was made for.

    Args:
        token: what stood in its link.
        account: who takes it.
        now: the time.

    Returns:
        The organisation's id.

    Raises:
        OrganisationInvitationOver: it opens nothing (any more).
        AlreadyMember: they belong already; the invitation stays as it is.
    """
    with transaction.atomic():
        organisation = _held(token=token, now=now).organisation_id
        Organisation.objects.select_for_update().filter(pk=organisation).first()
        # Asked again under the lock: of two who show it at once, one belongs.
        row = _held(token=token, now=now)
        if Membership.objects.filter(organisation=organisation, user=account, left_at=None).exists():
            raise AlreadyMember
        # What a roster called them is forgotten: they have a name of their own here.
        OrganisationInvitation.objects.filter(pk=row.pk).update(accepted_at=now, label="")
        Membership.objects.create(
            organisation_id=organisation,
            user_id=account,
            role=row.role,
            invited_by_id=row.made_by_id,
            accepted_at=now,
            minor=row.minor or is_minor(organisation=organisation, account=account),
        )
        fields = {"by": account, "invitation": row.pk, "role": row.role}
        journal(kind="organisation_joined", obj=organisation, fields=fields, now=now)
    return organisation


def take_back(*, organisation: str, account: UserId, role: str, by: UserId, now: int) -> None:
    """Take back the open invitations that somebody made and could not make any more, inside the caller's transaction.

    Else whoever is removed could have made themselves a way back in.

    Args:
        organisation: where.
        account: who made them.
        role: what they are from now on; empty for whoever does not belong any more.
        by: whose act it follows from.
        now: the time.
    """
    for row in still_open(now=now).filter(organisation=organisation, made_by=account):
        if not decide(act=Act.INVITE, facts=Facts(actor=role, role=row.role)).allowed:
            _take_back(row, by=by, now=now)


def _take_back(row: OrganisationInvitation, *, by: UserId, now: int) -> None:
    """Let an invitation open nothing any more."""
    OrganisationInvitation.objects.filter(pk=row.pk).update(revoked_at=now)
    journal(kind="organisation_uninvited", obj=row.organisation_id, fields={"by": by, "invitation": row.pk}, now=now)


def minors_among(*, organisation: str, addresses: Collection[str]) -> set[str]:
    """Return those of some addresses of whom an invitation says that they are a minor's, be it open, used or over: in doubt they are (D6).

    Args:
        organisation: whose invitations.
        addresses: in normal form.
    """
    rows = OrganisationInvitation.objects.filter(organisation=organisation, address__in=addresses, minor=True).exclude(address="")
    return set(rows.values_list("address", flat=True))


def is_minor(*, organisation: str, account: UserId) -> bool:
    """Tell whether somebody who is about to belong was flagged as a minor there: when they last belonged, or by an invitation to an
    address by which the organisation knows them (addresses_of).

    Args:
        organisation: where.
        account: who.
    """
    last = Membership.objects.filter(organisation=organisation, user=account).order_by("-accepted_at", "-pk").first()
    known = addresses_of(organisation=organisation, account=account)
    return bool(last and last.minor) or bool(minors_among(organisation=organisation, addresses=known))


def addresses_of(*, organisation: str, account: UserId) -> set[str]:
    """Return by which addresses an organisation may know somebody: their account's, and what its own provider calls theirs (SCHOOL-6).

    Args:
        organisation: which.
        account: who.
    """
    given = ProviderIdentity.objects.filter(organisation=organisation, user=account).exclude(address="")
    return {User.objects.values_list("email", flat=True).get(pk=account), *given.values_list("address", flat=True)}


def still_open(*, now: int) -> QuerySet[OrganisationInvitation]:
    """Return the invitations that still open something.

    Args:
        now: the time.
    """
    return OrganisationInvitation.objects.filter(accepted_at=None, revoked_at=None, expires_at__gt=now, organisation__dissolved_at=None)


def _held(*, token: str, now: int) -> OrganisationInvitation:
    """Return the open invitation with this token, or refuse."""
    row = still_open(now=now).select_related("organisation", "made_by").filter(token_hash=_hash(token)).first()
    if row is None:
        raise OrganisationInvitationOver
    return row


def _link(token: str) -> str:
    """Return an invitation's link; the token stands in its fragment."""
    return f"{settings.CONCLAVE.public_url.rstrip('/')}/organisations/join#{token}"


def _hash(token: str) -> str:
    """Return what is stored of a token."""
    return stored_hash(kind="organisation-invitation", token=token)

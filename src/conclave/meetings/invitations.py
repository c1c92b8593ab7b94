"""Personal invitations: made, listed and taken back by a meeting's owner, and what one is worth at the door (LINK-9, MEET-11 to 13)."""

import hashlib
from collections.abc import Collection
from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _

from conclave.accounts.queries import verified_address
from conclave.kernel import b64
from conclave.kernel.clock import DAY, SECOND
from conclave.kernel.errors import Refused
from conclave.kernel.ids import UserId, new_id
from conclave.kernel.limits import LIMITER, Rate
from conclave.keys.locks import writing
from conclave.meetings.hosting import check_host
from conclave.meetings.models import Invitation, Participant
from conclave.meetings.names import clean_line
from conclave.meetings.queries import own_meeting
from conclave.transparency.journal import journal

LONGEST_WHOM = 100
MOST = 500
# How long whom it was for is kept once it opens nothing any more.
KEPT_MS = 30 * DAY
# MEET-12. As wide as for wrong links: there is nothing to guess in 128 bits, and a school comes from one address.
WRONG_RATE = Rate(name="wrong_invitation", burst=60, every_ms=SECOND)
_LABEL = b"conclave/invitation/1\0"


class WhomForbidden(Refused):
    """Whom an invitation is for is empty, too long or cannot be shown (MEET-11)."""

    code = "whom_forbidden"
    status = 422
    message = _("Say whom it is for in at most 100 characters, all of which can be shown.")


class InvitationExists(Refused):
    """This invitation was made already; a browser that draws them at random never meets this."""

    code = "invitation_exists"
    status = 409
    message = _("This invitation exists already. Make a new one.")


class InvitationsFull(Refused):
    """A meeting has at most 500 invitations at once."""

    code = "invitations_full"
    status = 409
    message = _("This meeting has 500 invitations. Those that are over make room after 30 days.")


class InvitationUnknown(Refused):
    """No such invitation to this meeting."""

    code = "invitation_unknown"
    status = 404
    message = _("There is no such invitation any more.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Invited:
    """An invitation as the meeting's owner sees it; what opens the meeting is not known here."""

    invitation: str
    whom: str
    made_at: int
    expires_at: int
    revoked_at: int | None
    used_at: int | None


def invitations(*, meeting: str, owner: UserId) -> list[Invited]:
    """Return the invitations to a meeting, newest first.

    Args:
        meeting: the meeting's id.
        owner: who is signed in.

    Raises:
        MeetingUnknown: it is not theirs.
    """
    proof = own_meeting(meeting=meeting, owner=owner)
    return [_told(row) for row in Invitation.objects.filter(meeting=proof.meeting).order_by("-made_at", "id")]


def invite(*, meeting: str, owner: UserId, digest: str, whom: str, days: int, now: int, shown: Collection[str] = ()) -> Invited:
    """Store an invitation that the owner's browser drew (LINK-9).

    Args:
        meeting: the meeting's id.
        owner: who is signed in.
        digest: the hash of the invitation, b64.
        whom: a name or an e-mail address; who is signed in with that one, verified, needs no link of their own (MEET-11).
        days: for how long it is good.
        now: the time.
        shown: what its owner has shown when they signed in.

    Returns:
        The invitation.

    Raises:
        MeetingUnknown: it is not theirs.
        OrganisationUnknown, RuleMet: its organisation's policy does not let them host (RULE-2).
        WhomForbidden: `whom` cannot be used.
        InvitationExists, InvitationsFull: there is this one already, or there are too many.
    """
    name = clean_line(raw=whom, longest=LONGEST_WHOM)
    if not name:
        raise WhomForbidden
    with writing():
        proof = own_meeting(meeting=meeting, owner=owner)
        check_host(organisation=proof.organisation, account=owner, shown=shown)
        if Invitation.objects.filter(digest=digest).exists():
            raise InvitationExists
        if Invitation.objects.filter(meeting=proof.meeting).count() >= MOST:
            raise InvitationsFull
        ends = now + days * DAY
        row = Invitation.objects.create(
            id=new_id(),
            meeting_id=proof.meeting,
            digest=digest,
            whom=name,
            address=name.lower() if "@" in name else "",
            made_at=now,
            expires_at=ends,
            forget_at=ends + KEPT_MS,
        )
        journal(kind="invitation_made", obj=proof.meeting, fields={"invitation": row.pk}, now=now)
    return _told(row)


def change_invitation(*, meeting: str, owner: UserId, invitation: str, revoked: bool, now: int, shown: Collection[str] = ()) -> Invited:
    """Take an invitation back, or take that back; said twice, it is done once. Whoever is in by it stays in.

    Args:
        meeting: the meeting's id.
        owner: who is signed in.
        invitation: which one.
        revoked: whether it opens nothing any more.
        now: the time.
        shown: what its owner has shown when they signed in.

    Returns:
        The invitation as it is now.

    Raises:
        MeetingUnknown: the meeting is not theirs.
        OrganisationUnknown, RuleMet: it is to be good again, and its organisation's policy does not let them host (RULE-2).
        InvitationUnknown: there is no such invitation to it.
    """
    with writing():
        proof = own_meeting(meeting=meeting, owner=owner)
        row = Invitation.objects.filter(pk=invitation, meeting=proof.meeting).first()
        if row is None:
            raise InvitationUnknown
        if revoked:
            revoke(invitation=row.pk, now=now)
        elif row.revoked_at is not None:
            check_host(organisation=proof.organisation, account=owner, shown=shown)
            Invitation.objects.filter(pk=row.pk).update(revoked_at=None, forget_at=row.expires_at + KEPT_MS)
            journal(kind="invitation_restored", obj=proof.meeting, fields={"invitation": row.pk}, now=now)
        row.refresh_from_db()
    return _told(row)


def revoke(*, invitation: str, now: int) -> None:
    """Take an invitation back, inside the caller's transaction; one that is over or gone is left as it is.

    Args:
        invitation: which one; empty for none.
        now: the time.
    """
    row = Invitation.objects.filter(pk=invitation, revoked_at=None).first()
    if row is not None:
        Invitation.objects.filter(pk=row.pk).update(revoked_at=now, forget_at=now + KEPT_MS)
        journal(kind="invitation_revoked", obj=row.meeting_id, fields={"invitation": row.pk}, now=now)


def invitation_of(*, meeting: str, shown: str | None, account: UserId | None, device: str, address: str, now: int) -> str:
    """Return the invitation by which somebody is invited now, inside the caller's transaction (MEET-11, MEET-12).

    Args:
        meeting: where they ask.
        shown: what stands in their link, if anything does.
        account: who is signed in, if anybody is.
        device: the device that asks.
        address: a pseudonym of the asking address, for counting wrong ones.
        now: the time.

    Returns:
        Its id; empty for somebody who is not invited, be it unknown, over or in use by somebody else.

    Raises:
        TooOften: this address has shown too many that were worth nothing.
    """
    # Locked, so that of two who show one invitation at once only one is in by it.
    good = Invitation.objects.select_for_update().filter(meeting=meeting, revoked_at=None, expires_at__gt=now)
    email = verified_address(account=account) if account else ""
    own = good.filter(address=email).values_list("pk", flat=True).first() if email else None
    if own is not None or shown is None:
        return own or ""
    found = good.filter(digest=digest_of(invitation=shown)).values_list("pk", flat=True).first() or ""
    # One person at a time: whoever passes theirs on while they are in brings in nobody.
    seats = Participant.objects.filter(invitation=found, left_at=None).exclude(device=device)
    if account is not None:
        seats = seats.exclude(account=account)
    taken = seats.exists()
    if found and not taken:
        return found
    LIMITER.check(rate=WRONG_RATE, subject=address, now=now)
    return ""


def used(*, invitation: str, now: int) -> None:
    """Note that somebody has come in by an invitation, inside the caller's transaction.

    Args:
        invitation: which one; empty for none.
        now: the time.
    """
    if invitation:
        Invitation.objects.filter(pk=invitation).update(used_at=now)


def digest_of(*, invitation: str) -> str:
    """Return what is stored of an invitation (LINK-9); it has 128 random bits, so a plain hash is enough."""
    return b64.encode(hashlib.sha256(_LABEL + b64.decode(invitation, size=16)).digest())


def _told(row: Invitation) -> Invited:
    """Return a row as plain values."""
    return Invited(
        invitation=row.pk,
        whom=row.whom,
        made_at=row.made_at,
        expires_at=row.expires_at,
        revoked_at=row.revoked_at,
        used_at=row.used_at,
    )

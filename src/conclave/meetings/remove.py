"""A host removes somebody: out of the group, out of the media room, and not back into this call; by a ban, not into the meeting."""

from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from conclave.gate.impose import restrict
from conclave.gate.policy import Cause, Scope, Subject, What
from conclave.kernel.errors import Refused
from conclave.kernel.ids import new_id
from conclave.keys.delivery import host_word, hosts_inside
from conclave.keys.locks import writing
from conclave.meetings.departure import depart
from conclave.meetings.invitations import revoke
from conclave.meetings.models import Ban, Gone, Participant
from conclave.transparency.journal import journal


class NobodyThere(Refused):
    """No such participant in this call; for somebody who left a moment ago as well."""

    code = "participant_unknown"
    status = 404
    message = _("This person is not in the call any more.")


def remove(*, call: str, participant: str, by: str, signature: str, ban: bool, now: int) -> None:
    """Remove a participant from a call because a host said so.

    Args:
        call: the call of both.
        participant: who is removed.
        by: the participant who asks.
        signature: Ed25519 by their leaf key over the removal (delivery.md), b64.
        ban: whether it holds for the whole meeting.
        now: the time.

    Raises:
        NotHost, NotLive: keys/ found the signature wrong, its key not listed as a host's, or no group (keys.delivery.host_word).
        NobodyThere: nobody of that id sits in this call.
    """
    # Before the transaction: the public group's lock is never waited for while the database is held.
    word = host_word(call=call, participant=by, label="remove", target=participant, signature=signature)
    impose_removal(call=call, participant=participant, by=by, word=word, ban=ban, now=now)


def impose_removal(*, call: str, participant: str, by: str, word: tuple[str, str], ban: bool, now: int) -> None:
    """Remove a participant by a host's word that was found right.

    Args:
        call: the call of both.
        participant: who is removed.
        by: the participant who asked.
        word: the host's key and signature, for the log.
        ban: whether it holds for the whole meeting; its owner can be removed from a call, and never be banned.
        now: the time.

    Raises:
        NobodyThere: nobody of that id sits in this call.
    """
    with writing():
        row = Participant.objects.select_related("call__meeting").filter(pk=participant, call=call, left_at=None).first()
        if row is None:
            raise NobodyThere
        # No host's own seats go with another's, who may be the same person on a second device (POL-16).
        spared = {by, *hosts_inside(call=call)} - {participant}
        device, account = _theirs(row, spared=spared)
        banned = ban and bool(device or account) and not (account and account == row.call.meeting.owner_id)
        if banned:
            _ban(row, device=device, account=account, by=by, now=now)
        restrict(
            subjects=[(Subject.PARTICIPANT, participant), (Subject.DEVICE, device), (Subject.ACCOUNT, account)],
            scope=(Scope.CALL, call),
            what=What.JOIN,
            cause=Cause.REMOVED_BY_HOST,
            starts_at=now,
        )
        journal(kind="removal_asked", obj=call, fields={"participant": participant, "by": by}, now=now)
        depart(participant=participant, reason=Gone.REMOVED, by=word, now=now)
        # Whom the restriction names sits nowhere else in this call: not in another tab, nor on another device of the same account.
        others = _seats_of(device, account, call=call)
        seats = Participant.objects.filter(pk__in=[participant, *others])
        seats.update(removed_by=by, banned=banned)
        # MEET-13: what a banned person came in by brings in nobody else either.
        for invitation in set(seats.values_list("invitation", flat=True)) if banned else ():
            revoke(invitation=invitation, now=now)
        for other in others:
            depart(participant=other, reason=Gone.REMOVED, now=now)


def _theirs(row: Participant, *, spared: set[str]) -> tuple[str, str | None]:
    """Return the device and account that a removed person is known by, but for those of the spared."""
    hosts = Participant.objects.filter(pk__in=spared).values_list("device", "account")
    devices, accounts = {device for device, _ in hosts}, {account for _, account in hosts}
    return ("" if row.device in devices else row.device, None if row.account_id in accounts else row.account_id)


def _seats_of(device: str, account: str | None, *, call: str) -> list[str]:
    """Return the live seats in a call of a device or an account; of nobody when there is neither."""
    same = Q(device=device) & ~Q(device="") | Q(account=account, account__isnull=False)
    return list(Participant.objects.filter(same, call=call, left_at=None).values_list("pk", flat=True))


def _ban(row: Participant, *, device: str, account: str | None, by: str, now: int) -> None:
    """Write what keeps a person out of the meeting: the device's name for it, and the account if they have one."""
    notice = new_id()
    restrict(
        subjects=[(Subject.PARTICIPANT, row.pk), (Subject.DEVICE, device), (Subject.ACCOUNT, account)],
        scope=(Scope.MEETING, row.call.meeting_id),
        what=What.JOIN,
        cause=Cause.BANNED_BY_HOST,
        starts_at=now,
        notice=notice,
    )
    host = Participant.objects.filter(pk=by).values_list("name", flat=True).first() or ""
    Ban.objects.create(id=notice, meeting=row.call.meeting, name=row.name, by=host, signed_in=row.account_id is not None, since=now)
    journal(kind="ban_imposed", obj=row.call.meeting_id, fields={"ban": notice, "participant": row.pk, "by": by}, now=now)

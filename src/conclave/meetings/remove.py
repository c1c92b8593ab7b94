"""A host removes somebody: out of the group, out of the media room, and not back into this call; by a ban, not into the meeting."""

from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from conclave.gate.impose import restrict
from conclave.gate.policy import Cause, Scope, Subject, What
from conclave.gate.queries import Named
from conclave.kernel.errors import Refused
from conclave.keys.delivery import host_word, hosts_inside
from conclave.keys.locks import writing
from conclave.meetings.bans import shut_out
from conclave.meetings.departure import depart
from conclave.meetings.invitations import revoke
from conclave.meetings.models import Gone, Participant
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
        subjects: Named = [(Subject.PARTICIPANT, participant), (Subject.DEVICE, device), (Subject.ACCOUNT, account)]
        meeting, known, notice = row.call.meeting_id, row.account_id is not None, ""
        if banned:
            notice = shut_out(meeting=meeting, subjects=subjects, name=row.name, signed_in=known, by=by, blocked=False, now=now)
        # What is taken back is taken back in this call too.
        restrict(subjects=subjects, scope=(Scope.CALL, call), what=What.JOIN, cause=Cause.REMOVED_BY_HOST, starts_at=now, notice=notice)
        journal(kind="removal_asked", obj=call, fields={"participant": participant, "by": by}, now=now)
        # Whom the restriction names sits nowhere else in this call: not in another tab, nor on another device of the same account.
        others = [seat for seat in _seats_of(device, account, call=call) if seat != participant]
        seats = Participant.objects.filter(pk__in=[participant, *others])
        seats.update(removed_by=by, banned=banned)
        # MEET-13: what a banned person came in by brings in nobody else either. Asked before the call may be over, which forgets it.
        for invitation in set(seats.values_list("invitation", flat=True)) if banned else ():
            revoke(invitation=invitation, now=now)
        depart(participant=participant, reason=Gone.REMOVED, by=word, now=now)
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

"""Knocking: a row at the door from the request to a host's answer, and the pass that it gives (docs/protocol/knock.md)."""

import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from conclave.gate.impose import restrict
from conclave.gate.policy import Admit, Cause, Scope, Subject, What
from conclave.gate.policy import Knock as MustKnock
from conclave.gate.queries import Named, times
from conclave.gate.retention import REMEMBERED_MS
from conclave.kernel import bus, deadlines
from conclave.kernel.clock import HOUR, MINUTE, SECOND
from conclave.kernel.errors import Refused, Unavailable
from conclave.kernel.ids import MeetingId, new_id
from conclave.kernel.secrets import stored_hash
from conclave.kernel.statements import insert
from conclave.keys import delivery
from conclave.keys.delivery import NotHost
from conclave.keys.locks import writing
from conclave.meetings.bans import shut_out
from conclave.meetings.door import Newcomer, Pass, Shown, check, enforce, group_of, invitation, judge
from conclave.meetings.models import Knock
from conclave.meetings.names import clean_name
from conclave.meetings.ordered import noting
from conclave.meetings.queries import access_meeting
from conclave.meetings.rows import knock_row, live_call, next_version, waiting
from conclave.transparency.journal import journal

MOST_WAITING = 1000
# How long a knock waits for its socket, and how long an answer lets somebody in.
SOCKET_WITHIN_MS = 30 * SECOND
PASS_MS = 2 * MINUTE
# KNOCK-5: the first refusal holds for so long, the next for longer; what is REMEMBERED_MS old counts no more.
COOLDOWNS_MS = (30 * SECOND, 2 * MINUTE, 10 * MINUTE, HOUR)
# How long an answered row is kept, so that every gateway takes it off its list.
KEPT_MS = MINUTE
MOST_AT_ONCE = 200
State = Knock.State


class WaitingFull(Unavailable):
    """So many wait that no more can (KNOCK-7)."""

    code = "waiting_full"
    message = _("Too many people are waiting. Try again in a few minutes.")


class KnockUnknown(Refused):
    """No such knock, or not theirs: one answer for both."""

    code = "knock_unknown"
    status = 404
    message = _("You do not wait here any more. Ask to join again.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Seal:
    """An encryption key of whoever knocks, signed by their leaf key, for a new link's secret."""

    key: str
    signature: str


@dataclass(frozen=True, slots=True, kw_only=True)
class News:
    """A knock as it stands."""

    id: str
    state: str
    version: int
    name: str
    signature_key: str
    seal_key: str
    seal_signature: str
    why: str
    signed_in: bool
    made_at: int
    socket: str
    sealed: str
    blocked: bool
    again_at: int | None


def door_channel(*, meeting: str) -> str:
    """Return the name of the channel group that hears of a meeting's knocks."""
    return f"door.{meeting}"


def knock(*, meeting: str, link_id: str, newcomer: Newcomer, seal: Seal | None, shown: Shown, now: int) -> Pass:
    """Wait at a meeting's door; who need not wait is let in at once.

    Args:
        meeting: the meeting's id.
        link_id: what the browser derived from the link; a former one knocks too (LINK-6).
        newcomer: who asks.
        seal: their encryption key.
        shown: what they show to be let in.
        now: the time.

    Returns:
        The knock's id and secret.

    Raises:
        LinkUnknown: not a meeting, or not its link (LINK-4).
        NameEmpty, NameTooLong, NameForbidden: the name breaks JOIN-1.
        Removed, KnockRefused, KnockBlocked, Ordered and the bars of door.enforce: knocking does not help.
        PasscodeWrong, TooOften: see entrance.check_passcode and invitations.invitation_of.
        WaitingFull: 1,000 wait already.
    """
    name, secret = clean_name(raw=newcomer.name), new_id()
    with noting(newcomer=newcomer, meeting=meeting, now=now):
        checked = check(meeting=meeting, link_id=link_id, newcomer=newcomer, shown=shown, now=now, knocking=True)
        with writing():
            access = access_meeting(meeting=meeting, link_id=link_id, knocking=True)
            call = live_call(meeting=access.meeting, locked=False)
            invited = invitation(access=access, newcomer=newcomer, shown=shown, now=now) != ""
            group, by = group_of(call=call), {"let_in": False, "invited": invited}
            decision = judge(access=access, call=call, group=group, newcomer=newcomer, checked=checked, **by, now=now)
            if not isinstance(decision, Admit | MustKnock):
                enforce(decision=decision, access=access)
            version = next_version(meeting=access.meeting)
            everybody, mine = waiting(meeting=access.meeting, device=newcomer.device)
            if everybody - mine >= MOST_WAITING:
                raise WaitingFull
            if mine:
                # KNOCK-7: a device waits once.
                earlier = Knock.objects.filter(meeting=access.meeting, device=newcomer.device, state=State.WAITING)
                earlier.update(state=State.OVER, version=version, until=now + KEPT_MS, **NAMELESS)
            waits = isinstance(decision, MustKnock)
            row = Knock(
                id=new_id(),
                meeting_id=access.meeting,
                secret_hash=_hash(secret),
                name=name,
                signature_key=newcomer.signature_key,
                device=newcomer.device,
                account_id=newcomer.account,
                seal_key=seal.key if seal else "",
                seal_signature=seal.signature if seal else "",
                why=decision.why if isinstance(decision, MustKnock) else "",
                state=State.WAITING if waits else State.ADMITTED,
                version=version,
                made_at=now,
                until=now + (SOCKET_WITHIN_MS if waits else PASS_MS),
            )
            insert([row])
            tell(access.meeting)
    return Pass(knock=row.pk, proof=secret)


def attend(*, let_in: Pass, socket: str, now: int) -> tuple[MeetingId, News]:
    """Bind a socket to a knock; one that it had before hears that it is over.

    Args:
        let_in: the knock and its secret.
        socket: the socket that waits from now on.
        now: the time.

    Returns:
        The meeting, and the knock as it stands now.

    Raises:
        KnockUnknown: there is no such knock, it is over, or the secret is wrong.
    """
    with writing():
        version = next_version(meeting=_proven(let_in).meeting_id)
        # Read after that, which a host's answer waits for or has been waited for: it is not overwritten by how the knock stood before it.
        row = _proven(let_in)
        row.socket, row.version = socket, version
        if row.state == State.WAITING:
            row.until = now + SOCKET_WITHIN_MS
        Knock.objects.filter(pk=row.pk).update(socket=row.socket, version=row.version, until=row.until)
        tell(row.meeting_id)
    return MeetingId(row.meeting_id), _news(row)


def still_there(*, knocks: Sequence[str], now: int) -> None:
    """Note that the sockets of these knocks are open: a gateway that falls silent keeps nobody waiting.

    Args:
        knocks: ids.
        now: the time.
    """
    Knock.objects.filter(pk__in=knocks, state=State.WAITING).update(until=now + SOCKET_WITHIN_MS)


def cancel(*, knock: str, socket: str, now: int) -> None:
    """Go away from the door.

    Args:
        knock: whose; the caller has checked that it is theirs.
        socket: the socket that says so.
        now: the time.
    """
    with writing():
        _end(Knock.objects.filter(pk=knock, socket=socket), now)


def answer(
    *, call: str, meeting: str, by: str, knocks: Sequence[str], admit: bool, block: bool, sealed: Mapping[str, str], now: int
) -> list[str]:
    """Let people in, or refuse them, because a host said so (KNOCK-4).

    Args:
        call: the host's call.
        meeting: its meeting.
        by: the participant who answers.
        knocks: which knocks; who is no longer waiting is passed over.
        admit: let them in, or else refuse.
        block: refuse for good.
        sealed: by knock, a new link's secret sealed to its key.
        now: the time.

    Returns:
        Which knocks were answered by this.

    Raises:
        NotHost: the group's policy does not list this participant's key.
    """
    if by not in delivery.hosts_inside(call=call):
        raise NotHost
    with writing():
        version = next_version(meeting=meeting)
        # Read after that: whoever has just come back is answered at the socket that they have now (attend).
        rows = list(Knock.objects.select_related("meeting").filter(pk__in=knocks, meeting=meeting, state=State.WAITING))
        for row in rows:
            row.version = version
            if admit:
                _admit(row, sealed.get(row.pk, ""), now)
            else:
                _refuse(row, by=by, block=block, now=now)
            row.save()
        if rows:
            said = {"by": by, "admitted": str(admit).lower(), "count": str(len(rows))}
            journal(kind="knocks_answered", obj=call, fields=said, now=now)
        tell(meeting)
    return [row.pk for row in rows]


def take_pass(*, meeting: str, newcomer: Newcomer, let_in: Pass, now: int) -> bool:
    """Use a pass up, inside the caller's transaction (KNOCK-3).

    Args:
        meeting: where it is shown.
        newcomer: who shows it; the key and the device must be those that knocked.
        let_in: the knock and its secret.
        now: the time.

    Returns:
        Whether it lets them in.
    """
    row = Knock.objects.filter(pk=let_in.knock, meeting=meeting, state=State.ADMITTED, until__gt=now).first()
    if row is None or not hmac.compare_digest(row.secret_hash, _hash(let_in.proof)):
        return False
    if (row.signature_key, row.device, row.account_id) != (newcomer.signature_key, newcomer.device, newcomer.account):
        return False
    return bool(Knock.objects.filter(pk=row.pk, state=State.ADMITTED).delete()[0])


def dismiss(*, meeting: str, now: int) -> None:
    """Send everybody away from a meeting that is no more, inside the caller's transaction.

    Args:
        meeting: which.
        now: the time.
    """
    fields = {"state": State.OVER, "until": now + KEPT_MS, "version": next_version(meeting=meeting), **NAMELESS}
    if Knock.objects.filter(meeting=meeting, state__in=(State.WAITING, State.ADMITTED)).update(**fields):
        tell(meeting)


def news(*, meeting: str, after: int) -> list[News]:
    """Return a meeting's knocks that changed after a version, in order.

    Args:
        meeting: which.
        after: the last version known; -1 for all.
    """
    return [_news(row) for row in Knock.objects.filter(meeting=meeting, version__gt=after).order_by("version", "made_at")]


def stands(*, knock: str) -> News | None:
    """Return a knock as it stands, or None when the row is gone."""
    row = knock_row(pk=knock)
    return _news(row) if row else None


def waits_elsewhere(*, knock: str) -> bool:
    """Tell whether the device of a knock that is over waits by another one, as in another tab (KNOCK-7).

    Args:
        knock: its id.
    """
    row = Knock.objects.filter(pk=knock).first()
    others = Knock.objects.filter(state__in=(State.WAITING, State.ADMITTED)).exclude(pk=knock)
    return row is not None and others.filter(meeting=row.meeting_id, device=row.device).exists()


@deadlines.resumes
def resume(now: int) -> None:
    """Let whoever waits wait on: nobody could come back while this gateway was away.

    Args:
        now: the time.
    """
    Knock.objects.filter(state=State.WAITING).update(until=now + SOCKET_WITHIN_MS)


@deadlines.settles
def settle(now: int) -> None:
    """Give up knocks whose socket stayed away and answers that nobody used; forget what is over."""
    late = Knock.objects.filter(until__lte=now).order_by("until")[:MOST_AT_ONCE]
    for row in late:
        with writing():
            # By compare-and-set: somebody may have come back in this very moment.
            same = Knock.objects.filter(pk=row.pk, until__lte=now)
            if not _end(same, now):
                same.exclude(state__in=(State.WAITING, State.ADMITTED)).delete()


NAMELESS = {"name": "", "signature_key": "", "seal_key": "", "seal_signature": ""}


def _news(row: Knock) -> News:
    """Return a row as plain values."""
    return News(
        id=row.pk,
        state=row.state,
        version=row.version,
        name=row.name,
        signature_key=row.signature_key,
        seal_key=row.seal_key,
        seal_signature=row.seal_signature,
        why=row.why,
        signed_in=row.account_id is not None,
        made_at=row.made_at,
        socket=row.socket,
        sealed=row.sealed,
        blocked=row.blocked,
        again_at=row.again_at,
    )


def _admit(row: Knock, sealed: str, now: int) -> None:
    """Let one in."""
    row.state, row.sealed, row.until = State.ADMITTED, sealed, now + PASS_MS


def _refuse(row: Knock, *, by: str, block: bool, now: int) -> None:
    """Refuse one, for longer each time, or for good; the meeting's owner this once (KNOCK-5)."""
    subjects: Named = [(Subject.DEVICE, row.device), (Subject.ACCOUNT, row.account_id)]
    owner = row.account_id is not None and row.account_id == row.meeting.owner_id
    row.state, row.blocked, row.until = State.REFUSED, block and not owner, now + KEPT_MS
    if row.blocked:
        known = row.account_id is not None
        shut_out(meeting=row.meeting_id, subjects=subjects, name=row.name, signed_in=known, by=by, blocked=True, now=now)
        return
    scope = (Scope.MEETING, row.meeting_id)
    before = times(subjects=subjects, scope=scope, cause=Cause.REFUSED_BY_HOST, since=now - REMEMBERED_MS)
    row.again_at = now + COOLDOWNS_MS[0 if owner else min(before, len(COOLDOWNS_MS) - 1)]
    if not owner:
        restrict(subjects=subjects, scope=scope, what=What.KNOCK, cause=Cause.REFUSED_BY_HOST, starts_at=now, ends_at=row.again_at)


def _end(same: QuerySet[Knock], now: int) -> bool:
    """Take the one knock off every list that is open still; tell whether there was one."""
    open_ones = same.filter(state__in=(State.WAITING, State.ADMITTED))
    meeting = open_ones.values_list("meeting", flat=True).first()
    if meeting is None:
        return False
    version = next_version(meeting=meeting)
    if not open_ones.update(state=State.OVER, until=now + KEPT_MS, version=version, **NAMELESS):
        return False
    tell(meeting)
    return True


def _proven(let_in: Pass) -> Knock:
    """Return the knock whose secret this is."""
    row = knock_row(pk=let_in.knock)
    right = hmac.compare_digest(row.secret_hash if row else "", _hash(let_in.proof))
    if row is None or not right or row.state == State.OVER:
        raise KnockUnknown
    return row


def tell(meeting: str) -> None:
    """Hint at every gateway that something changed."""
    bus.post_on_commit(group=door_channel(meeting=meeting), message={"type": "door.news"})


def _hash(secret: str) -> str:
    """Return what is stored of a knock's secret."""
    return stored_hash(kind="knock", token=secret)

"""A commit: checked by the public group, then put into the log by compare-and-set (LOG-1 to LOG-4)."""

import json
from dataclasses import dataclass
from typing import Any

from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from conclave.kernel.errors import Refused
from conclave.keys import groups, lease, log, rights
from conclave.keys.held import release
from conclave.keys.incarnation import renew, shuts_out
from conclave.keys.locks import writing
from conclave.keys.models import Group, Lease, LogEntry, Seat, Welcome
from conclave.keys.step import STUCK_MS, step
from conclave.keys.tree import keep_tree
from conclave.keys.wake import wake

MOST_DROPS = 2


class CommitRefused(Refused):
    """The commit lost, or broke a rule; `reason` is the code for its sender."""

    code = "refused"
    status = 409
    message = _("The commit was not accepted.")

    def __init__(self, reason: str) -> None:
        super().__init__(f"The commit was not accepted ({reason}).")
        self.reason = reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Commit:
    """What a lease holder sends."""

    incarnation: str
    lease: str
    epoch: int
    commit: str
    welcomes: dict[str, str]
    dropped: dict[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Staged:
    """A commit that the public group found good, where its log stood, and whom its policy lets in: just anybody, or nobody."""

    commit: Commit
    author: str
    covers: int
    facts: groups.Staged
    open_door: bool
    locked: bool

    def keeps_out(self, seat: Seat, group: Group) -> bool:
        """Tell whether the lock is why this seat was not added: it replaces no leaf and was in none before (POL-8)."""
        new = seat.participant not in self.facts.removed and seat.signature_key not in group.returning
        return self.locked and new and self.commit.dropped[seat.participant] == "locked"


def commit(*, call: str, participant: str, commit: Commit, now: int) -> int:
    """Accept a commit, or refuse it.

    Args:
        call: the call.
        participant: who sent it.
        commit: what was sent.
        now: the time.

    Returns:
        Its index in the log.

    Raises:
        NotLive: the incarnation is not open.
        CommitRefused: `stale` (no lease of this epoch), `welcomes` (not one for each joiner), or the code of the rule it breaks.
    """
    with groups.hold(call=call, incarnation=commit.incarnation) as public:
        held = Lease.objects.filter(
            group__incarnation=commit.incarnation, group__epoch=commit.epoch, epoch=commit.epoch, lease=commit.lease, holder=participant
        ).first()
        if held is None:
            return _accepted(call, participant, commit)
        facts = _stage(public, held, commit, now)
        staged = _Staged(
            commit=commit, author=participant, covers=held.covers, facts=facts, open_door=public.open_door, locked=public.locked
        )
        try:
            group, index = _append(call, staged, now)
        except CommitRefused as refused:
            public.discard()
            if refused.reason != "stale":
                _hasten(held, now)
            raise
        _merge(public, group, index)
        if staged.facts.added and group.state == Group.State.OPEN:
            keep_tree(public=public, group=group)
    wake(call=call)
    return index


def _accepted(call: str, participant: str, sent: Commit) -> int:
    """Return where this very commit stands in the log already: its sender lost the socket and said it again (LOG-16)."""
    log_of = LogEntry.objects.filter(group__call=call, group__incarnation=sent.incarnation, kind=LogEntry.Kind.COMMIT)
    last = log_of.filter(participant=participant).order_by("-index").first()
    if last is None or json.loads(last.body)["commit"] != sent.commit:
        raise CommitRefused("stale")
    return last.index


def _stage(public: groups.PublicGroup, held: Lease, sent: Commit, now: int) -> groups.Staged:
    """Return what the commit does, or refuse it and let the next candidate have its turn."""
    try:
        facts = public.stage(covers=held.covers, commit=sent.commit, participant=held.holder)
        if set(facts.added) != set(sent.welcomes):
            public.discard()
            _hasten(held, now)
            raise CommitRefused("welcomes")
    except groups.MlsError as error:
        _hasten(held, now)
        raise CommitRefused(error.code) from error
    return facts


def _hasten(held: Lease, now: int) -> None:
    """The holder of this lease will not do: whoever is next gets one now."""
    with writing():
        group = log.live(call=held.group.call)
        if group is not None and group.pk == held.group_id and group.epoch == held.epoch:
            lease.hasten(group=group, holder=held.holder, now=now)
            step(group=group, now=now)
            wake(call=group.call)


def _append(call: str, staged: _Staged, now: int) -> tuple[Group, int]:
    """Compare the epoch and set the next one; write entry, welcomes and who is in the tree now (LOG-3, LOG-4)."""
    sent, facts = staged.commit, staged.facts
    with writing():
        group = log.live(call=call)
        if group is None or group.incarnation != sent.incarnation or group.epoch != sent.epoch:
            raise CommitRefused("stale")
        if not Group.objects.filter(pk=group.pk, epoch=sent.epoch).update(epoch=sent.epoch + 1):
            raise CommitRefused("stale")
        index = log.append(group=group, kind=LogEntry.Kind.COMMIT, participant=staged.author, commit=sent.commit)
        group.epoch = sent.epoch + 1
        group.spent = max(group.spent, staged.covers)
        group.members += len(facts.added) - len(facts.removed)
        _govern(group, facts)
        group.rekey_at = now + lease.REKEY_MS
        group.next_lease_at = None
        group.stuck_at = now + STUCK_MS
        _trust(group, staged.author)
        Lease.objects.filter(group=group).delete()
        _seat(group, facts)
        rights.note(group=group, may=facts.may, newcomer=facts.newcomer, now=now)
        _welcome(group, index, staged)
        if _drop(group, staged, now):
            renew(group=group, because="shut_out", now=now, avoid=group.creator)
        else:
            step(group=group, now=now)
    return group, index


def _govern(group: Group, facts: groups.Staged) -> None:
    """Write down what the gateway goes by of the new policy; under one that is not strict nobody waits for a host's word."""
    if facts.policy is None:
        return
    policy: dict[str, Any] = facts.policy
    group.locked, group.strict = bool(policy["locked"]), bool(policy["strict"])
    group.hosts = [str(entry["key"]) for entry in policy["hosts"]]
    if not group.strict:
        release(group=group)


def _trust(group: Group, author: str) -> None:
    """Ask last from now on whoever let its lease lapse or brought nothing good; who has been asked last and commits is trusted again."""
    first = Lease.objects.filter(group=group, epoch=group.epoch - 1).order_by("id").values_list("holder", flat=True).first()
    if first != author and Seat.objects.filter(participant=first, gone="").exclude(socket="").exists():
        group.quarantined = first or ""
    elif group.quarantined == author:
        group.quarantined = ""


def _seat(group: Group, facts: groups.Staged) -> None:
    """Write down whose leaf went and whose came; a replacement is both."""
    Seat.objects.filter(group=group, participant__in=facts.removed).update(leaf=False)
    Seat.objects.filter(group=group, participant__in=facts.added).update(leaf=True, joined_epoch=group.epoch, acked_epoch=-1, dropped=0)


def _welcome(group: Group, index: int, staged: _Staged) -> None:
    """Store each joiner's own part until it acknowledges."""
    welcomes = staged.commit.welcomes
    if not welcomes:
        return
    Welcome.objects.filter(group=group, participant__in=welcomes).delete()
    where = {"group": group, "index": index, "covers": staged.covers, "epoch": group.epoch}
    common = where | {"said": group.said_next, "tree": staged.facts.tree}
    gone = set(Seat.objects.filter(participant__in=welcomes).exclude(gone="").values_list("participant", flat=True))
    Welcome.objects.bulk_create([Welcome(participant=name, body=body, **common) for name, body in welcomes.items() if name not in gone])


def _drop(group: Group, staged: _Staged, now: int) -> bool:
    """Let a joiner that the committer left out announce itself once more; the second time its seat is over (`not_securing`).

    Whom a lock keeps out has no second time: they asked for a seat while the meeting was being locked (`call_locked`).

    Returns:
        Whether it is the group that has to end instead.

    Raises:
        CommitRefused: somebody was left out without a word (LOG-1).
    """
    waiting = Seat.objects.filter(group=group, leaf=False, gone="", added__lte=group.spent, added__gte=0, removed__lt=F("added"))
    if not set(waiting.values_list("participant", flat=True)) <= set(staged.commit.dropped):
        raise CommitRefused("addition_omitted")
    for seat in waiting:
        seat.dropped += 1
        seat.added = -1
        if staged.keeps_out(seat, group):
            seat.gone, seat.lost_until = "call_locked", now
            # It was announced, so everybody shows somebody who is coming: they are to know that nobody is.
            seat.removed = log.append(group=group, kind=LogEntry.Kind.REMOVE, participant=seat.participant, reason="left")
        seat.save(update_fields=["dropped", "added", "removed", "gone", "lost_until"])
        wake(call=group.call, participant=seat.participant)
    twice = Seat.objects.filter(group=group, leaf=False, gone="", dropped__gte=MOST_DROPS)
    if staged.open_door and twice.exists() and shuts_out(group=group, failed=Q(dropped__gt=0)):
        return True
    twice.update(gone="not_securing", lost_until=now)
    return False


def _merge(public: groups.PublicGroup, group: Group, index: int) -> None:
    """Bring the public group to the new epoch; what was announced while the commit was checked comes before it in the log."""
    if public.next == index:
        public.merge(index=index)
    else:
        public.discard()
        groups.catch_up(group=public, row=group)

"""The lives of a call's group: starting one, ending one, and naming who creates the next (LOG-11, LOG-12, LOG-13)."""

from collections.abc import Sequence

from django.db.models import Case, IntegerField, Q, Subquery, Value, When
from django.db.models.functions import Coalesce

from conclave.kernel.ids import new_id
from conclave.keys.models import LARGE, Group, Held, Lease, LogEntry, Nack, Said, Seat, Tree, Welcome
from conclave.keys.wake import wake

CREATE_MS = 2_000  # LOG-13
# As often as the time for creating doubles at most, and as often as it does so one after the other: to 32 s, and to 16 s.
MOST_DOUBLED, DOUBLED_AT_FIRST = 4, 3
# More seats than this no call has at once (placement.MOST_PARTICIPANTS), so nobody whose turn is to come stands behind more.
MOST_SILENT = 1_000


def start(
    *,
    call: str,
    meeting: str,
    creator: str,
    now: int,
    quarantined: str = "",
    locked: bool = False,
    strict: bool = False,
    returning: Sequence[str] = (),
) -> Group:
    """Make a new incarnation that this participant is to create.

    Args:
        call: the call; it has no live incarnation (else the database refuses).
        meeting: its meeting.
        creator: who is asked to make epoch 0.
        now: the time.
        quarantined: who is asked last to commit, as in the incarnation before.
        locked: whether the incarnation before was, and so nobody new may sit down until this one is made.
        strict: whether the incarnation before was, and so nobody new is announced without a host's word (KNOCK-8).
        returning: signature keys of who may come back though the policy lets nobody in (POL-8).
    """
    last = Group.objects.filter(call=call).order_by("-number").only("number", "newcomer").first()
    until = now + _create_ms(turn=len(_silent_before(call=call)))
    group = Group.objects.create(
        call=call,
        meeting=meeting,
        incarnation=new_id(),
        number=1 if last is None else last.number + 1,
        newcomer=last.newcomer if last else None,
        creator=creator,
        quarantined=quarantined,
        locked=locked,
        strict=strict,
        returning=list(returning),
        create_until=until,
        due_at=until,
    )
    fresh = {"leaf": False, "joined_epoch": 0, "acked_epoch": -1, "added": -1, "removed": -1, "wish": Seat.Wish.NOTHING}
    Seat.objects.filter(call=call).update(group=group, **fresh)
    wake(call=call)
    return group


def renew(*, group: Group, because: str, now: int, avoid: str = "") -> Group | None:
    """End an incarnation and name who creates the next one: the longest seat of the last tree (LOG-12), else the longest seat.

    Args:
        group: the live incarnation, locked.
        because: why it ends, one word.
        now: the time.
        avoid: who is asked only when nobody else is there; by default a creator that twice in a row added nobody, and all who were silent
            since an incarnation was opened.

    Returns:
        The next incarnation, or None when nobody is connected.
    """
    avoid = avoid or (group.creator if because == "silent_creator" or (because == "stuck" and _keeps_out(group)) else "")
    # Whoever was silent is asked after all others, and of them the last one last.
    silent = _silent_before(call=group.call) if because == "silent_creator" else []
    asked = {name: -place for place, name in reversed(list(enumerate([avoid, *silent]))) if name}
    inside_first = Case(When(leaf=True, removed__lte=group.spent, then=Value(0)), default=Value(1), output_field=IntegerField())
    connected = Seat.objects.filter(call=group.call, gone="").exclude(socket="").annotate(turn=inside_first).order_by("turn", "id")
    heirs = list(connected.values_list("participant", flat=True))
    creator = min(heirs, key=lambda name: (name in asked, asked.get(name, 0)), default="")
    inside = Seat.objects.filter(group=group, leaf=True).values_list("signature_key", flat=True)
    returning = sorted({*group.returning, *inside})
    finish(group=group, because=because)
    if not creator:
        return None
    last_asked = avoid or group.quarantined
    return start(
        call=group.call,
        meeting=group.meeting,
        creator=creator,
        now=now,
        quarantined=last_asked,
        locked=group.locked,
        strict=group.strict,
        returning=returning,
    )


def _silent_before(*, call: str) -> list[str]:
    """Return who was to create an incarnation since the last one that was opened and did not, the last one first."""
    ended = Group.objects.filter(call=call, state=Group.State.ENDED).order_by("-number")
    opened = Subquery(ended.exclude(ended_because="silent_creator").values("number")[:1])
    return list(ended.filter(number__gt=Coalesce(opened, 0)).values_list("creator", flat=True)[:MOST_SILENT])


def _create_ms(*, turn: int) -> int:
    """Return how long a creator has after so many that were silent one after the other (LOG-13).

    A crowd that comes back can take longer than a creator has, and who was slow cannot be told from who never meant to answer. So the time
    doubles, and then only for every second, fourth, eighth and sixteenth one: however many are silent, each costs others 6 s on average.
    """
    doubled = turn if turn <= DOUBLED_AT_FIRST else min(MOST_DOUBLED, ((turn + 1) & -(turn + 1)).bit_length() - 1)
    return CREATE_MS << doubled


def _keeps_out(group: Group) -> bool:
    """Tell whether a creator lets nobody in: its incarnation before this one got stuck too, and this one in its first epoch."""
    before = Group.objects.filter(call=group.call, number=group.number - 1, creator=group.creator, ended_because="stuck")
    return group.epoch == 0 and before.exists()


def shuts_out(*, group: Group, failed: Q) -> bool:
    """Tell whether a creator that is still alone inside has failed more than one who waits: then it is the creator who is wrong, not they.

    Args:
        group: the live incarnation, locked.
        failed: which seats an attempt to add has failed.
    """
    inside = Seat.objects.filter(group=group, leaf=True, gone="", acked_epoch__gte=0)
    if list(inside.values_list("participant", flat=True)[:2]) != [group.creator]:
        return False
    return Seat.objects.filter(failed, group=group, gone="", acked_epoch=-1).exclude(socket="").count() > 1


def finish(*, group: Group, because: str) -> None:
    """End an incarnation for good; its log, which names people, and its ciphertexts go with it.

    Args:
        group: the live incarnation, locked.
        because: why, one word.
    """
    group.state = Group.State.ENDED
    group.ended_because = because[:16]
    group.due_at = None
    group.keeper = group.group_info = group.tree = ""
    group.returning = group.hosts = []
    written = ["hosts", "state", "ended_because", "due_at", "keeper", "epoch", "log_next", "announced", "spent", *LARGE]
    group.save(update_fields=written)
    for table in (Held, Lease, LogEntry, Nack, Said, Tree, Welcome):
        table.objects.filter(group=group).delete()
    wake(call=group.call)

"""Epoch 0: the creator's group is checked and opened (LOG-13, POL-5)."""

from django.db.models import QuerySet, Value
from django.db.models.functions import Greatest
from django.utils.translation import gettext_lazy as _

from conclave.kernel.errors import Refused
from conclave.keys import groups, lease, log, rights
from conclave.keys.incarnation import CREATE_MS
from conclave.keys.locks import writing
from conclave.keys.models import Group, Seat
from conclave.keys.step import step
from conclave.keys.wake import wake


class BadGroup(Refused):
    """Epoch 0 is not one that members would enter."""

    code = "bad_group"
    status = 422
    message = _("The group cannot be opened.")


def create(*, call: str, participant: str, incarnation: str, group_info: str, tree: str, now: int) -> None:
    """Open an incarnation with its creator as the only member.

    Args:
        call: the call.
        participant: the creator.
        incarnation: the one that the creator was asked to make.
        group_info: the GroupInfo without external_pub and tree, b64.
        tree: the ratchet tree of epoch 0, b64.
        now: the time.

    Raises:
        NotLive: somebody else creates it by now, or it is open.
        BadGroup: it does not open, or holds another member than its creator.
    """
    turn = Group.objects.filter(call=call, incarnation=incarnation, creator=participant, state=Group.State.CREATING)
    # Not silent: looking at the group must not cost the creator its turn (LOG-13). Whose turn it is not, costs us no look.
    until = Greatest("create_until", Value(now + CREATE_MS))
    row = turn.first() if turn.update(create_until=until, due_at=until) else None
    if row is None:
        raise log.NotLive
    row.group_info, row.tree = group_info, tree
    try:
        opened = groups.PublicGroup(row=row)
    except groups.MlsError as error:
        raise _lost(turn, now, f"The group cannot be opened ({error.code}).") from error
    if opened.participants() != [participant]:
        raise _lost(turn, now, "The group must hold its creator and nobody else.")
    with writing():
        group = log.live_as(call=call, incarnation=incarnation, state=Group.State.CREATING)
        if group.creator != participant:
            raise log.NotLive
        group.state = Group.State.OPEN
        group.members = 1
        group.rekey_at = now + lease.REKEY_MS
        Group.objects.filter(pk=group.pk).update(group_info=group_info, tree=tree)
        Seat.objects.filter(group=group, participant=participant).update(leaf=True, joined_epoch=0, acked_epoch=0)
        rights.copy_policy(group=group, public=opened, now=now)
        step(group=group, now=now)
        wake(call=call)
    groups.keep(incarnation=incarnation, group=opened)


def _lost(turn: QuerySet[Group], now: int, why: str) -> BadGroup:
    """Let a bad group cost its creator the turn, and return what to say (LOG-13)."""
    turn.update(create_until=now, due_at=now)
    return BadGroup(why)

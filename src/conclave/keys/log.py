"""The handshake log: reading an incarnation's row for writing, and appending entries to it (docs/protocol/delivery.md, "The log")."""

import json
from typing import Any

from django.utils.translation import gettext_lazy as _

from conclave.kernel.errors import Refused
from conclave.keys.models import LARGE, Group, LogEntry


class NotLive(Refused):
    """The incarnation that a message speaks of is not the live one, or not in a state for it."""

    code = "not_live"
    status = 409
    message = _("This incarnation of the call is over.")


def live(*, call: str) -> Group | None:
    """Return the call's live incarnation, locked for this transaction, or None.

    The epoch-0 texts are left out: they are large, and only a new gateway needs them.
    """
    return Group.objects.select_for_update().defer(*LARGE).filter(call=call).exclude(state=Group.State.ENDED).first()


def is_live(*, call: str, incarnation: str) -> bool:
    """Tell whether an incarnation is the call's live one; by the time anything is written it may be over.

    Args:
        call: the call.
        incarnation: the one a message speaks of.
    """
    return Group.objects.filter(call=call, incarnation=incarnation).exclude(state=Group.State.ENDED).exists()


def live_as(*, call: str, incarnation: str, state: Group.State | None = Group.State.OPEN) -> Group:
    """Return the live incarnation when it is the one named.

    Args:
        call: the call.
        incarnation: the one the message speaks of.
        state: the state it must be in; None allows both.

    Raises:
        NotLive: it is another one, or in another state.
    """
    group = live(call=call)
    if group is None or group.incarnation != incarnation or (state is not None and group.state != state):
        raise NotLive
    return group


def append(*, group: Group, kind: LogEntry.Kind, participant: str, **fields: Any) -> int:  # noqa: ANN401 - JSON values
    """Append an entry; the caller saves the group in the same transaction (LOG-3: one writer holds the row).

    Args:
        group: the live incarnation, locked.
        kind: what the entry says.
        participant: who it is about, or who committed.
        fields: the rest of the entry; None is left out.

    Returns:
        The entry's index.
    """
    body = {"kind": str(kind), "participant": participant} | {name: value for name, value in fields.items() if value is not None}
    index = group.log_next
    LogEntry.objects.create(group=group, index=index, kind=kind, participant=participant, body=json.dumps(body, separators=(",", ":")))
    group.log_next = index + 1
    if kind != LogEntry.Kind.COMMIT:
        group.announced = index
    return index

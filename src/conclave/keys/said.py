"""What people say: the gateway orders, franks and keeps ciphertexts (docs/protocol/messages.md)."""

import hashlib

from django.utils.translation import gettext_lazy as _

from conclave.kernel import b64
from conclave.kernel.errors import Refused
from conclave.keys import franking, groups, log
from conclave.keys.locks import writing
from conclave.keys.models import Group, Said, Seat
from conclave.keys.wake import wake

APPLICATION = 1  # RFC 9420 §6
COMMITMENT_BYTES = 32
EPOCHS_BACK = 2


class BadMessage(Refused):
    """Not a message that members would open."""

    code = "bad_message"
    status = 422
    message = _("The message cannot be relayed.")


def say(*, call: str, meeting: str, participant: str, incarnation: str, message: str, now: int) -> int:
    """Put a message into the call's order, with its franking tag.

    Args:
        call: the call.
        meeting: its meeting.
        participant: whose socket sent it.
        incarnation: the open incarnation.
        message: PrivateMessage, b64.
        now: when it was received.

    Returns:
        Its index.

    Raises:
        NotLive: the incarnation is not open, or the sender has no leaf in it.
        BadMessage: another group, not an application message, or authenticated data that is no commitment (SAY-6).
    """
    epoch, commitment = _header(call, incarnation, message)
    digest = hashlib.sha256(b64.decode(message)).digest()
    relayed = franking.Relayed(commitment=commitment, message_hash=digest, meeting=meeting, participant=participant, received=now)
    tag = franking.frank(relayed=relayed)
    with writing():
        group = log.live_as(call=call, incarnation=incarnation)
        if not Seat.objects.filter(group=group, participant=participant, leaf=True, gone="").exists():
            raise log.NotLive
        # SAY-3: nobody would show it.
        if not group.epoch - EPOCHS_BACK <= epoch <= group.epoch:
            raise BadMessage("The message is of an epoch that is over.")
        index = group.said_next
        Said.objects.create(group=group, index=index, participant=participant, message=message, received=now, kid=tag.kid, tag=tag.tag)
        Group.objects.filter(pk=group.pk, said_next=index).update(said_next=index + 1)
        wake(call=call)
    return index


def _header(call: str, incarnation: str, message: str) -> tuple[int, bytes]:
    """Return the epoch and the commitment of a message, from its clear header."""
    try:
        with groups.checker() as instance:
            header = instance.message_header(message=message)
    except groups.MlsError as error:
        raise BadMessage(f"The message cannot be relayed ({error.code}).") from error
    commitment = b64.decode(header.authenticated_data)
    ours = header.group_id == f"{call}.{incarnation}"
    if not ours or header.content_type != APPLICATION or len(commitment) != COMMITMENT_BYTES:
        raise BadMessage
    return header.epoch, commitment

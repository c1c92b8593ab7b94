"""A host admits somebody into a strict group (KNOCK-8, POL-8)."""

from conclave.keys import groups, log
from conclave.keys.held import announce_held
from conclave.keys.locks import writing
from conclave.keys.models import Held, Seat
from conclave.keys.step import step
from conclave.keys.wake import wake
from conclave.keys.wish import NotHost


def admit(*, call: str, incarnation: str, by: str, participant: str, signature: str, now: int) -> None:
    """Announce somebody whom a host has admitted; members check the host's word again.

    Args:
        call: the call.
        incarnation: the open incarnation.
        by: the host's participant.
        participant: who waits for it; nothing happens when they do not, or not any more.
        signature: Ed25519 by the host's leaf key over the admission (delivery.md), b64.
        now: the time.

    Raises:
        NotLive: the incarnation is not open.
        NotHost: the key is not listed, or the signature is not over the KeyPackage that waits.
    """
    key = Seat.objects.filter(call=call, participant=by, gone="").values_list("signature_key", flat=True).first()
    held = Held.objects.filter(group__call=call, group__incarnation=incarnation, participant=participant).first()
    if key is None:
        raise NotHost
    if held is None:
        return
    with groups.hold(call=call, incarnation=incarnation) as public:
        if not public.is_host(label="admit", reference=held.reference, key=key, signature=signature):
            raise NotHost
    with writing():
        group = log.live_as(call=call, incarnation=incarnation)
        # By compare-and-set: another host may have been quicker, or another key package wait by now.
        if Held.objects.filter(pk=held.pk, reference=held.reference).delete()[0]:
            announce_held(group=group, held=held, word={"key": key, "signature": signature})
        step(group=group, now=now)
        wake(call=call, participant=participant)

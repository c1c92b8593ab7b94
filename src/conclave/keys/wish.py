"""A host asks to commit a policy change, and proves its commands (policy.md, delivery.md)."""

from typing import Literal

from django.utils.translation import gettext_lazy as _

from conclave.kernel.errors import Refused
from conclave.keys import groups, log
from conclave.keys.locks import writing
from conclave.keys.models import Group, Seat
from conclave.keys.step import step
from conclave.keys.wake import wake


class NotHost(Refused):
    """Only a host whose key the group's policy lists may do this, and the signature must be right."""

    code = "not_host"
    status = 403
    message = _("Only a host can do this.")


def wish(*, call: str, participant: str, incarnation: str, alone: bool, now: int) -> None:
    """Give this member the next lease, for a change of the policy beside what the log means (POL-2).

    Args:
        call: the call.
        participant: a member; whether the policy lets it is seen when it commits (POL-3).
        incarnation: the open incarnation.
        alone: the commit must add nobody (POL-4).
        now: the time.

    Raises:
        NotLive: the incarnation is not open.
        NotHost: this participant has no leaf in it.
    """
    with writing():
        group = log.live_as(call=call, incarnation=incarnation)
        asked = Seat.Wish.ALONE if alone else Seat.Wish.POLICY
        if not Seat.objects.filter(group=group, participant=participant, leaf=True, gone="").update(wish=asked):
            raise NotHost
        group.wished = True
        step(group=group, now=now)
        wake(call=call)


def host_policy(*, call: str, participant: str) -> dict[str, object]:
    """Return the group's policy to one of its hosts.

    Args:
        call: the call.
        participant: who asks.

    Returns:
        The policy in force, as policy.md has it.

    Raises:
        NotLive: the call has no open incarnation.
        NotHost: the policy does not list this participant's leaf key.
    """
    seat = Seat.objects.filter(call=call, participant=participant, gone="").select_related("group").first()
    if seat is None or seat.group is None:
        raise log.NotLive
    with groups.hold(call=call, incarnation=seat.group.incarnation) as public:
        if participant not in public.hosts():
            raise NotHost
        return dict(public.state["policy"])


def link_version(*, call: str) -> int | None:
    """Return which version of the link a call's group goes by (POL-2); None while it has no open group.

    Args:
        call: the call.
    """
    incarnation = Group.objects.filter(call=call, state=Group.State.OPEN).values_list("incarnation", flat=True).first()
    if incarnation is None:
        return None
    with groups.hold(call=call, incarnation=incarnation) as public:
        return int(public.state["policy"]["link_version"])


def host_word(*, call: str, participant: str, label: Literal["remove", "end"], target: str | None, signature: str) -> tuple[str, str]:
    """Return a host's word as members will read it, once its key and signature are found right.

    Args:
        call: the call.
        participant: who says it.
        label: `remove` or `end`.
        target: who is to be removed; None for `end`.
        signature: Ed25519 by the host's leaf key, b64.

    Returns:
        Key and signature, for the log's `by`.

    Raises:
        NotLive: the call has no open incarnation.
        NotHost: the key is not listed, or the signature is wrong.
    """
    seat = Seat.objects.filter(call=call, participant=participant, gone="").select_related("group").first()
    if seat is None or seat.group is None:
        raise log.NotLive
    with groups.hold(call=call, incarnation=seat.group.incarnation) as public:
        try:
            right = public.is_host(label=label, participant=target, key=seat.signature_key, signature=signature)
        except groups.MlsError as error:
            raise NotHost from error
    if not right:
        raise NotHost
    return seat.signature_key, signature


def holds_host_key(*, meeting: str, host_hash: str, signature_key: str, key: str, signature: str) -> bool:
    """Tell whether the holder of a leaf key showed the host key that a meeting's link names (KNOCK-2).

    Args:
        meeting: the meeting's id.
        host_hash: the hash in its link.
        signature_key: the leaf key, b64.
        key: the host's public key, b64.
        signature: Ed25519 by it over the entry (knock.md), b64.
    """
    try:
        with groups.checker() as instance:
            return instance.verify_entry(meeting=meeting, host_hash=host_hash, signature_key=signature_key, key=key, signature=signature)
    except groups.MlsError:
        return False

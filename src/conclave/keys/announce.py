"""Asking to be added: a KeyPackage is checked and announced (LOG-1, LOG-10, POL-7)."""

from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from conclave.kernel.errors import Refused
from conclave.keys import groups, log
from conclave.keys.attestation import attestation_key
from conclave.keys.held import hold
from conclave.keys.incarnation import renew, shuts_out
from conclave.keys.locks import writing
from conclave.keys.models import Group, LogEntry, Seat, Welcome
from conclave.keys.step import step
from conclave.keys.wake import wake


class BadKeyPackage(Refused):
    """The KeyPackage is not one that members would accept."""

    code = "bad_key_package"
    status = 422
    message = _("The key package cannot be used.")


def announce(*, call: str, meeting: str, participant: str, incarnation: str, key_package: str, mac: str, now: int) -> int:
    """Announce that a participant is to be added; its own earlier leaf, if any, goes in the same commit (LOG-10).

    Args:
        call: the call.
        meeting: its meeting.
        participant: whose KeyPackage it is.
        incarnation: the live incarnation, for which the KeyPackage was made.
        key_package: MLSMessage(KeyPackage), b64.
        mac: the link MAC, b64; members check it.
        now: the time.

    Returns:
        The index of the announcement; -1 while it waits for a host's word (KNOCK-8).

    Raises:
        NotLive: another incarnation is live, or this participant is the one who creates it.
        BadKeyPackage: it is malformed, expired, for another seat, or signed with another key than the seat's.
    """
    if not log.is_live(call=call, incarnation=incarnation):
        # Of a crowd that is told of one incarnation after the other, what comes too late must cost nothing: looking at it costs most.
        raise log.NotLive
    found = _check(call, meeting, participant, incarnation, key_package)
    with writing():
        group = log.live_as(call=call, incarnation=incarnation, state=None)
        seat = Seat.objects.filter(participant=participant, group=group, gone="").first()
        if seat is None or (group.state == Group.State.CREATING and group.creator == participant):
            raise log.NotLive
        _distrust(group, seat)
        if hold(group=group, seat=seat, reference=found.reference, key_package=key_package, mac=mac):
            wake(call=call)
            return -1
        leaf_stays = seat.leaf and seat.removed <= group.spent
        if leaf_stays or (seat.added > group.spent and seat.added > seat.removed):
            seat.removed = log.append(group=group, kind=LogEntry.Kind.REMOVE, participant=participant, reason="replaced")
        seat.added = log.append(group=group, kind=LogEntry.Kind.ADD, participant=participant, key_package=key_package, mac=mac)
        seat.save(update_fields=["added", "removed"])
        unopened = Q(leaf=True, added__gt=group.spent)
        if shuts_out(group=group, failed=unopened):
            renew(group=group, because="shut_out", now=now, avoid=group.creator)
        else:
            step(group=group, now=now)
        wake(call=call)
    return seat.added


def _distrust(group: Group, seat: Seat) -> None:
    """Ask last from now on whoever made a welcome that its joiner did not get in with."""
    welcome = Welcome.objects.filter(group=group, participant=seat.participant).first() if seat.leaf else None
    commit = LogEntry.objects.filter(group=group, index=welcome.index).first() if welcome else None
    if commit:
        group.quarantined = commit.participant


def _check(call: str, meeting: str, participant: str, incarnation: str, key_package: str) -> groups.KeyPackage:
    """Return the KeyPackage, or refuse what every member would refuse, before it costs them anything."""
    try:
        with groups.checker() as instance:
            found = instance.public_key_package(
                incarnation=incarnation,
                key_package=key_package,
                participant=participant,
                attestation_key=attestation_key(),
                meeting=meeting,
                call=call,
            )
    except groups.MlsError as error:
        raise BadKeyPackage(f"The key package cannot be used ({error.code}).") from error
    key = Seat.objects.filter(participant=participant).values_list("signature_key", flat=True).first()
    if found.signature_key != key:
        raise BadKeyPackage("The key package is signed with another key than the seat's.")
    return found

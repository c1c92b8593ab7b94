"""Announcements that wait for a host's word while a group is strict: kept back, and announced after all (KNOCK-8)."""

from conclave.keys import log
from conclave.keys.models import Group, Held, LogEntry, Seat


def hold(*, group: Group, seat: Seat, reference: str, key_package: str, mac: str) -> bool:
    """Keep an announcement back if the group is strict and this is no replacement (POL-8), inside the caller's transaction.

    Args:
        group: the live incarnation, locked.
        seat: whose announcement it is.
        reference: its KeyPackageRef.
        key_package: MLSMessage(KeyPackage), b64.
        mac: the link MAC, b64.

    Returns:
        Whether it waits now.
    """
    if not group.strict or seat.leaf or seat.signature_key in group.returning:
        return False
    fields = {"reference": reference, "key_package": key_package, "mac": mac}
    Held.objects.filter(group=group, participant=seat.participant).delete()
    Held.objects.create(group=group, participant=seat.participant, **fields)
    return True


def release(*, group: Group) -> None:
    """Announce all who wait, as nobody has to any more, inside the caller's transaction."""
    for held in Held.objects.filter(group=group).order_by("id"):
        announce_held(group=group, held=held, word=None)
    Held.objects.filter(group=group).delete()


def announce_held(*, group: Group, held: Held, word: dict[str, str] | None) -> None:
    """Append what waited, unless its seat is over, inside the caller's transaction.

    Args:
        group: the live incarnation, locked.
        held: what waited.
        word: the host's, for the log, if there is one.
    """
    seats = Seat.objects.filter(group=group, participant=held.participant, gone="")
    if not seats.exists():
        return
    index = log.append(
        group=group, kind=LogEntry.Kind.ADD, participant=held.participant, key_package=held.key_package, mac=held.mac, admit=word
    )
    seats.update(added=index)

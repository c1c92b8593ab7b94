"""This gateway process, as the others know it: when it falls silent, its sockets count as lost."""

from conclave.kernel import clock
from conclave.kernel.ids import new_id
from conclave.keys import arrive
from conclave.keys.locks import writing
from conclave.keys.models import Gateway, Seat

BEAT_MS = 2 * clock.SECOND
SILENT_MS = 10 * clock.SECOND
NAME = new_id()


def beat(*, now: int) -> None:
    """Say that this process lives, and give up the sockets of those that have not for 10 s.

    Args:
        now: the time.
    """
    with writing():
        Gateway.objects.update_or_create(name=NAME, defaults={"seen_at": now})
    silent = list(Gateway.objects.filter(seen_at__lt=now - SILENT_MS).values_list("name", flat=True))
    known = Gateway.objects.values("name")
    orphans = Seat.objects.exclude(gateway="").exclude(gateway__in=known.exclude(name__in=silent))
    for participant, socket in orphans.values_list("participant", "socket"):
        arrive.lose(participant=participant, socket=socket, now=now)
    Gateway.objects.filter(name__in=silent).delete()

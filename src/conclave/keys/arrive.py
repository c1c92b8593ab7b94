"""A seat's socket: arriving with hello, lost, and back again (JOIN-5, JOIN-7, LOG-10, LOG-13)."""

from dataclasses import dataclass
from typing import Literal

from django.db import IntegrityError

from conclave.keys import incarnation, lease, log
from conclave.keys.locks import writing
from conclave.keys.models import Group, Seat, Welcome
from conclave.keys.step import LEFT_BEHIND, step
from conclave.keys.wake import wake

LOST_MS = 30_000
LOST_LOCKED_MS = 120_000
Mode = Literal["create", "join", "resume"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """What `ready` says: the live incarnation, what the client is to do in it, and the indices that it gets next.

    `follows` is False for a joiner: its indices are set by its welcome, which answers the announcement at `announced`, if there is one.
    """

    incarnation: str
    mode: Mode
    log: int
    said: int
    follows: bool
    announced: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Holding:
    """Which socket a seat has, why the seat is over (or nothing), and how often a committer left its key package out."""

    socket: str
    gone: str
    dropped: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Sitter:
    """A seat of a live call and the socket that takes it: plain values, checked by the caller."""

    call: str
    meeting: str
    participant: str
    signature_key: str
    socket: str
    gateway: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """What a client says it holds: an incarnation's state or None, and the indices that it wants next (LOG-5)."""

    incarnation: str | None
    log: int
    said: int


def arrive(*, sitter: Sitter, place: Place, now: int) -> Arrival:
    """Bind a socket to a seat; a socket that the seat had before has lost it (JOIN-5).

    Args:
        sitter: who sits down.
        place: where the client stands.
        now: the time.

    Returns:
        What to answer.
    """
    try:
        return _arrive(sitter, place, now)
    except IntegrityError:
        # Two gateways started the call's first incarnation at the same moment: the second one now finds it.
        return _arrive(sitter, place, now)


def _arrive(sitter: Sitter, place: Place, now: int) -> Arrival:
    """Do it in one transaction."""
    with writing():
        before = group = log.live(call=sitter.call)
        seat = _sit(sitter, group)
        resumes = group is not None and _resumes(seat, group, place)
        if group is not None and seat.leaf and not resumes:
            Seat.objects.filter(pk=seat.pk).update(acked_epoch=LEFT_BEHIND)
            lease.hasten(group=group, holder=seat.participant, now=now)
        group = step(group=group, now=now) if group else None
        group = group or incarnation.start(call=sitter.call, meeting=sitter.meeting, creator=sitter.participant, now=now)
        wake(call=sitter.call, participant=sitter.participant)
    if resumes and before is not None and group.pk == before.pk:
        said_at = min(place.said, group.said_next)
        follows = _follows(seat, group, place.log)
        return Arrival(
            incarnation=group.incarnation,
            mode="resume",
            log=place.log,
            said=said_at,
            follows=follows,
            announced=None if follows else seat.added,
        )
    creates = group.state == Group.State.CREATING and group.creator == sitter.participant
    at = 0 if creates else group.log_next
    return Arrival(incarnation=group.incarnation, mode="create" if creates else "join", log=at, said=group.said_next, follows=creates)


def _sit(sitter: Sitter, group: Group | None) -> Seat:
    """Give the seat this socket; a seat that comes for the first time is the youngest."""
    held = {"socket": sitter.socket, "gateway": sitter.gateway, "signature_key": sitter.signature_key, "lost_until": None, "gone": ""}
    born = {"call": sitter.call, "meeting": sitter.meeting, "group": group}
    return Seat.objects.update_or_create(participant=sitter.participant, defaults=held, create_defaults=held | born)[0]


def _resumes(seat: Seat, group: Group, place: Place) -> bool:
    """Tell whether the client goes on with what it holds: its leaf, or an announcement that nobody has committed yet."""
    if group.incarnation != place.incarnation or group.state != Group.State.OPEN or place.log > group.log_next:
        return False
    in_tree = seat.leaf and seat.acked_epoch > LEFT_BEHIND and seat.removed <= group.spent
    return in_tree or (seat.added > group.spent and seat.added > seat.removed)


def _follows(seat: Seat, group: Group, log_at: int) -> bool:
    """Tell whether the client reads the log already, or still waits for its welcome."""
    if not seat.leaf or seat.added > group.spent:
        return False
    welcome = Welcome.objects.filter(group=group, participant=seat.participant).first()
    return welcome is None or log_at > welcome.covers


def lose(*, participant: str, socket: str, now: int) -> None:
    """Note that a socket closed without `bye`: the seat is kept for 30 s, under lock for 120 s (JOIN-7, LOG-10).

    Args:
        participant: the seat.
        socket: the socket that closed; when the seat has another by now, nothing happens.
        now: the time.
    """
    with writing():
        seat = Seat.objects.filter(participant=participant, socket=socket).first()
        if seat is None:
            return
        group = log.live(call=seat.call)
        kept = LOST_LOCKED_MS if group is not None and group.locked else LOST_MS
        # Of a seat that is over, how soon it is given up has been settled already.
        Seat.objects.filter(pk=seat.pk).update(socket="", gateway="", lost_until=seat.lost_until if seat.gone else now + kept)
        if group is not None:
            lease.hasten(group=group, holder=participant, now=now)
            step(group=group, now=now)
        wake(call=seat.call)


def holds(*, participants: list[str]) -> dict[str, Holding]:
    """Return who holds these seats now; a seat that does not exist is left out."""
    rows = Seat.objects.filter(participant__in=participants).values_list("participant", "socket", "gone", "dropped")
    return {participant: Holding(socket=socket, gone=gone, dropped=dropped) for participant, socket, gone, dropped in rows}

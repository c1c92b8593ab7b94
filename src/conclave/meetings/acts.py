"""What each message of a live socket does: one call of keys/ or of a journey, made in a thread, and the answer if it has one."""

import asyncio
from dataclasses import replace
from typing import assert_never

from django.db import Error

from conclave.gate.policy import Cause, Evidence, Refuse
from conclave.kernel import clock
from conclave.keys import delivery, feed, gateway
from conclave.keys.threads import in_thread
from conclave.meetings import bans, barring, doorbell, links, lost, socket
from conclave.meetings.end import end
from conclave.meetings.enforce import judge_inside, look_again
from conclave.meetings.knock import answer
from conclave.meetings.leave import leave
from conclave.meetings.models import Gone
from conclave.meetings.queries import Seat
from conclave.meetings.queries import seat as find_seat
from conclave.meetings.remove import remove

# Many acknowledgements are written together; a few do not wait for each other.
ACK_SECONDS = 0.05
ACK_SECONDS_PER_SOCKET = 0.001
# A database that is locked or full is asked again.
AGAIN_SECONDS = 1.0
Answer = dict[str, object] | None
Hosting = socket.Policy | socket.Remove | barring.Unban | barring.Bans | barring.Link | socket.End | doorbell.Answer | doorbell.Admit
Act = socket.Create | socket.SendCommit | socket.Ack | socket.Nack | Hosting | socket.Say

_flushing: set[asyncio.Task[None]] = set()


async def act(*, seat: Seat, message: Act, now: int) -> Answer:
    """Do what a message asks.

    Args:
        seat: whose socket sent it.
        message: any but `hello`, `bye` and `announce`.
        now: the time.

    Returns:
        What to answer at once, or None; everything else comes through the feed.

    Raises:
        ConclaveError: it cannot be done; the code is answered.
    """
    if isinstance(message, socket.Ack):
        _ack(seat, message)
        return None
    return await in_thread(_act, seat, message, now)


def hello(*, message: socket.Hello, socket_id: str, now: int, evidence: Evidence | None = None) -> tuple[Seat, delivery.Arrival | None]:
    """Take a seat for a socket (JOIN-5).

    Args:
        message: the hello.
        socket_id: the socket that said it.
        now: the time.
        evidence: where they are by now; None leaves what their seat says.

    Returns:
        The seat, and where it stands in the group; None when the seat is over or no longer admitted, for which `gone` has the reason if
        there is one.

    Raises:
        SeatUnknown: it is not a seat, or not theirs.
    """
    seat = find_seat(participant=message.participant, seat=message.seat)
    if not seat.gone:
        seat = look_again(seat=seat, evidence=evidence)
        decision = judge_inside(seat=seat, now=now)
        if isinstance(decision, Refuse):
            return replace(seat, gone=Gone.ORDERED if decision.reason is Cause.ORDERED else Gone.REMOVED), None
    if seat.gone or not lost.arrived(participant=seat.participant, now=now):
        return seat, None
    sitter = delivery.Sitter(
        call=seat.call,
        meeting=seat.meeting,
        participant=seat.participant,
        signature_key=seat.signature_key,
        socket=socket_id,
        gateway=gateway.NAME,
    )
    place = delivery.Place(incarnation=message.incarnation, log=message.log, said=message.said)
    return seat, delivery.arrive(sitter=sitter, place=place, now=now)


def bye(*, seat: Seat, now: int) -> None:
    """Leave at once (JOIN-7).

    Args:
        seat: whose.
        now: the time.
    """
    leave(participant=seat.participant, now=now)


def announce(*, seat: Seat, message: socket.Announce, now: int) -> int:
    """Ask that this seat be added.

    Args:
        seat: whose.
        message: its key package.
        now: the time.

    Returns:
        The announcement's index in the log.

    Raises:
        NotLive, BadKeyPackage: see keys.
    """
    return delivery.announce(
        call=seat.call,
        meeting=seat.meeting,
        participant=seat.participant,
        incarnation=message.incarnation,
        key_package=message.key_package,
        mac=message.mac,
        now=now,
    )


def _act(seat: Seat, message: Act, now: int) -> Answer:
    """Do it, in a thread."""
    match message:
        case socket.Create():
            return _create(seat, message, now)
        case socket.SendCommit():
            return _commit(seat, message, now)
        case socket.Nack():
            return _nack(seat, message, now)
        case socket.Say():
            return _say(seat, message, now)
        case socket.Ack():
            return None
        case _:
            return _host(seat, message, now)


def _host(seat: Seat, message: Hosting, now: int) -> Answer:  # noqa: PLR0911 - one line for each message
    """Do what only a host may ask; whether it is one is checked where it is done."""
    match message:
        case socket.Policy():
            return _policy(seat, message, now)
        case socket.Remove():
            return _remove(seat, message, now)
        case barring.Unban():
            return {"t": "bans", "bans": bans.unban(call=seat.call, meeting=seat.meeting, by=seat.participant, ban=message.ban, now=now)}
        case barring.Bans():
            return {"t": "bans", "bans": bans.bans(call=seat.call, meeting=seat.meeting, by=seat.participant)}
        case barring.Link():
            return _link(seat, message, now)
        case socket.End():
            return _end(seat, message, now)
        case doorbell.Answer():
            return _answer(seat, message, now)
        case doorbell.Admit():
            return _admit(seat, message, now)
    assert_never(message)


def _create(seat: Seat, message: socket.Create, now: int) -> Answer:
    delivery.create(
        call=seat.call,
        participant=seat.participant,
        incarnation=message.incarnation,
        group_info=message.group_info,
        tree=message.tree,
        now=now,
    )
    return None


def _commit(seat: Seat, message: socket.SendCommit, now: int) -> Answer:
    sent = delivery.Commit(
        incarnation=message.incarnation,
        lease=message.lease,
        epoch=message.epoch,
        commit=message.commit,
        welcomes={part.participant: part.welcome for part in message.welcomes},
        dropped={one.participant: one.code for one in message.dropped},
    )
    try:
        delivery.commit(call=seat.call, participant=seat.participant, commit=sent, now=now)
    except delivery.CommitRefused as refused:
        return {"t": "refused", "lease": message.lease, "code": refused.reason}
    except delivery.NotLive:
        return {"t": "refused", "lease": message.lease, "code": "stale"}
    return None


def _nack(seat: Seat, message: socket.Nack, now: int) -> Answer:
    delivery.nack(
        call=seat.call,
        participant=seat.participant,
        incarnation=message.incarnation,
        index=message.index,
        code=message.code,
        now=now,
    )
    return None


def _policy(seat: Seat, message: socket.Policy, now: int) -> Answer:
    delivery.wish(call=seat.call, participant=seat.participant, incarnation=message.incarnation, alone=message.alone, now=now)
    return None


def _remove(seat: Seat, message: socket.Remove, now: int) -> Answer:
    remove(call=seat.call, participant=message.participant, by=seat.participant, signature=message.signature, ban=message.ban, now=now)
    return None


def _link(seat: Seat, message: barring.Link, now: int) -> Answer:
    links.register(
        call=seat.call,
        meeting=seat.meeting,
        by=seat.participant,
        link_version=message.link_version,
        link_id=message.link_id,
        now=now,
    )
    return {"t": "linked", "link_version": message.link_version, "link_id": message.link_id}


def _end(seat: Seat, message: socket.End, now: int) -> Answer:
    end(call=seat.call, by=seat.participant, signature=message.signature, now=now)
    return None


def _answer(seat: Seat, message: doorbell.Answer, now: int) -> Answer:
    answer(
        call=seat.call,
        meeting=seat.meeting,
        by=seat.participant,
        knocks=message.knocks,
        admit=message.admit,
        block=message.block and not message.admit,
        sealed={one.knock: one.sealed for one in message.sealed},
        now=now,
    )
    return None


def _admit(seat: Seat, message: doorbell.Admit, now: int) -> Answer:
    delivery.admit(
        call=seat.call,
        incarnation=message.incarnation,
        by=seat.participant,
        participant=message.participant,
        signature=message.signature,
        now=now,
    )
    return None


def _say(seat: Seat, message: socket.Say, now: int) -> Answer:
    delivery.say(
        call=seat.call,
        meeting=seat.meeting,
        participant=seat.participant,
        incarnation=message.incarnation,
        message=message.message,
        now=now,
    )
    return None


def _ack(seat: Seat, message: socket.Ack) -> None:
    """Remember the acknowledgement; the first after a pause sees to it that all are written together."""
    if delivery.ack_take(call=seat.call, participant=seat.participant, incarnation=message.incarnation, epoch=message.epoch):
        task = asyncio.create_task(_flush(seat.call))
        _flushing.add(task)
        task.add_done_callback(_flushing.discard)


async def _flush(call: str) -> None:
    """Write the acknowledgements that came meanwhile."""
    await asyncio.sleep(min(ACK_SECONDS, ACK_SECONDS_PER_SOCKET * feed.listening(call=call)))
    while True:
        try:
            await in_thread(delivery.ack_flush, call=call, now=clock.now())
        except Error:
            await asyncio.sleep(AGAIN_SECONDS)
        else:
            return

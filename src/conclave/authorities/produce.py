"""Handing out what an order asks for: exactly these fields of exactly these people, once, and not before its leaves are cosigned (ORD-18).

Whoever it is about is told in the same moment, or at the end of a deferral, by the clock alone (ORD-19).
"""

import hashlib
from collections.abc import Sequence
from dataclasses import asdict, replace

from conclave.accounts.disclosed import rows_of
from conclave.accounts.queries import address_of
from conclave.accounts.staff_policy import Act
from conclave.authorities.disclose import is_as_entered, may_look
from conclave.authorities.fields import TABLES, marks
from conclave.authorities.models import Disclosure, Order, Subject
from conclave.authorities.narrowing import LeftOut, Narrowed, Why, deferral_band, narrowed, there
from conclave.authorities.policy import Move, Reason, State, ToldState, step
from conclave.authorities.report import report
from conclave.authorities.review import reviewed_by
from conclave.authorities.standing import OrderNotNow, facts_of, move, note
from conclave.authorities.tell import GIVEN
from conclave.gate.policy import NOWHERE
from conclave.kernel import canonical, deadlines, outbox
from conclave.kernel.canonical import Json
from conclave.kernel.ids import UserId
from conclave.keys.locks import writing
from conclave.meetings.disclosed import seats_of
from conclave.transparency import cosign, ledger
from conclave.transparency.journal import journal

MOST_AT_ONCE = 50


def hand_out(*, order: str, account: UserId, now: int) -> bytes:
    """Return the archive of what an order is told, to its reviewer, for the authority; once. Nothing of it is kept here but its hash.

    Args:
        order: which.
        account: its reviewer.
        now: the time.

    Returns:
        Canonical JSON.

    Raises:
        StaffUnknown, StaffRoleMissing, StaffRecused, StaffOtherRole, OrderUnknown: it is not for them.
        OrderNotNow: it was not approved, its leaves are not cosigned yet, its time is over, it was handed out already,
            it is not what was approved, nothing is left, or the desk, its approvers or the policy of this server let it be no more.
    """
    # In a transaction of its own: that somebody may learn where people are stays written down, whatever the answer is.
    with writing():
        row, told = _ready(order, account, now)
        people = list(told.subjects.values_list("account", flat=True))
        may_look(row=row, account=account, step="hand_out", people=people, now=now)
    with writing():
        row, told = _ready(order, account, now)
        ledger.hold()
        left, found = _left(told)
        if not left.fields or not found:
            raise OrderNotNow(Reason.NOTHING_LEFT)
        archive = _archive(row, told, left.fields, found, now)
        # Before the step: what came of the order is judged by what was in fact handed out.
        told.left_out = [*told.left_out, *({**asdict(one), "why": one.why.value} for one in left.left_out)]
        told.state, told.cosigned_at, told.handed_at = ToldState.HANDED, now, now
        told.sha256 = hashlib.sha256(archive).hexdigest()
        told.save(update_fields=["left_out", "state", "cosigned_at", "handed_at", "sha256"])
        _enter(row, told, left.fields, len(found), now)
        move(row=row, to=Move.DONE, facts=facts_of(row=row, now=now), now=now)
        report(row=row, now=now)
        _tell(told, now)
        journal(kind="order_told", obj=row.obj, fields={"by": account, "sha256": told.sha256}, now=now)
    return archive


@deadlines.settles
def settle(now: int) -> None:
    """Tell whom nobody told, as their deferral is over.

    Args:
        now: the time.
    """
    due = Disclosure.objects.filter(deferred_until__lte=now, subjects__told_at=None, subjects__given_at__isnull=False).order_by("pk")
    for told in due.distinct()[:MOST_AT_ONCE]:
        with writing():
            _tell(told, now)


def _ready(order: str, account: UserId, now: int) -> tuple[Order, Disclosure]:
    """Return an order and what may be handed out because of it now, as far as can be told before anybody is looked for."""
    row = reviewed_by(order=order, account=account, act=Act.REVIEW_ORDER, now=now)
    told = Disclosure.objects.select_for_update().filter(order=row, state=ToldState.SCHEDULED, ends_at__gt=now).first()
    if told is None or told.leaf is None:
        raise OrderNotNow(Reason.NOT_NOW)
    if not cosign.is_cosigned(index=told.leaf):
        raise OrderNotNow(Reason.WITNESS)
    if not is_as_entered(told=told):
        raise OrderNotNow(Reason.CHANGED)
    # Before anybody is looked for: whether it may still be, once its leaves are cosigned.
    taken = step(state=State(row.state), move=Move.DONE, facts=replace(facts_of(row=row, now=now), cosigned=True))
    if not taken.allowed:
        raise OrderNotNow(taken.reason)
    return row, told


def _left(told: Disclosure) -> tuple[Narrowed, list[Subject]]:
    """Return the fields that may still be told with what is left out by now, and of whom something is told."""
    # As the inventory is today: what it does not mark any more is not told.
    left = narrowed(fields=told.fields, people=(), territory=told.territory, marks=marks(), personal=TABLES)
    everybody = list(told.subjects.order_by("pk"))
    people = [one for one in everybody if not _is_gone(one)]
    # Which of those named it is, nobody is told: who is missing from the archive could be told to be elsewhere.
    gone = (LeftOut(what="", why=Why.NOT_THERE),) * (len(everybody) - len(people))
    return replace(left, left_out=(*left.left_out, *gone)), people


def _enter(row: Order, told: Disclosure, fields: Sequence[str], count: int, now: int) -> None:
    """Enter each field that is in fact handed out: what was approved may be handed out in another half-year, or not at all (REP-2)."""
    deferred = deferral_band(until=told.deferred_until, now=now)
    for field, leaf in zip(told.fields, told.leaves, strict=True):
        if field in fields:
            said: dict[str, Json] = {"territory": told.territory, "field": field, "count": count, "deferred": deferred}
            note(row=row, kind="HANDED", fields=said, now=now, prev=leaf)


def _archive(row: Order, told: Disclosure, fields: Sequence[str], people: Sequence[Subject], now: int) -> bytes:
    """Return what is told; each whom it is about has it written down that it was."""
    Subject.objects.filter(pk__in=[one.pk for one in people]).update(given_at=now)
    data: list[Json] = [{"number": number, "data": _data(one.account, fields)} for number, one in enumerate(people, 1)]
    return canonical.encode(
        {"v": 1, "order": row.public_id, "territory": told.territory, "made_at": now, "fields": list(fields), "people": data}
    )


def _data(account: str, fields: Sequence[str]) -> dict[str, Json]:
    """Return these fields of somebody, by table."""
    wanted = dict[str, list[str]]()
    for field in fields:
        table, _dot, column = field.rpartition(".")
        wanted.setdefault(table, []).append(column)
    return {table: rows_of(rows=TABLES[table](account), fields=columns) for table, columns in wanted.items()}


def _is_gone(subject: Subject) -> bool:
    """Tell whether somebody has no account any more, or is in a call now and not surely in the territory (ORD-17)."""
    seats = seats_of(account=subject.account)
    has_moved = bool(seats) and there(evidence=seats, territory=subject.territory) is NOWHERE
    return has_moved or not address_of(account=subject.account)


def _tell(told: Disclosure, now: int) -> None:
    """Tell everybody of whom something was handed out, unless that is deferred; each once."""
    if told.deferred_until is not None and now < told.deferred_until:
        return
    for notice in told.subjects.filter(given_at__isnull=False, told_at=None).values_list("pk", flat=True):
        if Subject.objects.filter(pk=notice, told_at=None).update(told_at=now):
            outbox.emit(kind=GIVEN, payload={"notice": notice, "change": "given"}, now=now)

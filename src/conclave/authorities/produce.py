"""Handing out what an order asks for: exactly these fields of exactly these people, once, and not before its leaves are cosigned (ORD-18).

Whoever it is about is told in the same moment, or at the end of a deferral, by the clock alone (ORD-19).
"""

import hashlib

from conclave.accounts.disclosed import rows_of
from conclave.accounts.queries import address_of
from conclave.accounts.staff_policy import Act
from conclave.authorities import witness
from conclave.authorities.fields import TABLES, marks
from conclave.authorities.models import Disclosure, Order, Subject
from conclave.authorities.narrowing import may_tell, there
from conclave.authorities.policy import Move, Reason, ToldState
from conclave.authorities.report import report
from conclave.authorities.review import reviewed_by
from conclave.authorities.standing import OrderNotNow, facts_of, hold_ledger, move
from conclave.authorities.tell import GIVEN
from conclave.gate.policy import NOWHERE
from conclave.kernel import canonical, deadlines, outbox
from conclave.kernel.canonical import Json
from conclave.kernel.ids import UserId
from conclave.keys.locks import writing
from conclave.meetings.disclosed import seats_of
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
        OrderNotNow: it was not approved, its leaves are not cosigned yet, its time is over, or it was handed out already.
    """
    with writing():
        row = reviewed_by(order=order, account=account, act=Act.REVIEW_ORDER, now=now)
        told = Disclosure.objects.select_for_update().filter(order=row, state=ToldState.SCHEDULED, ends_at__gt=now).first()
        if told is None or told.leaf is None:
            raise OrderNotNow(Reason.NOT_NOW)
        if not witness.is_cosigned(index=told.leaf):
            raise OrderNotNow(Reason.WITNESS)
        hold_ledger()
        archive = _archive(row, told, now)
        told.state, told.cosigned_at, told.handed_at = ToldState.HANDED, now, now
        told.sha256 = hashlib.sha256(archive).hexdigest()
        told.save(update_fields=["state", "cosigned_at", "handed_at", "sha256"])
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


def _archive(row: Order, told: Disclosure, now: int) -> bytes:
    """Return what is told, of everybody who is not surely elsewhere by now; each of them has it written down that it was."""
    known = marks()
    # As the inventory is today: what it does not mark any more is not told.
    fields = [field for field in told.fields if may_tell(field=field, marks=known, personal=TABLES)]
    people: list[Json] = []
    for subject in told.subjects.order_by("pk"):
        if _is_gone(subject):
            continue
        people.append({"number": len(people) + 1, "data": _data(subject.account, fields)})
        Subject.objects.filter(pk=subject.pk).update(given_at=now)
    return canonical.encode(
        {"v": 1, "order": row.public_id, "territory": told.territory, "made_at": now, "fields": fields, "people": people}
    )


def _data(account: str, fields: list[str]) -> dict[str, Json]:
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

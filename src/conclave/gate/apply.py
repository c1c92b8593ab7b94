"""What measures of orders have done to people: each application with the evidence it rests on, until it is undone (ORD-2, ORD-8)."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from conclave.gate.approved import is_approved
from conclave.gate.models import Application, Restriction
from conclave.gate.policy import Cause, Evidence, located
from conclave.gate.queries import plain
from conclave.kernel import outbox
from conclave.kernel.errors import Unavailable
from conclave.kernel.ids import new_id

Action = Application.Action
# The outbox event of each application: whoever knows the order sees to it that the person is told.
MET = "gate.met"


class NotThere(Exception):
    """A measure would meet somebody who is not surely in its territory (a bug: ORD-2)."""


class OrderOver(Unavailable):
    """The measure was taken back in this very moment: whoever it would have met asks again, and it meets them no more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Met:
    """Whom a measure meets, and where: by what they are known there."""

    meeting: str
    call: str = ""
    device: str = ""
    account: str = ""

    @property
    def person(self) -> str:
        """Who it is, however many devices they come with: the account, or else the device."""
        return person_of(account=self.account, device=self.device)


def person_of(*, account: str | None, device: str) -> str:
    """Return as whom somebody is counted: as their account, or else as their device.

    Args:
        account: theirs, if they are signed in.
        device: what their browser calls itself.
    """
    return account or device


@dataclass(frozen=True, slots=True, kw_only=True)
class Applied:
    """One application as plain values."""

    id: str
    measure: str
    action: str
    meeting: str
    call: str
    account: str
    # Who it is, among all that the measure has met (person_of).
    person: str
    at: int
    undone_at: int | None


def apply(*, measure: str, territory: str, action: Action, met: Met, evidence: Evidence, now: int) -> str:
    """Write down that a measure has met somebody, inside the caller's transaction, before it is done to them.

    Args:
        measure: its id.
        territory: where it holds.
        action: what is done.
        met: to whom.
        evidence: where they are.
        now: the time.

    Returns:
        The id of their notice; that of the first time for whoever is denied again.

    Raises:
        NotThere: they are not surely in the territory.
        OrderOver: the measure holds no more, or never did.
    """
    if located(evidence) != territory or territory == "":
        raise NotThere
    # Locked, so that whoever takes it back afterwards finds this row too (undo), and after whom nothing is written any more.
    rows = Restriction.objects.select_for_update().filter(notice=measure, cause=Cause.ORDERED).order_by("pk")
    holds = next((row for row in rows if is_approved(restriction=plain(row=row), now=now)), None)
    if holds is None:
        raise OrderOver
    if holds.territory != territory:
        raise NotThere
    # As whom they are denied once (person_of).
    known: dict[str, Any] = {"measure": measure, "meeting": met.meeting, "action": action, "account": met.account}
    known |= {} if met.account else {"device": met.device}
    found: dict[str, Any] = {"country": evidence.country, "database": evidence.database, "built_at": evidence.built_at}
    new = {"id": new_id(), "territory": territory, "call": met.call, "device": met.device, "at": now, **found}
    if action == Action.DENIED:
        row, made = Application.objects.get_or_create(**known, defaults=new)
    else:
        row, made = Application.objects.create(**{**known, **new}), True
    if made:
        # What is done first is what ends their media; mails come after it.
        outbox.emit(kind=MET, payload={"notice": row.pk}, now=now, after_ms=1)
    return row.pk


def undo(*, measure: str, now: int) -> list[Applied]:
    """Write down that what a measure did is undone, inside the caller's transaction.

    Args:
        measure: its id.
        now: the time.

    Returns:
        What was undone by this.
    """
    rows = list(Application.objects.select_for_update().filter(measure=measure, undone_at=None))
    Application.objects.filter(pk__in=[row.pk for row in rows]).update(undone_at=now)
    return [_plain(row) for row in rows]


def applied(*, measure: str) -> list[Applied]:
    """Return what a measure has done, oldest first.

    Args:
        measure: its id.
    """
    return [_plain(row) for row in Application.objects.filter(measure=measure).order_by("at", "pk")]


def people_removed(*, notices: Iterable[str]) -> Counter[str]:
    """Return how many people measures have taken out, by territory; one with several devices is one.

    Args:
        notices: the ids of what they read.
    """
    rows = Application.objects.filter(pk__in=list(notices), action=Action.REMOVED)
    people = {(row.territory, person_of(account=row.account, device=row.device) or row.pk) for row in rows}
    return Counter(territory for territory, _person in people)


def application(*, notice: str) -> Applied | None:
    """Return what somebody's notice is about, or None.

    Args:
        notice: its id.
    """
    row = Application.objects.filter(pk=notice).first()
    return _plain(row) if row else None


def _plain(row: Application) -> Applied:
    """Return a row as plain values."""
    return Applied(
        id=row.pk,
        measure=row.measure,
        action=row.action,
        meeting=row.meeting,
        call=row.call,
        account=row.account,
        person=person_of(account=row.account, device=row.device),
        at=row.at,
        undone_at=row.undone_at,
    )

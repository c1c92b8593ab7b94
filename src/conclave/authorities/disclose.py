"""Narrowing an order that asks for something to be told: to fields that may be told, of people who are there (ORD-16, ORD-17)."""

import hashlib
from collections.abc import Sequence
from dataclasses import asdict, dataclass

from conclave.accounts.queries import account_of
from conclave.accounts.staff_policy import Act
from conclave.authorities.fields import TABLES, marks
from conclave.authorities.models import ERASED, Disclosure, Order, Subject
from conclave.authorities.narrowing import Narrowed, Person, are_named, fault_of, narrowed
from conclave.authorities.policy import Reason, ToldState
from conclave.authorities.receive import paragraphs
from conclave.authorities.review import Judgement, judge, reviewed_by, said_in
from conclave.authorities.standing import OrderNotNow, note
from conclave.authorities.tell import GIVEN
from conclave.kernel import canonical, outbox
from conclave.kernel.canonical import Json
from conclave.kernel.ids import UserId
from conclave.keys.locks import writing
from conclave.meetings.disclosed import seats_of
from conclave.transparency import ledger
from conclave.transparency.journal import Search, journal, read

ENDED = (ToldState.DRAFT, ToldState.SCHEDULED)
# How often somebody may learn, by one step of one order, where people are; each time stands in the journal.
PROBED, MOST_TRIES = "order_probed", 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What an order asks to be told, as its reviewer reads it."""

    territory: str
    # E-mail addresses of accounts.
    people: Sequence[str]
    # As the inventory names them, or in the order's own words where it has no such field.
    fields: Sequence[str]
    # Until when it may be handed out.
    ends_at: int
    # Until when those it is about are not told, and by which law.
    deferred_until: int | None = None
    deferral_basis: str = ""


def narrow_to_fields(*, order: str, account: UserId, found: Judgement, asked: Asked, now: int) -> Narrowed:
    """Say what of an order may be told; two others have to approve it. The rest is left out, each with its reason.

    Args:
        order: which.
        account: its reviewer.
        found: what they find.
        asked: what the order asks for.
        now: the time.

    Returns:
        What is left of it.

    Raises:
        StaffUnknown, StaffRoleMissing, StaffRecused, StaffOtherRole, OrderUnknown: it is not for them.
        OrderNotNow: the order does not lead to this, nothing is left, its end or territory cannot be (ORD-17 to ORD-19), somebody is not
            named in the order, or it was tried three times.
        OrderTextForbidden: something was not said.
    """
    # In a transaction of its own: where somebody is has then been asked, whatever the answer is.
    with writing():
        row, said, basis = _read(order, account, found, asked, now)
        may_look(row=row, account=account, step="narrow", people=asked.people, now=now)
    with writing():
        row, said, basis = _read(order, account, found, asked, now)
        left = narrowed(
            fields=asked.fields,
            people=[_person(number, one) for number, one in enumerate(asked.people, 1)],
            territory=asked.territory,
            marks=marks(),
            personal=TABLES,
        )
        if not left.fields or not left.people:
            raise OrderNotNow(Reason.NOTHING_LEFT)
        _keep(row, asked, left, basis, now)
        judge(row=row, found=found, said=said, now=now)
    return left


def may_look(*, row: Order, account: UserId, step: str, people: Sequence[str], now: int) -> None:
    """Write down that somebody is about to learn where people are, before they do; inside the caller's transaction (ORD-17).

    Args:
        row: the order, locked.
        account: its reviewer.
        step: by narrowing it, or by handing out what was approved.
        people: of whom, by address as they were named or by account; kept as a hash.
        now: the time.

    Raises:
        OrderNotNow: that was tried as often as it may be: one person alone does not watch anybody.
    """
    before = read(obj=row.obj, search=Search(kind=PROBED), before=None, limit=2 * MOST_TRIES)
    if sum(line.fields.get("step") == step for line in before) >= MOST_TRIES:
        raise OrderNotNow(Reason.TRIES)
    hashed = hashlib.sha256(canonical.encode(sorted(one.strip().lower() for one in people))).hexdigest()
    journal(kind=PROBED, obj=row.obj, fields={"by": account, "order": row.pk, "step": step, "people": hashed}, now=now)


def schedule(*, row: Order, now: int) -> None:
    """Give each field that is told its leaf, and let it wait for the witness; inside the caller's transaction.

    Args:
        row: the order, locked and approved twice.
        now: the time.
    """
    for one in Disclosure.objects.filter(order=row, state=ToldState.DRAFT):
        one.leaves = [note(row=row, kind="DISCLOSURE", fields=_leaf(one, field), now=now) for field in one.fields]
        one.leaf, one.state = one.leaves[-1], ToldState.SCHEDULED
        one.save(update_fields=["leaves", "leaf", "state"])


def is_as_entered(*, told: Disclosure) -> bool:
    """Tell whether what would be told is what its leaves say, which were approved and cosigned: rows alone anybody could change (ORD-18).

    Args:
        told: as it is stored now.
    """
    if not told.leaves or len(told.leaves) != len(told.fields) or told.leaf != max(told.leaves):
        return False
    for field, leaf in zip(told.fields, told.leaves, strict=True):
        here = _leaf(told, field)
        said = ledger.told(kind="DISCLOSURE", index=leaf, fields=here)
        if said is None or {**said, "people": ""} != {**here, "people": ""} or not _are_these(told, str(said["people"]).split(",")):
            return False
    return True


def end(*, row: Order, state: ToldState, now: int) -> None:
    """Let nothing more be handed out because of an order; of what was, a court may say that it was wrong. Inside the caller's transaction.

    Args:
        row: the order, locked.
        state: what becomes of it.
        now: the time.
    """
    told = Disclosure.objects.filter(order=row)
    told.filter(state__in=ENDED).update(state=state, over_at=now)
    told.filter(state=ToldState.HANDED, over_at=None).update(over_at=now)
    if state is ToldState.QUASHED and told.filter(state=ToldState.HANDED).update(state=ToldState.QUASHED):
        # Whoever was not told yet is told now: no deferral outlives its order (ORD-19).
        given = Subject.objects.filter(disclosure__order=row, given_at__isnull=False)
        given.filter(told_at=None).update(told_at=now)
        for notice in given.values_list("pk", flat=True):
            outbox.emit(kind=GIVEN, payload={"notice": notice, "change": "quashed"}, now=now)


def act_of(*, row: Order) -> list[Json]:
    """Return all of what would be told, as an approver's passkey signs it (ORD-18).

    Args:
        row: the order.
    """
    return [
        {
            "territory": one.territory,
            "fields": list(one.fields),
            "people": sorted(one.subjects.values_list("account", flat=True)),
            "ends_at": one.ends_at,
            "deferred_until": one.deferred_until,
            "deferral_basis": one.deferral_basis,
        }
        for one in Disclosure.objects.filter(order=row, state=ToldState.DRAFT)
    ]


def _read(order: str, account: UserId, found: Judgement, asked: Asked, now: int) -> tuple[Order, dict[str, str], str]:
    """Return the order, what its reviewer finds in words and the law of the deferral, if what was typed can be; nobody is looked for."""
    row = reviewed_by(order=order, account=account, act=Act.DRAFT_MEASURE, now=now)
    said, basis = said_in(found=found), paragraphs(raw=asked.deferral_basis)
    fault = fault_of(
        territory=asked.territory, ends_at=asked.ends_at, deferred_until=asked.deferred_until, basis=basis,
        claimed=row.claimed, competent=found.authority_territory, now=now,
    )  # fmt: skip
    if fault is None and not are_named(people=asked.people, target=row.target):
        fault = Reason.NOT_NAMED
    if fault is not None:
        raise OrderNotNow(fault)
    return row, said, basis


def _leaf(one: Disclosure, field: str) -> dict[str, Json]:
    """Return what is sealed of a field that may be told; numbers of notices only as hashes, as a proof is read by each whom it is about."""
    people = list(one.subjects.order_by("pk"))
    return {
        "territory": one.territory,
        "field": field,
        "count": len(people),
        "subjects": ",".join(hashlib.sha256(who.pk.encode()).hexdigest() for who in people),
        "people": ",".join(map(_bound, people)),
        "ends_at": one.ends_at,
        "deferred_until": one.deferred_until or 0,
        "deferral_basis": one.deferral_basis,
    }


def _bound(who: Subject) -> str:
    """Return a hash of somebody's account and of the number of their notice, without which nobody guesses it."""
    return hashlib.sha256(canonical.encode([who.pk, who.account])).hexdigest()


def _are_these(told: Disclosure, people: list[str]) -> bool:
    """Tell whether those it is about are still these; whoever has erased their account since is nobody any more, and left out (ORD-17)."""
    here = list(told.subjects.order_by("pk"))
    return len(here) == len(people) and all(
        who.account == f"{ERASED}-{who.pk}" or _bound(who) == bound for who, bound in zip(here, people, strict=True)
    )


def _person(number: int, address: str) -> Person:
    """Return somebody who was named, with where they are now; of who is left out no more is kept than which of those named it was."""
    account = account_of(address=address)
    return Person(named=str(number), account=account, evidence=seats_of(account=account) if account else ())


def _keep(row: Order, asked: Asked, left: Narrowed, basis: str, now: int) -> None:
    """Store what is left of an order; the evidence stays with it as it was found."""
    made = Disclosure.objects.create(
        order=row,
        territory=asked.territory,
        fields=list(left.fields),
        left_out=[{**asdict(one), "why": one.why.value} for one in left.left_out],
        made_at=now,
        ends_at=asked.ends_at,
        deferred_until=asked.deferred_until,
        deferral_basis=basis if asked.deferred_until is not None else "",
    )
    for one in left.people:
        where = {"country": one.evidence.country, "database": one.evidence.database, "built_at": one.evidence.built_at}
        Subject.objects.create(disclosure=made, account=one.account, territory=asked.territory, **where)

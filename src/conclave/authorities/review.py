"""Reviewing an order: what it does not say is asked for, and what it asks for is narrowed to measures, or it goes no further."""

from collections.abc import Sequence
from dataclasses import dataclass

from conclave.accounts.staff_policy import Act
from conclave.authorities.models import Hand, Measure, Order, Part, Review
from conclave.authorities.policy import AuthorityKind, Item, Move, Reason, State, fault_of
from conclave.authorities.receive import LANGUAGES, OrderTextForbidden, codes_in, missing_in, paragraphs
from conclave.authorities.standing import OrderNotNow, facts_of, move, note, order_for, take_part
from conclave.authorities.tell import tell_authority
from conclave.gate import policy as gate
from conclave.kernel.ids import UserId, new_id
from conclave.keys.locks import writing


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A measure as a reviewer drafts it."""

    kind: gate.Kind
    territory: str
    meeting: str = ""
    account: str = ""
    starts_at: int
    ends_at: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """What a reviewer finds: who ordered it and how they made sure, whether it is necessary and in proportion, whose rights it touches."""

    authority_kind: AuthorityKind
    authority_territory: str
    authority_verified: str
    necessity: str
    proportionality: str
    rights: str


def take(*, order: str, account: UserId, now: int) -> None:
    """Begin to review an order.

    Args:
        order: which.
        account: the reviewer.
        now: the time.

    Raises:
        StaffUnknown, StaffRoleMissing, StaffRecused, StaffOtherRole, OrderUnknown: it is not for them.
        OrderNotNow: it does not wait for a reviewer.
    """
    with writing():
        row = order_for(order=order, account=account, act=Act.REVIEW_ORDER, now=now)
        move(row=row, to=Move.TAKE, facts=facts_of(row=row, now=now), now=now)
        take_part(row=row, account=account, part=Part.REVIEWER, now=now)


def confirm_contact(*, order: str, account: UserId, now: int) -> None:
    """Say that the address to which the answer goes is the authority's; from then on it is written to.

    Args:
        order: which.
        account: its reviewer.
        now: the time.

    Raises:
        StaffUnknown, StaffRoleMissing, StaffRecused, StaffOtherRole, OrderUnknown: it is not for them.
        OrderNotNow: that was said already, or the order is closed.
    """
    with writing():
        row = reviewed_by(order=order, account=account, act=Act.REVIEW_ORDER, now=now)
        if row.contact_confirmed or row.state == State.CLOSED:
            raise OrderNotNow(Reason.NOT_NOW)
        row.contact_confirmed = True
        row.save(update_fields=["contact_confirmed"])
        note(row=row, kind="CONTACT", fields={"confirmed": 1}, now=now)


def ask(*, order: str, account: UserId, now: int) -> None:
    """Ask the authority for what its order does not say.

    Args:
        order: which.
        account: its reviewer.
        now: the time.

    Raises:
        StaffUnknown, StaffRoleMissing, StaffRecused, StaffOtherRole, OrderUnknown: it is not for them.
        OrderNotNow: nothing is missing.
    """
    with writing():
        row = reviewed_by(order=order, account=account, act=Act.REVIEW_ORDER, now=now)
        move(row=row, to=Move.ASK, facts=facts_of(row=row, now=now, missing=missing_in(row=row)), now=now)
        tell_authority(row=row, change="info_requested", now=now)


def answer(*, receipt: str, item: Item, text: str, now: int) -> None:
    """Add to an order what was missing; the authority does so by its receipt.

    Args:
        receipt: of the order.
        item: what is added.
        text: what the order says of it.
        now: the time.

    Raises:
        OrderNotNow: nothing was asked for, or the order says this already.
        OrderTextForbidden: the text cannot be used.
    """
    with writing():
        row = Order.objects.select_for_update().filter(receipt=receipt).first()
        # Only what was asked for: an order that somebody judges does not change under their eyes.
        if row is None or row.state != State.INFO_REQUESTED or item not in missing_in(row=row):
            raise OrderNotNow(Reason.NOT_NOW)
        said = paragraphs(raw=text)
        _add(row, item, said)
        note(row=row, kind="ADDED", fields={"item": item.value, "text": said}, now=now)
        if not missing_in(row=row):
            move(row=row, to=Move.ANSWER, facts=facts_of(row=row, now=now), now=now)
        else:
            row.save()


def _add(row: Order, item: Item, said: str) -> None:
    """Put what was missing into an order."""
    if not said:
        raise OrderTextForbidden
    if item is Item.TERRITORY:
        row.claimed, unknown = codes_in(raw=said)
        if unknown or not row.claimed:
            raise OrderTextForbidden
    elif item is Item.LANGUAGE:
        row.language = said.lower()
        if row.language not in LANGUAGES:
            raise OrderTextForbidden
    else:
        # Each other item is the column of its name.
        setattr(row, item.value, said)


def narrow(*, order: str, account: UserId, found: Judgement, drafts: Sequence[Draft], now: int) -> list[str]:
    """Say how far an order may go: measures that two others have to approve.

    Args:
        order: which.
        account: its reviewer.
        found: what they find.
        drafts: the measures.
        now: the time.

    Returns:
        The ids of the measures.

    Raises:
        StaffUnknown, StaffRoleMissing, StaffRecused, StaffOtherRole, OrderUnknown: it is not for them.
        OrderNotNow: the order does not lead to this; of a measure, what is wrong with it (ORD-1, ORD-4).
        OrderTextForbidden: something was not said.
    """
    with writing():
        row = reviewed_by(order=order, account=account, act=Act.DRAFT_MEASURE, now=now)
        said = said_in(found=found)
        for draft in drafts:
            fault = fault_of(measure=plain(draft=draft), claimed=row.claimed, competent=[found.authority_territory], now=now)
            if fault is not None:
                raise OrderNotNow(fault)
        ids = [new_id() for _ in drafts]
        Measure.objects.bulk_create([_measure(row, draft, new) for draft, new in zip(drafts, ids, strict=True)])
        judge(row=row, found=found, said=said, now=now)
    return ids


def said_in(*, found: Judgement) -> dict[str, str]:
    """Return what a reviewer found in words, by column; nothing of it may be missing.

    Args:
        found: what they find.

    Raises:
        OrderNotNow: something was not said.
        OrderTextForbidden: something cannot be used.
    """
    said = {name: paragraphs(raw=text) for name, text in _texts(found).items()}
    if not said["authority_verified"]:
        raise OrderNotNow(Reason.UNVERIFIED)
    if not all(said.values()):
        raise OrderNotNow(Reason.NO_REASON)
    return said


def judge(*, row: Order, found: Judgement, said: dict[str, str], now: int) -> None:
    """Write down what a reviewer finds, and narrow the order to what was drafted; inside the caller's transaction.

    Args:
        row: the order, locked.
        found: what they find.
        said: the same in words (said_in).
        now: the time.

    Raises:
        OrderNotNow: the order does not lead to this.
    """
    missing = missing_in(row=row)
    who = {"authority_kind": found.authority_kind, "authority_territory": found.authority_territory}
    Review.objects.create(order=row, missing=sorted(missing), at=now, **said, **who)
    told = {"category": found.authority_kind.value, "territory": found.authority_territory, "verified": said["authority_verified"]}
    note(row=row, kind="AUTHORITY", fields=told, now=now)
    move(row=row, to=Move.NARROW, facts=facts_of(row=row, now=now, missing=missing), now=now)


def reviewed_by(*, order: str, account: UserId, act: Act, now: int) -> Order:
    """Return an order to its own reviewer, locked; inside the caller's transaction.

    Args:
        order: which.
        account: who must be its reviewer.
        act: what they want.
        now: the time.

    Raises:
        StaffUnknown, StaffRoleMissing, StaffRecused, StaffOtherRole, OrderUnknown: it is not for them.
        OrderNotNow: another one reviews it, or nobody yet.
    """
    row = order_for(order=order, account=account, act=act, now=now)
    if not Hand.objects.filter(order=row, account=account, part=Part.REVIEWER).exists():
        raise OrderNotNow(Reason.NOT_NOW)
    return row


def plain(*, draft: Draft, measure: str = "") -> gate.Measure:
    """Return a draft as the gate takes it.

    Args:
        draft: the measure.
        measure: its id, once it has one.
    """
    return gate.Measure(
        id=measure,
        kind=draft.kind,
        territory=draft.territory,
        meeting=draft.meeting,
        account=draft.account,
        starts_at=draft.starts_at,
        ends_at=draft.ends_at,
    )


def _texts(found: Judgement) -> dict[str, str]:
    """Return what was found by column."""
    return {
        "authority_verified": found.authority_verified,
        "necessity": found.necessity,
        "proportionality": found.proportionality,
        "rights": found.rights,
    }


def _measure(row: Order, draft: Draft, new: str) -> Measure:
    """Return a measure as it is stored."""
    return Measure(
        id=new,
        order=row,
        kind=draft.kind,
        territory=draft.territory,
        meeting=draft.meeting,
        account=draft.account,
        starts_at=draft.starts_at,
        ends_at=draft.ends_at,
    )

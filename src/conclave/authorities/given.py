"""Reading what is told because of orders: for the desk, for the authority, and for somebody of whom something was handed out."""

from dataclasses import dataclass

from conclave.accounts.queries import address_of
from conclave.authorities import proofs
from conclave.authorities.models import Disclosure, Order, Subject
from conclave.authorities.narrowing import LeftOut, Why
from conclave.authorities.policy import ToldState
from conclave.authorities.standing import OrderUnknown
from conclave.transparency import cosign


@dataclass(frozen=True, slots=True, kw_only=True)
class Of:
    """Somebody of whom something is told, as the desk sees them."""

    account: str
    # Empty when the account is gone.
    address: str
    given: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What is told because of an order, as the desk sees it."""

    territory: str
    fields: tuple[str, ...]
    people: tuple[Of, ...]
    left_out: tuple[LeftOut, ...]
    ends_at: int
    deferred_until: int | None
    deferral_basis: str
    state: ToldState
    handed_at: int | None
    sha256: str
    # Approved, and its leaves not cosigned: it waits for the witness.
    waits: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class GivenNotice:
    """What somebody reads of whom something was handed to an authority (ORD-19)."""

    order: str
    authority: str
    legal_basis: str
    redress: str
    territory: str
    fields: tuple[str, ...]
    at: int
    deferred_until: int | None
    deferral_basis: str
    wrong: bool
    # Of each field.
    proofs: tuple[str, ...]


def told_of_order(*, row: Order) -> Told | None:
    """Return what is told because of an order, for the desk; None where nothing is.

    Args:
        row: the order.
    """
    one = Disclosure.objects.filter(order=row).first()
    if one is None:
        return None
    people = one.subjects.order_by("pk")
    return Told(
        territory=one.territory,
        fields=tuple(one.fields),
        people=tuple(Of(account=who.account, address=address_of(account=who.account), given=who.given_at is not None) for who in people),
        left_out=_left_out(one),
        ends_at=one.ends_at,
        deferred_until=one.deferred_until,
        deferral_basis=one.deferral_basis,
        state=ToldState(one.state),
        handed_at=one.handed_at,
        sha256=one.sha256,
        waits=one.state == ToldState.SCHEDULED and (one.leaf is None or not cosign.is_cosigned(index=one.leaf)),
    )


def left_out_of(*, row: Order) -> tuple[LeftOut, ...]:
    """Return what an authority asked for and was not told; nothing before something was handed out.

    Args:
        row: the order.
    """
    one = Disclosure.objects.filter(order=row, handed_at__isnull=False).first()
    return _left_out(one) if one is not None else ()


def given_notice(*, notice: str) -> GivenNotice:
    """Return what somebody reads of whom something was handed out.

    Args:
        notice: its number, which only they were given.

    Raises:
        OrderUnknown: there is none, or they are not to be told yet.
    """
    row = Subject.objects.filter(pk=notice, told_at__isnull=False).select_related("disclosure__order").first()
    if row is None or row.given_at is None:
        raise OrderUnknown
    told, order = row.disclosure, row.disclosure.order
    given = told.handed()
    leaves = [leaf for field, leaf in zip(told.fields, told.leaves, strict=True) if field in given]
    return GivenNotice(
        order=order.public_id,
        authority=order.authority,
        legal_basis=order.legal_basis,
        redress=order.redress,
        territory=told.territory,
        fields=tuple(given),
        at=row.given_at,
        deferred_until=told.deferred_until,
        deferral_basis=told.deferral_basis,
        wrong=told.state == ToldState.QUASHED,
        proofs=tuple(filter(None, (proofs.proof(index=leaf, fields=proofs.OF_DISCLOSURE) for leaf in leaves))),
    )


def notices_of(*, account: str) -> list[str]:
    """Return the numbers of somebody's notices about what was told of them, the newest first.

    Args:
        account: whose.
    """
    rows = Subject.objects.filter(account=account, told_at__isnull=False).order_by("-given_at", "pk")
    return list(rows.values_list("pk", flat=True))


def _left_out(one: Disclosure) -> tuple[LeftOut, ...]:
    """Return what was left out, as plain values."""
    return tuple(LeftOut(what=left["what"], why=Why(left["why"])) for left in one.left_out)

"""Receiving an order, by whatever way it came: it has a number and a leaf before anybody has read it (ORD-13)."""

from dataclasses import dataclass

from django.utils import translation
from django.utils.translation import gettext_lazy as _

from conclave.accounts.names import shown_line
from conclave.accounts.staff import allow_staff
from conclave.accounts.staff_policy import Act
from conclave.authorities.models import LONGEST_LINE, LONGEST_TEXT, Order, Part
from conclave.authorities.policy import AuthorityKind, Channel, Grounds, Item, Move, OrderKind, State
from conclave.authorities.report import close
from conclave.authorities.standing import facts_of, is_staffed, move, note, take_part
from conclave.authorities.tell import RECEIVED, is_address, tell_authority
from conclave.kernel.canonical import Json
from conclave.kernel.errors import Refused
from conclave.kernel.ids import UserId
from conclave.kernel.territories import CODES
from conclave.keys.locks import writing

LANGUAGES = ("en", "fr")


class OrderTextForbidden(Refused):
    """Something is too long, or has characters that cannot be shown; or who asks, where and to whom to answer is missing."""

    code = "order_text_forbidden"
    status = 422
    message = _("Something is missing, too long, or has characters that cannot be shown.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What an authority says, as it was typed; what it leaves out is empty."""

    kind: OrderKind
    authority: str
    authority_kind: AuthorityKind
    authority_territory: str
    contact: str
    claimed: tuple[str, ...]
    legal_basis: str = ""
    reasons: str = ""
    target: str = ""
    redress: str = ""
    language: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """What the authority is given: by this number it sees where its order stands."""

    order: str
    receipt: str
    leaf: int
    state: State


def receive(*, said: Said, channel: Channel, by: UserId | None, now: int) -> Receipt:
    """Take an order in.

    Args:
        said: what it says.
        channel: by which way it came.
        by: who of the staff wrote it down; None where the authority did so itself, on the portal.
        now: the time.

    Returns:
        Its receipt; where the desk is not staffed, of an order that is refused already (ORD-15).

    Raises:
        StaffUnknown, StaffRoleMissing: it is not for them.
        OrderTextForbidden: something cannot be used.
    """
    if by is not None:
        allow_staff(account=by, act=Act.RECEIVE_ORDER, now=now)
    row = _row(said, channel, now)
    # What somebody of the desk writes down they have in their hands; who writes on the portal reads it in their own language.
    row.contact_confirmed = by is not None
    row.spoken = said.language if by is not None else _spoken()
    with writing():
        row.save(force_insert=True)
        if by is not None:
            take_part(row=row, account=by, part=Part.INTAKE, now=now)
        note(row=row, kind="ORDER", fields=_leaf(row), now=now)
        move(row=row, to=Move.ACKNOWLEDGE, facts=facts_of(row=row, now=now), now=now)
        tell_authority(row=row, change=RECEIVED, now=now)
        if not is_staffed():
            row.grounds = Grounds.UNSTAFFED
            move(row=row, to=Move.REFUSE_UNSTAFFED, facts=facts_of(row=row, now=now), now=now)
            close(row=row, now=now)
    return Receipt(order=row.pk, receipt=row.receipt, leaf=row.leaf or 0, state=State(row.state))


def missing_in(*, row: Order) -> frozenset[Item]:
    """Return what an order does not say, as far as a machine can tell.

    Args:
        row: the order.
    """
    texts = {
        Item.LEGAL_BASIS: row.legal_basis,
        Item.REASONS: row.reasons,
        Item.AUTHORITY: row.authority,
        Item.TARGET: row.target,
        Item.REDRESS: row.redress,
        Item.LANGUAGE: row.language,
    }
    gone = {item for item, text in texts.items() if not text.strip()}
    return frozenset(gone | ({Item.TERRITORY} if not row.claimed else set()))


def _leaf(row: Order) -> dict[str, Json]:
    """Return what is sealed of an order: whoever holds an opening can check how it was counted."""
    return {
        "dummy": 0,
        "territory": ",".join(row.claimed),
        "kind": row.kind,
        "channel": row.channel,
        "category": row.authority_kind,
        "authority": row.authority,
        "targets": row.target,
    }


def _row(said: Said, channel: Channel, now: int) -> Order:
    """Return an order as it is stored."""
    if not {said.authority_territory, *said.claimed} <= CODES or (said.language and said.language not in LANGUAGES):
        raise OrderTextForbidden
    if "@" in said.contact and not is_address(contact=said.contact.strip()):
        raise OrderTextForbidden
    return Order(
        channel=channel,
        kind=said.kind,
        authority=_line(said.authority),
        authority_kind=said.authority_kind,
        authority_territory=said.authority_territory,
        contact=_line(said.contact),
        claimed=sorted(set(said.claimed)),
        legal_basis=paragraphs(raw=said.legal_basis),
        reasons=paragraphs(raw=said.reasons),
        target=paragraphs(raw=said.target),
        redress=paragraphs(raw=said.redress),
        language=said.language,
        received_at=now,
    )


def _spoken() -> str:
    """Return the language of whoever asks now, empty if it is none of ours."""
    language = translation.get_language() or ""
    return language if language in LANGUAGES else ""


def _line(raw: str) -> str:
    """Return a line that has to be there."""
    line = shown_line(raw=raw, longest=LONGEST_LINE)
    if line is None:
        raise OrderTextForbidden
    return line


def codes_in(*, raw: str) -> tuple[list[str], list[str]]:
    """Return the codes of countries in what was typed, in any case, each once and sorted; those that there are, and the others.

    Args:
        raw: as it was typed.
    """
    codes = sorted({*raw.upper().replace(",", " ").split()})
    return [code for code in codes if code in CODES], [code for code in codes if code not in CODES]


def paragraphs(*, raw: str) -> str:
    """Return a text of several lines as it is shown, empty for nothing.

    Args:
        raw: as it was typed.

    Raises:
        OrderTextForbidden: it is too long, or has characters that cannot be shown.
    """
    lines = [shown_line(raw=line, longest=LONGEST_TEXT) for line in raw.splitlines() if line.strip()]
    text = "\n".join(line for line in lines if line)
    if None in lines or len(text) > LONGEST_TEXT:
        raise OrderTextForbidden
    return text

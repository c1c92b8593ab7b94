"""What pages call the values of orders."""

from collections.abc import Iterable, Mapping
from enum import StrEnum

from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_lazy as _

from conclave.authorities.approve import Waits
from conclave.authorities.glass_rule import Scope, Stand
from conclave.authorities.narrowing import LeftOut, Why
from conclave.authorities.policy import AuthorityKind, Channel, Grounds, Item, MeasureState, OrderKind, State, ToldState
from conclave.authorities.terminal import Act
from conclave.gate.policy import Kind
from conclave.kernel import clock
from conclave.kernel.territories import territory_name

Words = Mapping[str, str | Promise]
CHANNELS: Words = {
    Channel.PORTAL: _("By the portal of this server"),
    Channel.EMAIL: _("By e-mail"),
    Channel.POST: _("By post"),
    Channel.PHONE: _("By telephone"),
    Channel.INFORMAL: _("In passing: a word, a chat, a report"),
}
KINDS: Words = {
    OrderKind.ACT: _("That something be done"),
    OrderKind.INFORM: _("That something be told"),
    OrderKind.PRESERVE: _("That something be kept"),
    OrderKind.EMERGENCY: _("That something be told at once, as a life is in danger"),
    OrderKind.INFORMAL: _("Something without an order"),
}
AUTHORITIES: Words = {
    AuthorityKind.COURT: _("Court"),
    AuthorityKind.REGULATOR: _("Regulator"),
    AuthorityKind.POLICE: _("Police or prosecutor"),
    AuthorityKind.ADMINISTRATION: _("Other administration"),
}
# What whoever holds the terminal can do to one account (REP-8).
TERMINAL: Words = {
    Act.ERASE: _("Erasing an account"),
    Act.EXPORT: _("Writing everything about one person into a file"),
    Act.OWNER_LINK: _("Making a link by which whoever has it takes an account over"),
    Act.ADDRESS: _("Giving an account another e-mail address"),
}
STATES: Words = {
    State.RECEIVED: _("Received"),
    State.ACKNOWLEDGED: _("Received, waits for a reviewer"),
    State.UNDER_REVIEW: _("Under review"),
    State.INFO_REQUESTED: _("Something is missing and was asked for"),
    State.REFUSED: _("Refused"),
    State.CHALLENGED: _("Challenged before a court"),
    State.NARROWED: _("Narrowed, waits for two approvals"),
    State.APPROVED: _("Approved"),
    State.EXECUTING: _("Approved, waits to act"),
    State.EXECUTED: _("Carried out"),
    State.EXPIRED: _("Over"),
    State.WITHDRAWN: _("Withdrawn"),
    State.QUASHED: _("Quashed"),
    State.RESTORED: _("Undone"),
    State.CLOSED: _("Closed"),
}
OUTCOMES: Words = {
    "executed": _("carried out as ordered"),
    "narrowed": _("carried out in part"),
    "refused": _("refused"),
    "challenged": _("challenged"),
    "withdrawn": _("withdrawn"),
    "quashed": _("quashed"),
    "not_executed": _("not carried out before its time was over"),
}
GROUNDS: Words = {
    Grounds.UNSTAFFED: _("The desk that would have to judge it is not staffed."),
    Grounds.DEFECTIVE: _("It does not say what an order has to say."),
    Grounds.NO_LEGAL_BASIS: _("No law allows it."),
    Grounds.NOT_COMPETENT: _("The authority is not competent."),
    Grounds.NOT_JUDICIAL: _("No court has ordered it."),
    Grounds.TOO_BROAD: _("It reaches people beyond the territory of its authority."),
    Grounds.NOT_NECESSARY: _("It is not necessary."),
    Grounds.DISPROPORTIONATE: _("It is out of proportion."),
    Grounds.HUMAN_RIGHTS: _("It goes against human rights."),
    Grounds.NOT_POSSIBLE: _("It cannot be done: this server does not have what is asked for."),
    Grounds.INFORMAL: _("It is no order."),
}
ITEMS: Words = {
    Item.LEGAL_BASIS: _("Legal basis"),
    Item.REASONS: _("Reasons"),
    Item.AUTHORITY: _("Authority"),
    Item.TARGET: _("What it is about"),
    Item.REDRESS: _("Redress"),
    Item.TERRITORY: _("Territory"),
    Item.LANGUAGE: _("Language"),
}
MEASURES: Words = {
    Kind.REMOVE_FROM: _("Not in the meeting while in this territory"),
    Kind.DENY_JOIN_FROM: _("No coming in from this territory"),
    Kind.DENY_HOST_FROM: _("No hosting from this territory"),
}
MEASURE_STATES: Words = {
    MeasureState.DRAFT: _("Drafted"),
    MeasureState.SCHEDULED: _("Approved, waits"),
    MeasureState.ACTIVE: _("Holds"),
    MeasureState.EXPIRED: _("Over"),
    MeasureState.LIFTED: _("Lifted"),
    MeasureState.QUASHED: _("Quashed"),
}
# Why an approved measure does not hold yet.
WAITS: Words = {
    Waits.NOTHING: "",
    Waits.WITNESS: _("It waits for the witness of the ledger."),
    Waits.TIME: _("It waits for its time."),
    Waits.CHANGED: _("It is not what was approved, and does not act."),
}

TOLD_STATES: Words = {
    ToldState.DRAFT: _("Drafted"),
    ToldState.SCHEDULED: _("Approved"),
    ToldState.HANDED: _("Handed out"),
    ToldState.EXPIRED: _("Over, and nothing was handed out"),
    ToldState.LIFTED: _("Lifted, and nothing was handed out"),
    ToldState.QUASHED: _("Quashed"),
}
WHYS: Words = {
    Why.NOT_KEPT: _("This server does not have it. What people say and show in meetings it cannot read."),
    Why.NOT_DISCLOSABLE: _("The inventory does not mark it as something that may be told."),
    Why.NOT_PERSONAL: _("It says nothing of one person."),
    Why.NOT_THERE: _("Nobody signs in here with this address, or nothing shows that they are in the territory."),
}

# What somebody asks to look at, and what each request is called.
ASKS: Words = {
    Scope.LOG: _("Lines of a log of this server"),
    Scope.ADDRESSES: _("The e-mail addresses of an account"),
    Scope.MEETING: _("When a meeting took place, and with whom"),
}
SCOPES: Words = {
    Scope.LOG: _("Log %(target)s"),
    Scope.ADDRESSES: _("Addresses of the account %(target)s"),
    Scope.MEETING: _("Meeting %(target)s"),
}
STANDS: Words = {
    Stand.ASKED: _("Asked, waits for somebody else to agree"),
    Stand.LAPSED: _("Nobody has agreed within a day"),
    Stand.WAITS: _("Agreed, waits for the witness of the ledger"),
    Stand.OPEN: _("Open"),
    Stand.OVER: _("Closed again"),
}
COLUMNS: Words = {
    "line": _("Line"),
    "address": _("Address"),
    "name": _("Name"),
    "role": _("Role"),
    "joined_at": _("Came"),
    "left_at": _("Left"),
    "gone_reason": _("Why"),
    "region": _("Region"),
}


def choices(words: Words) -> list[tuple[str, str]]:
    """Return values and what they are called, for a form.

    Args:
        words: one of the tables above.
    """
    return [(str(value.value if isinstance(value, StrEnum) else value), str(word)) for value, word in words.items()]


def target(*, meeting: str, account: str, known: str | None) -> str:
    """Return what a measure is about, as the desk judges it: the number with what it is known by.

    Args:
        meeting: its number, empty where it is about an account.
        account: its number, empty where it is about a meeting.
        known: the meeting's title or the account's address; None when there is none.
    """
    if known is None:
        return gettext("%(number)s, which this server does not have") % {"number": meeting or account}
    if meeting:
        return gettext("The meeting “%(title)s” (%(number)s)") % {"title": known or "—", "number": meeting}
    return gettext("The account %(address)s (%(number)s)") % {"address": known, "number": account}


def left_out(rows: Iterable[LeftOut]) -> list[tuple[str, str]]:
    """Return what is not told and why, in words.

    Args:
        rows: of an order.
    """
    return [(_named(one) if one.why is Why.NOT_THERE else one.what, str(WHYS[one.why])) for one in rows]


def _named(one: LeftOut) -> str:
    """Return what somebody who was named is called; who was left out only as it was handed out has no number (produce.py)."""
    return gettext("No. %(number)s of those named") % {"number": one.what} if one.what else gettext("One of those named")


def moment(at: int) -> str:
    """Return a time in the reader's language.

    Args:
        at: which.
    """
    return date_format(clock.to_datetime(at), "DATETIME_FORMAT") + " UTC"


def period(*, start: int, end: int) -> str:
    """Return from when until when a measure holds, in the reader's language.

    Args:
        start: its beginning.
        end: its end.
    """
    return " – ".join(date_format(clock.to_datetime(moment), "DATETIME_FORMAT") for moment in (start, end)) + " UTC"


def called(code: str) -> str:
    """Return a territory in the reader's language.

    Args:
        code: its code.
    """
    return territory_name(code=code, language=get_language() or "en")

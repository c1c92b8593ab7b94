"""Break-glass: two people, one hour, exactly what was asked for; written down in public before the first look (GLASS-1 to GLASS-4)."""

from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _

from conclave.accounts.assertion import Question, Shown, ask_passkey, use_passkey
from conclave.accounts.informed import mail_organisations
from conclave.accounts.organisations import my_organisations
from conclave.accounts.queries import account_of
from conclave.accounts.staff import StaffOtherRole, StaffParty, allow_staff
from conclave.accounts.staff import facts_of as person_of
from conclave.accounts.staff_policy import Act, Case
from conclave.authorities import behind, tell
from conclave.authorities.glass_rule import ASKED_MS, OPEN_MS, Pane, Scope, Stand, may_agree, may_look, range_fits, stands
from conclave.authorities.models import Glass
from conclave.authorities.receive import OrderTextForbidden, paragraphs
from conclave.kernel import clock, outbox
from conclave.kernel.canonical import Json
from conclave.kernel.errors import Refused
from conclave.kernel.ids import UserId
from conclave.kernel.outbox import Payload
from conclave.keys.locks import writing
from conclave.meetings.touched import had_part, organisations_between, organisations_of, owner_of
from conclave.transparency import cosign, ledger
from conclave.transparency.cosign import WitnessAway
from conclave.transparency.journal import Line, journal, journal_lines

COSIGN, TOLD = "authorities.glass", "authorities.glass_told"
ASKED, MISSED = "glass_asked", "glass_missed"
OPENED, LOOKED = "glass_opened", "glass_looked"


class GlassUnknown(Refused):
    """There is no such request, or no such log, account or meeting."""

    code = "glass_unknown"
    status = 404
    message = _("There is nothing here for you.")


class GlassClosed(Refused):
    """The glass is closed: nobody else has agreed, the witness has not signed, or its hour is over."""

    code = "glass_closed"
    status = 409
    message = _("The glass is closed. It takes a second person, the ledger’s witness, and no more than an hour.")


class GlassPlaceUnknown(Refused):
    """Nobody has said where the asker works, and for this it has to be known (GLASS-3)."""

    code = "glass_place_unknown"
    status = 403
    message = _("The owner of this server has not said where you work. Until then you cannot look at logs or addresses.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What somebody wants to look at."""

    scope: Scope
    # The name of a log, an e-mail address, or the number of a meeting.
    target: str
    since: int | None = None
    until: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """One request as staff sees it; nothing of what is behind it."""

    id: str
    scope: Scope
    target: str
    since: int | None
    until: int | None
    reason: str
    asked_at: int
    opened_at: int | None
    ends_at: int | None
    stand: Stand
    mine: bool
    can_agree: bool
    can_look: bool


def ask(*, account: UserId, wanted: Wanted, reason: str, now: int) -> str:
    """Ask to look at something; it takes another person to agree.

    Args:
        account: an engineer.
        wanted: at what.
        reason: why; the second one and the ledger's readers with an opening read it.
        now: the time.

    Returns:
        The number of the request.

    Raises:
        StaffUnknown, StaffRoleMissing, GlassPlaceUnknown, StaffParty: it is not for them (GLASS-3).
        GlassUnknown: there is nothing of that name.
        OrderTextForbidden: the reason is missing or cannot be used, or the range is none.
    """
    with writing():
        _allow(account, now)
        said = paragraphs(raw=reason)
        fits = (wanted.since, wanted.until) == (None, None)
        if wanted.scope is Scope.LOG:
            fits = wanted.since is not None and wanted.until is not None and range_fits(since=wanted.since, until=wanted.until, now=now)
        if not said or not fits:
            raise OrderTextForbidden
        target = _target(wanted)
        row = Glass(asker=account, scope=wanted.scope, target=target, since=wanted.since, until=wanted.until, reason=said, asked_at=now)
        if target:
            _stand_apart(row, account)
            row.save(force_insert=True)
        # Also who asks for what there is not leaves a trace: the answer says which addresses have an account.
        journal(kind=ASKED if target else MISSED, obj=row.pk, fields={"by": account, "scope": row.scope}, now=now)
    if not target:
        raise GlassUnknown
    return row.pk


def ask_agreement(*, glass: str, account: UserId, now: int) -> Question:
    """Ask somebody for a passkey, for agreeing that another one looks.

    Args:
        glass: which request.
        account: another engineer.
        now: the time.

    Raises:
        StaffUnknown, StaffRoleMissing, GlassPlaceUnknown, StaffParty, StaffOtherRole, GlassUnknown: it is not for them.
        GlassClosed: it does not wait for anybody.
        PasskeyMissing: they have none.
    """
    with writing():
        row = _to_agree(glass, account, now)
        return ask_passkey(account=account, act=_act(row), now=now)


def agree(*, glass: str, account: UserId, shown: Shown | None, now: int) -> None:
    """Agree that another one looks: for an hour from now, once its leaf is cosigned; whom it concerns is told.

    Args:
        glass: which request.
        account: another engineer.
        shown: the passkey that was shown for it.
        now: the time.

    Raises:
        StaffUnknown, StaffRoleMissing, GlassPlaceUnknown, StaffParty, StaffOtherRole, GlassUnknown: it is not for them.
        GlassClosed: it does not wait for anybody.
        PasskeyNotShown: no passkey was shown for exactly this within five minutes.
    """
    with writing():
        row = _to_agree(glass, account, now)
        shown_at = use_passkey(account=account, act=_act(row), shown=shown, now=now)
        allow_staff(account=account, act=Act.OPEN_ENGINE, now=now, case=Case(second=True), shown_at=shown_at)
        concerned = _concerned(row)
        outbox.emit(kind=COSIGN, payload={"glass": row.pk}, now=now)
        outbox.emit(kind=TOLD, payload={"glass": row.pk, "organisations": concerned}, now=now)
        # From here on everybody else who writes waits.
        row.leaf = ledger.append(kind="GLASS", fields=_leaf(row, now), now=now)
        row.second, row.opened_at, row.shown_at = account, now, shown_at
        row.save()
        told = [Line(kind=OPENED, obj=one, fields={"scope": row.scope, "glass": row.pk}) for one in concerned]
        journal_lines(lines=[Line(kind="glass_agreed", obj=row.pk, fields={"by": account}), *told], now=now)


def look(*, glass: str, account: UserId, now: int) -> behind.View:
    """Look through an open glass; each look is written down before anything is shown (GLASS-4).

    Args:
        glass: which request.
        account: who has asked for it.
        now: the time.

    Raises:
        StaffUnknown, StaffRoleMissing, GlassPlaceUnknown, StaffParty, GlassUnknown: it is not for them.
        GlassClosed: it is closed, or somebody else's.
    """
    with writing():
        _allow(account, now)
        row = Glass.objects.filter(pk=glass).first()
        if row is None:
            raise GlassUnknown
        if not may_look(asker=row.asker, account=account, stand=_stand(row, now)):
            raise GlassClosed
        # Whoever has become a party since they asked, or since another one agreed, is one.
        _stand_apart(row, account)
        journal(kind=LOOKED, obj=row.pk, fields={"by": account, "scope": row.scope}, now=now)
    return behind.view(scope=Scope(row.scope), target=row.target, since=row.since or 0, until=row.until or 0)


def requests(*, account: UserId, now: int) -> list[Seen]:
    """Return the last requests, the newest first.

    Args:
        account: an engineer.
        now: the time.

    Raises:
        StaffUnknown, StaffRoleMissing, GlassPlaceUnknown: it is not for them.
    """
    _allow(account, now)
    return [_seen(row, account, now) for row in Glass.objects.order_by("-asked_at", "pk")[:100]]


def request(*, glass: str, account: UserId, now: int) -> Seen:
    """Return one request.

    Args:
        glass: which.
        account: an engineer.
        now: the time.

    Raises:
        StaffUnknown, StaffRoleMissing, GlassPlaceUnknown, GlassUnknown: it is not for them, or there is none.
    """
    _allow(account, now)
    row = Glass.objects.filter(pk=glass).first()
    if row is None:
        raise GlassUnknown
    return _seen(row, account, now)


@outbox.handles(COSIGN)
def _cosign(payload: Payload) -> None:
    """Ask the witness until it has cosigned the leaf, or the hour is over."""
    row = Glass.objects.get(pk=payload["glass"])
    cosign.cosign_now(now=clock.now())
    if _stand(row, clock.now()) is Stand.WAITS:
        raise WitnessAway


@outbox.handles(TOLD)
def _told(payload: Payload) -> None:
    """Write to whom it concerns: to many for a log, and while nobody waits for it."""
    row, now = Glass.objects.get(pk=payload["glass"]), clock.now()
    with writing():
        mail_organisations(organisations=payload["organisations"], facts={"scope": row.scope}, mail="glass", now=now)
        tell.tell_looked_at(account=_whose(row), scope=row.scope, now=now)


def _allow(account: UserId, now: int) -> None:
    """Let nobody go on but an engineer whose country of work is known, and on the owner's list where there is one (GLASS-3)."""
    allow_staff(account=account, act=Act.OPEN_ENGINE, now=now, case=Case(second=True), asking=True)
    if not person_of(account=account).work_country:
        raise GlassPlaceUnknown


def _to_agree(glass: str, account: UserId, now: int) -> Glass:
    """Return a request to whoever may agree to it, locked."""
    _allow(account, now)
    row = Glass.objects.select_for_update().filter(pk=glass).first()
    if row is None:
        raise GlassUnknown
    stand = _stand(row, now)
    if stand is not Stand.ASKED:
        raise GlassClosed
    if not may_agree(asker=row.asker, account=account, stand=stand):
        raise StaffOtherRole
    _stand_apart(row, account)
    return row


def _stand_apart(row: Glass, account: UserId) -> None:
    """Let nobody look at themselves, a meeting of theirs or one they were in, or into an organisation to which they belong.

    A log has lines of everybody's calls: of a whole server's time nobody can stand apart (GLASS-1).
    """
    if row.scope == Scope.LOG:
        return
    own = {one.organisation for one in my_organisations(account=account)}
    about = row.target == account if row.scope == Scope.ADDRESSES else had_part(meeting=row.target, account=account)
    if about or own & {*_concerned(row)}:
        raise StaffParty


def _stand(row: Glass, now: int) -> Stand:
    """Return how a request stands."""
    cosigned = row.leaf is not None and cosign.is_cosigned(index=row.leaf)
    return stands(pane=Pane(asked_at=row.asked_at, opened_at=row.opened_at, cosigned=cosigned), now=now)


def _target(wanted: Wanted) -> str:
    """Return what is looked at, as it is stored, and nothing where there is no such thing; an address is not stored, its account is."""
    target = account_of(address=wanted.target) if wanted.scope is Scope.ADDRESSES else wanted.target
    return target if target and behind.exists(scope=wanted.scope, target=target) else ""


def _concerned(row: Glass) -> list[str]:
    """Return the organisations whose people or meetings are looked at; of a log, those that had a call in that time."""
    if row.scope == Scope.ADDRESSES:
        return sorted(one.organisation for one in my_organisations(account=UserId(row.target)))
    if row.scope == Scope.MEETING:
        return organisations_of(meeting=row.target)
    return organisations_between(since=row.since or 0, until=row.until or 0)


def _whose(row: Glass) -> str:
    """Return whose account or meeting is looked at, to be told by mail; empty when nobody's, and for a log."""
    if row.scope == Scope.MEETING:
        return owner_of(meeting=row.target)
    return row.target if row.scope == Scope.ADDRESSES else ""


def _act(row: Glass) -> dict[str, Json]:
    """Return what is signed: this request, with exactly what is looked at."""
    return {
        "act": "open_glass", "glass": row.pk, "scope": row.scope, "target": row.target, "since": row.since, "until": row.until,
        "reason": row.reason,
    }  # fmt: skip


def _leaf(row: Glass, now: int) -> dict[str, Json]:
    """Return what is sealed of it."""
    return {"scope": row.scope, "target": row.target, "reason": row.reason, "day": clock.to_day(now), "minute": now // clock.MINUTE}


def _seen(row: Glass, account: UserId, now: int) -> Seen:
    """Return a request as plain values."""
    stand = _stand(row, now)
    return Seen(
        id=row.pk,
        scope=Scope(row.scope),
        target=row.target,
        since=row.since,
        until=row.until,
        reason=row.reason,
        asked_at=row.asked_at,
        opened_at=row.opened_at,
        ends_at=row.opened_at + OPEN_MS if row.opened_at is not None else row.asked_at + ASKED_MS,
        stand=stand,
        mine=row.asker == account,
        can_agree=may_agree(asker=row.asker, account=account, stand=stand),
        can_look=may_look(asker=row.asker, account=account, stand=stand),
    )

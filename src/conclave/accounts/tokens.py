"""Tokens: what programs show instead of a session, of a person or of an organisation (docs/protocol/tokens.md).

Whoever makes one reads it once. What it may do is the narrower of its scopes and of what its maker may do at that moment: every use asks
the same rules that the pages ask.
"""

import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils.formats import date_format
from django.utils.translation import gettext_lazy as _

from conclave.accounts.mail import send
from conclave.accounts.models import ApiToken, Membership, User
from conclave.accounts.names import shown_line
from conclave.accounts.policy import Act, roles_that
from conclave.accounts.scopes import Scope, labels, offered
from conclave.accounts.standing import allow, own_seat
from conclave.kernel import clock
from conclave.kernel.errors import Refused
from conclave.kernel.ids import UserId
from conclave.kernel.secrets import stored_hash
from conclave.transparency.journal import journal

# Scanners look for it in what was published by mistake.
PREFIX = "conclave_"
DAYS = (7, 30, 90, 365)
LONGEST_NAME = 64
MOST_LIVING = 50
KEPT_MS = 30 * clock.DAY
_FORM = re.compile(PREFIX + r"[A-Za-z0-9_-]{43}")
_SHOWN = len(PREFIX) + 4
_HOLDERS = roles_that(act=Act.HOLD_TOKENS)


class TokenInvalid(Refused):
    """There is no token, or it is unknown, over, taken back or its maker's time is over: one answer for all (TOK-2)."""

    code = "token_invalid"
    status = 401
    message = _("This needs a token that is good. Make one on your account’s page, or on your organisation’s.")


class TokenUnknown(Refused):
    """There is no such token among these (any more)."""

    code = "token_unknown"
    status = 404
    message = _("There is no such token any more.")


class TokenNameForbidden(Refused):
    """The name is empty, too long or holds characters that cannot be shown."""

    code = "token_name_forbidden"
    status = 422
    message = _("A name has 1 to 64 characters, all of which can be shown.")


class TokenTermsForbidden(Refused):
    """The token would be good for nothing, for what its maker may not do, or for longer than a year."""

    code = "token_terms_forbidden"
    status = 422
    message = _("Choose at least one thing that the token may do, and until when.")


class TokensFull(Refused):
    """Somebody or an organisation has at most 50 tokens at once."""

    code = "tokens_full"
    status = 409
    message = _("There are 50 tokens already. Take one back first.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """Proof that a program holds a token that is good; only held() makes one."""

    token: str
    begins: str
    name: str
    scopes: frozenset[Scope]
    account: UserId
    # Empty for somebody's own.
    organisation: str
    made_at: int
    expires_at: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """A token in a list; `asleep` while its maker's role is too low for it."""

    token: str
    begins: str
    name: str
    labels: tuple[str, ...]
    by: str
    made_at: int
    expires_at: int
    used_on: int | None
    asleep: bool


def make_token(*, account: UserId, name: str, scopes: Sequence[str], days: int, now: int, organisation: str | None = None) -> str:
    """Make a token; whoever makes it is told by mail where there is mail.

    Args:
        account: who makes it, having just shown once more who they are.
        name: what they call it.
        scopes: what it may do.
        days: for how long it is good, one of DAYS.
        now: the time.
        organisation: whose it is; by default somebody's own.

    Returns:
        The token, which cannot be shown again (TOK-1).

    Raises:
        OrganisationUnknown, OrganisationRoleTooLow: it is not for them.
        TokenNameForbidden, TokenTermsForbidden: name, scopes or days cannot be used.
        TokensFull: there are too many.
    """
    cleaned = shown_line(raw=name, longest=LONGEST_NAME)
    token = PREFIX + secrets.token_urlsafe(32)
    with transaction.atomic():
        own = _holder(account=account, organisation=organisation, changing=True)
        if cleaned is None:
            raise TokenNameForbidden
        chosen = [scope for scope in offered(role=own.role if own else None) if scope in scopes]
        if not chosen or len(chosen) != len(set(scopes)) or days not in DAYS:
            raise TokenTermsForbidden
        # Taken before they are counted: of two who make the last one at once, one does.
        User.objects.select_for_update().filter(pk=account).first()
        if _of(account=account, own=own, now=now).count() >= MOST_LIVING:
            raise TokensFull
        made = ApiToken.objects.create(
            token_hash=_hash(token),
            begins=token[:_SHOWN],
            name=cleaned,
            scopes=" ".join(chosen),
            user_id=account,
            membership=own,
            made_at=now,
            expires_at=now + days * clock.DAY,
        )
        said = {"token": made.pk, "scopes": made.scopes}
        if own is None:
            journal(kind="token_made", fields={"account": account, **said}, now=now)
        else:
            journal(kind="organisation_token_made", obj=own.organisation_id, fields={"by": account, **said}, now=now)
        address = User.objects.values_list("email", flat=True).get(pk=account)
        facts = {"name": cleaned, "until": date_format(clock.to_datetime(made.expires_at), "DATE_FORMAT")}
        send(to=address, what="token_made", facts={**facts, "organisation": own.organisation.name if own else ""}, now=now)
    return token


def tokens_of(*, account: UserId, now: int, organisation: str | None = None) -> list[Listed]:
    """Return the tokens that are good, the newest first.

    Args:
        account: who asks; of an organisation's, each owner and admin sees all.
        now: the time.
        organisation: whose; by default the asker's own.

    Raises:
        OrganisationUnknown, OrganisationRoleTooLow: they are not for them.
    """
    own = _holder(account=account, organisation=organisation)
    rows = _of(account=account, own=own, now=now).select_related("user", "membership").order_by("-made_at", "pk")
    return [
        Listed(
            token=row.pk,
            begins=row.begins,
            name=row.name,
            labels=labels(_scopes(row)),
            by=row.user.get_short_name(),
            made_at=row.made_at,
            expires_at=row.expires_at,
            used_on=row.used_on,
            asleep=row.membership is not None and row.membership.role not in _HOLDERS,
        )
        for row in rows
    ]


def end_token(*, account: UserId, token: str, now: int, organisation: str | None = None) -> None:
    """Take a token back: it opens nothing from the next request on.

    Args:
        account: who asks.
        token: which, by its id.
        now: the time.
        organisation: whose; by default the asker's own.

    Raises:
        OrganisationUnknown, OrganisationRoleTooLow: it is not for them.
        TokenUnknown: there is none (any more), or it is not among these.
    """
    with transaction.atomic():
        own = _holder(account=account, organisation=organisation)
        if not _of(account=account, own=own, now=now).filter(pk=token).update(revoked_at=now):
            raise TokenUnknown
        if own is None:
            journal(kind="token_ended", fields={"account": account, "token": token}, now=now)
        else:
            journal(kind="organisation_token_ended", obj=own.organisation_id, fields={"by": account, "token": token}, now=now)


def end_all_tokens(*, account: UserId, now: int) -> None:
    """Take every token back that somebody made, an organisation's too: somebody else may have made them in their name.

    Args:
        account: whose.
        now: the time.
    """
    living = ApiToken.objects.filter(user=account, revoked_at=None, expires_at__gt=now)
    for row in living.select_related("membership"):
        if row.membership is None:
            journal(kind="token_ended", fields={"account": account, "token": row.pk}, now=now)
        else:
            journal(kind="organisation_token_ended", obj=row.membership.organisation_id, fields={"by": account, "token": row.pk}, now=now)
    living.update(revoked_at=now)


def held(*, token: str, now: int) -> Held:
    """Return what a program's token is good for, and note the day.

    Args:
        token: as the program shows it.
        now: the time.

    Raises:
        TokenInvalid: it opens nothing (TOK-2).
    """
    # One that has not the form is looked up all the same: it takes the same time.
    living = ApiToken.objects.filter(token_hash=_hash(token), revoked_at=None, expires_at__gt=now, user__is_active=True)
    good = living.filter(Q(membership=None) | Q(membership__left_at=None, membership__role__in=_HOLDERS))
    row = good.select_related("membership").first()
    if row is None or not _FORM.fullmatch(token):
        raise TokenInvalid
    today = now - now % clock.DAY
    if row.used_on != today:
        ApiToken.objects.filter(pk=row.pk).update(used_on=today)
    return Held(
        token=row.pk,
        begins=row.begins,
        name=row.name,
        scopes=frozenset(_scopes(row)),
        account=UserId(row.user_id),
        organisation=row.membership.organisation_id if row.membership else "",
        made_at=row.made_at,
        expires_at=row.expires_at,
    )


def over(now: int) -> QuerySet[ApiToken]:
    """Return the tokens that have been good for nothing for so long that nobody asks for them.

    Args:
        now: the time.
    """
    return ApiToken.objects.filter(Q(expires_at__lte=now - KEPT_MS) | Q(revoked_at__lte=now - KEPT_MS))


def _holder(*, account: UserId, organisation: str | None, changing: bool = False) -> Membership | None:
    """Return the asker's seat in the organisation whose tokens it is about, None for their own tokens."""
    if organisation is None:
        return None
    own = own_seat(organisation=organisation, account=account, changing=changing)
    allow(act=Act.HOLD_TOKENS, own=own)
    return own


def _of(*, account: UserId, own: Membership | None, now: int) -> QuerySet[ApiToken]:
    """Return the tokens that are not over, of the organisation in which this seat is, or somebody's own."""
    living = ApiToken.objects.filter(revoked_at=None, expires_at__gt=now)
    if own is None:
        return living.filter(user=account, membership=None)
    return living.filter(membership__organisation=own.organisation_id, membership__left_at=None)


def _scopes(row: ApiToken) -> tuple[Scope, ...]:
    """Return what a token may do; a scope that this version does not know any more opens nothing."""
    return tuple(scope for scope in Scope if scope in row.scopes.split())


def _hash(token: str) -> str:
    """Return what is stored of a token."""
    return stored_hash(kind="api", token=token)

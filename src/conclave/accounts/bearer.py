"""Who asks the JSON API: somebody's browser by its session, or a program by its token; never both at once (docs/protocol/tokens.md)."""

from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from ninja.security import HttpBearer
from ninja.security.base import AuthBase

from conclave.accounts.queries import me
from conclave.accounts.scopes import Scope
from conclave.accounts.shown import shown_in
from conclave.accounts.standing import OrganisationUnknown
from conclave.accounts.tokens import Held, TokenInvalid, held
from conclave.kernel import clock
from conclave.kernel.errors import Refused, TooOften
from conclave.kernel.ids import UserId
from conclave.kernel.limits import LIMITER, Rate

# Of each token, whatever it is used for: two in a second, for as long as anybody likes.
TOKEN_RATE = Rate(name="token", burst=240, every_ms=clock.SECOND // 2)
# Counted only for what is no token, by address.
WRONG_TOKEN_RATE = Rate(name="wrong_token", burst=60, every_ms=clock.SECOND)


class NotSignedIn(Refused):
    """This needs an account."""

    code = "not_signed_in"
    status = 401
    message = _("Sign in first.")


class TokenScope(Refused):
    """The token is good, and not for this (TOK-3)."""

    code = "token_scope"
    status = 403
    message = _("This token may not do this. Make one that may.")


class TokenNotHere(Refused):
    """A token was shown where only browsers ask (TOK-4)."""

    code = "token_not_here"
    status = 403
    message = _("This is for people in a browser. No token opens it.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Asker:
    """Who asks: nobody that is known, somebody signed in, or a token's maker by that token."""

    account: UserId | None = None
    token: Held | None = None


class Token(HttpBearer):
    """A program, by a token that has this scope."""

    def __init__(self, scope: Scope | None, *, alone: bool) -> None:
        """Know what has to be allowed, and whether a token is the only way in."""
        super().__init__()
        self.scope = scope
        self._alone = alone

    def __call__(self, request: HttpRequest) -> Asker | None:
        """Return who asks; None where no token was shown and there are other ways in."""
        token = _shown(request)
        return None if token is None and not self._alone else self.authenticate(request, token or "")

    def authenticate(self, request: HttpRequest, token: str) -> Asker:
        """Return the token's maker."""
        found = _held(request, token)
        LIMITER.check(rate=TOKEN_RATE, subject=found.token, now=clock.now())
        if self.scope is not None and self.scope not in found.scopes:
            raise TokenScope
        return Asker(account=found.account, token=found)


class Session(AuthBase):
    """Somebody in a browser that is signed in; asked only where no token was shown (TOK-2)."""

    openapi_type = "apiKey"
    openapi_in = "cookie"
    openapi_name = settings.SESSION_COOKIE_NAME

    def __call__(self, request: HttpRequest) -> Asker | None:
        """Return who is signed in."""
        return Asker(account=me(request)) if request.user.is_authenticated else None


def browser(request: HttpRequest) -> Asker:
    """Return who asks where no token is taken, be they signed in or not.

    Args:
        request: what was asked.

    Raises:
        TokenNotHere: a token was shown, be it good or not (TOK-4).
    """
    if _shown(request) is not None:
        raise TokenNotHere
    return Asker(account=me(request) if request.user.is_authenticated else None)


def takes(scope: Scope | None, *, alone: bool = False, visitors: bool = False) -> dict[str, Any]:
    """Return how an endpoint is declared that takes a token with this scope.

    Args:
        scope: which; None for any token.
        alone: whether no session opens it.
        visitors: whether it is also for browsers in which nobody is signed in.
    """
    ways = [Token(scope, alone=alone), *([] if alone else [browser if visitors else Session()])]
    return {"auth": ways, "openapi_extra": {"x-scope": scope.value if scope else ""}}


def asker(request: HttpRequest) -> Asker:
    """Return who asks, as the endpoint's ways in have found out.

    Args:
        request: what was asked.
    """
    found: Asker = request.auth  # type: ignore[attr-defined] # django-ninja puts it there
    return found


def account_of(request: HttpRequest) -> UserId:
    """Return whose account it is about.

    Args:
        request: what was asked.

    Raises:
        NotSignedIn: nobody is signed in.
    """
    account = asker(request).account
    if account is None:
        raise NotSignedIn
    return account


def has_shown(request: HttpRequest) -> frozenset[str]:
    """Return what whoever asks has shown of themselves beside a password (shown.shown_in); a program shows nothing but its token.

    Args:
        request: what was asked.
    """
    return frozenset() if asker(request).token is not None else shown_in(request)


def speaks_for(request: HttpRequest, *, organisation: str) -> UserId:
    """Return whose rights in an organisation its token has.

    Args:
        request: of an endpoint that takes tokens of organisations only.
        organisation: which is asked about.

    Raises:
        OrganisationUnknown: it is another one's token (TOK-6).
    """
    token = asker(request).token
    if token is None or token.organisation != organisation:
        raise OrganisationUnknown
    return token.account


def _shown(request: HttpRequest) -> str | None:
    """Return the token that a program shows; what a proxy before us asks browsers for, such as a name and a password, is none."""
    scheme, _space, token = request.headers.get("Authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else None


def _held(request: HttpRequest, token: str) -> Held:
    """Return what a token is good for; whoever tries many that are none has to wait."""
    now, address = clock.now(), LIMITER.visitor_key(request)
    if not LIMITER.has_left(rate=WRONG_TOKEN_RATE, subject=address, now=now):
        raise TooOften
    try:
        return held(token=token, now=now)
    except TokenInvalid:
        LIMITER.check(rate=WRONG_TOKEN_RATE, subject=address, now=now)
        raise

"""What every request to the JSON API must be before it is looked at.

Same origin instead of CSRF tokens (JOIN-3): a page of another site can make a browser send its cookies here, but it can set neither
`Content-Type: application/json` without a preflight that nobody answers, nor hide `Origin` and `Sec-Fetch-Site`. Both are checked before
anything is read, so a stolen click changes nothing and there is no token to keep in step.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _
from ninja.parser import Parser

from conclave.kernel import canonical, clock
from conclave.kernel.errors import Malformed, Refused
from conclave.kernel.limits import LIMITER, Rate
from conclave.kernel.origin import is_same_origin
from conclave.kernel.schema import ErrorOut

LARGEST_BODY = 64 * 1024
# Of every endpoint, and of those that are somebody's own.
REFUSALS = dict.fromkeys((400, 403, 404, 409, 422, 429, 451, 503), ErrorOut)
OWN_REFUSALS = {401: ErrorOut, **REFUSALS}

View = Callable[..., HttpResponse]


class OtherOrigin(Refused):
    """A page of another site asked (JOIN-3)."""

    code = "other_origin"
    status = 403
    message = _("This can only be asked from this site's own pages.")


class NotJson(Refused):
    """The body is not application/json (JOIN-3)."""

    code = "not_json"
    status = 415
    message = _("The body must be application/json.")


class StrictParser(Parser):
    """Reads bodies by the protocol's rules: no duplicate keys, no floats (ENC-1)."""

    def parse_body(self, request: HttpRequest) -> Any:  # noqa: ANN401 - JSON
        """Return the body's value."""
        return canonical.parse(request.body)


def guarded(view: View) -> View:
    """Wrap a view so that where a request comes from and what it claims to be are checked before it is parsed (JOIN-3).

    Args:
        view: the view.

    Returns:
        The view behind the guard; it raises OtherOrigin, NotJson or Malformed, and lets nothing be cached.
    """

    @wraps(view)
    def inner(request: HttpRequest, *args: object, **kwargs: object) -> HttpResponse:
        """Refuse, or go on."""
        site = request.headers.get("Sec-Fetch-Site", "same-origin")
        if site not in {"same-origin", "none"} or not is_same_origin(origin=request.headers.get("Origin"), host=request.get_host()):
            raise OtherOrigin
        if request.method in {"POST", "PUT", "PATCH"}:
            if request.content_type != "application/json":
                raise NotJson
            if int(request.headers.get("Content-Length") or 0) > LARGEST_BODY or len(request.body) > LARGEST_BODY:
                raise Malformed("The request is too long.")
        response = view(request, *args, **kwargs)
        response.headers["Cache-Control"] = "no-store"
        return response

    return inner


def limit(request: HttpRequest, rate: Rate) -> int:
    """Take one token of a rate for the asking address; return the time.

    Args:
        request: what was asked.
        rate: what is counted.

    Raises:
        TooOften: the address has none left.
    """
    now = clock.now()
    LIMITER.check(rate=rate, subject=LIMITER.visitor_key(request), now=now)
    return now

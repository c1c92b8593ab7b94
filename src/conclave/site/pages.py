"""Pages that belong to no one domain: home, protection, help, the self-test, errors."""

import secrets
from collections.abc import AsyncIterator

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.shortcuts import render
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.gzip import gzip_page
from django.views.decorators.http import require_http_methods, require_safe

from conclave.accounts.queries import me
from conclave.accounts.school_list import contacts_of
from conclave.kernel import clock
from conclave.kernel.errors import Malformed
from conclave.kernel.limits import LIMITER, Rate
from conclave.media.node_list import entries
from conclave.media.receipt import receipt_key
from conclave.site import inventory as kept
from conclave.site import reference
from conclave.site import trust as promised
from conclave.site.errors import tell
from conclave.site.release import client_list, release_proof

HELP_PAGES = ("class", "raid", "code", "remove")
SELFTEST_BYTES = 2 * 1024 * 1024
SELFTEST_PIECE = 64 * 1024
# A class behind one address may try at once; each try gives noise once and takes it three times at most.
SELFTEST_RATE = Rate(name="selftest_bytes", burst=120, every_ms=clock.SECOND)


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """Say what this is and where to go."""
    return render(request, "home.html")


@require_safe
def protection(request: HttpRequest) -> HttpResponse:
    """Say what is protected and what is not."""
    return render(request, "protection.html")


@gzip_page  # long, and with nothing in it that a visitor could have put there
@require_safe
def inventory(request: HttpRequest) -> HttpResponse:
    """Say what this server keeps, field by field."""
    parts = kept.inventory(language=get_language() or settings.LANGUAGE_CODE)
    return render(request, "inventory.html", {"inventory": parts, **_contact()})


@require_safe
def trust(request: HttpRequest) -> HttpResponse:
    """Say what is promised, what shows it, and whom to write to."""
    parts = promised.promises(language=get_language() or settings.LANGUAGE_CODE)
    config = settings.CONCLAVE
    named = entries()
    regions = [(region, named.get(region.name)) for region in config.all_regions if region.name in config.platform_regions]
    said = {"advisories": promised.source().get("advisory", ()), "weekly_session": config.weekly_session, **_contact()}
    shown = {"promises": parts, "regions": regions, "receipt_key": receipt_key(), "site": config.public_url.rstrip("/")}
    return render(request, "trust.html", {**shown, **said})


@require_safe
def client_hashes(request: HttpRequest) -> HttpResponse:  # noqa: ARG001 - Django's signature
    """Say which files of the client this server gives, each with its SHA-256, as sha256sum writes it (TRUST-2)."""
    return HttpResponse(client_list(), content_type="text/plain; charset=utf-8")


@require_safe
def client_proof(request: HttpRequest) -> HttpResponse:  # noqa: ARG001 - Django's signature
    """Give everybody the proof that the public ledger names this client (LEDG-10).

    Raises:
        Http404: it does not yet, or no witness has signed it.
    """
    proof = release_proof()
    if proof is None:
        raise Http404
    return HttpResponse(proof, content_type="text/plain; charset=utf-8", headers={"Cache-Control": "public, max-age=60"})


@require_safe
def security_txt(request: HttpRequest) -> HttpResponse:  # noqa: ARG001 - Django's signature
    """Say whom to tell of a fault, as programs look for it.

    Raises:
        Http404: whoever runs this server named nobody.
    """
    config = settings.CONCLAVE
    if not config.contact:
        raise Http404
    text = promised.security_txt(contact=config.contact, site=config.public_url.rstrip("/"), now=clock.now())
    return HttpResponse(text, content_type="text/plain; charset=utf-8")


@require_safe
def api_reference(request: HttpRequest) -> HttpResponse:
    """Say what programs can ask this server."""
    shown = {"endpoints": reference.endpoints(), "scopes": reference.scopes(), "refusals": reference.refusals()}
    return render(request, "api.html", {**shown, "site": settings.CONCLAVE.public_url.rstrip("/")})


@require_safe
def help_index(request: HttpRequest) -> HttpResponse:
    """List what a host can read about."""
    return render(request, "help/index.html", _safeguarding(request))


@require_safe
def help_page(request: HttpRequest, page: str) -> HttpResponse:
    """Say how a host does one thing, and to whom it is reported what went wrong.

    Raises:
        Http404: there is no such page.
    """
    if page not in HELP_PAGES:
        raise Http404
    return render(request, f"help/{page}.html", {**_contact(), **_safeguarding(request)})


def _safeguarding(request: HttpRequest) -> dict[str, object]:
    """Return whom somebody turns to at their schools, for a page; nobody for whoever is at none."""
    return {"safeguarding": contacts_of(account=me(request)) if request.user.is_authenticated else []}


def _contact() -> dict[str, str]:
    """Return whom to write to, and how, for a page; empty where nobody is named."""
    contact = settings.CONCLAVE.contact
    return {"contact": contact, "contact_link": f"mailto:{contact}" if "@" in contact else contact}


@require_safe
def selftest(request: HttpRequest) -> HttpResponse:
    """Show the page that tries, from where the visitor is, what a meeting needs."""
    config = settings.CONCLAVE
    ports = {"udp_port": config.media_udp_port, "tcp_port": config.media_tcp_port, "node_address": config.node_address}
    return render(request, "selftest.html", ports)


@csrf_exempt  # it changes nothing
@require_http_methods(["GET", "POST"])
def selftest_bytes(request: HttpRequest) -> HttpResponseBase:
    """Give or take bytes that mean nothing, for measuring how fast they pass (SELF-3)."""
    address = request.META.get("REMOTE_ADDR", "")
    LIMITER.check(rate=SELFTEST_RATE, subject=LIMITER.address_key(address), now=clock.now())
    if request.method == "POST":
        if int(request.headers.get("Content-Length") or 0) > SELFTEST_BYTES or len(request.body) > SELFTEST_BYTES:
            raise Malformed
        return HttpResponse(status=204)
    headers = {"Content-Type": "application/octet-stream", "Content-Length": str(SELFTEST_BYTES)}
    return StreamingHttpResponse(_noise(), headers=headers)


async def _noise() -> AsyncIterator[bytes]:
    """Yield it piece by piece: a visitor who reads slowly makes nobody keep the rest."""
    for _piece in range(SELFTEST_BYTES // SELFTEST_PIECE):
        yield secrets.token_bytes(SELFTEST_PIECE)


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:  # noqa: ARG001 - Django's signature
    """Answer 400."""
    return tell(
        request,
        status=400,
        code="bad_request",
        message=_("The request could not be read."),
        next_step=_("Check the address. If it is the address of this server, whoever runs it must set public_url to it."),
    )


def forbidden(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:  # noqa: ARG001 - Django's signature
    """Answer 403."""
    return tell(
        request,
        status=403,
        code="forbidden",
        message=_("This is not open to you."),
        next_step=_("Sign in with an account that may see it, or ask whoever sent you here."),
    )


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:  # noqa: ARG001 - Django's signature
    """Answer 403 to a form that was not sent from our own page."""
    return tell(
        request,
        status=403,
        code="form_expired",
        message=_("This form is no longer valid."),
        next_step=_("Go back, reload the page, and send it again. Cookies of this site must be allowed."),
    )


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:  # noqa: ARG001 - Django's signature
    """Answer 404."""
    return tell(
        request,
        status=404,
        code="not_found",
        message=_("There is no such page."),
        next_step=_("Check the address; a meeting's link must be opened as a whole."),
    )


def too_often(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:  # noqa: ARG001 - allauth's signature
    """Answer 429."""
    return tell(
        request,
        status=429,
        code="too_often",
        message=_("That was too often."),
        next_step=_("Wait a few minutes, then try again."),
    )


def server_error(request: HttpRequest) -> HttpResponse:
    """Answer 500; the log has the details, the page has none."""
    return tell(
        request,
        status=500,
        code="server_error",
        message=_("Something went wrong on the server."),
        next_step=_("Try again. If it stays so, tell whoever runs this server when it happened."),
    )

"""Pages that belong to no one domain: home, protection, errors."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from conclave.site.errors import tell


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """Say what this is and where to go."""
    return render(request, "home.html")


@require_safe
def protection(request: HttpRequest) -> HttpResponse:
    """Say what is protected and what is not."""
    return render(request, "protection.html")


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

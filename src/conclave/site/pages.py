"""Pages that belong to no one domain: home, protection, errors."""

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from conclave.site.errors import wants_json


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """Say what this is and where to go."""
    return render(request, "home.html")


@require_safe
def protection(request: HttpRequest) -> HttpResponse:
    """Say what is protected and what is not."""
    return render(request, "protection.html")


def bad_request(request: HttpRequest, _exception: Exception | None = None) -> HttpResponse:
    """Answer 400."""
    return _error(request, status=400, code="bad_request", message=_("The request could not be read."))


def forbidden(request: HttpRequest, _exception: Exception | None = None) -> HttpResponse:
    """Answer 403."""
    return _error(request, status=403, code="forbidden", message=_("This is not open to you."))


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:  # noqa: ARG001 - Django's signature
    """Answer 403 to a form that was not sent from our own page."""
    return _error(request, status=403, code="form_expired", message=_("This form is no longer valid. Go back, reload the page and send it again."))


def not_found(request: HttpRequest, _exception: Exception | None = None) -> HttpResponse:
    """Answer 404."""
    return _error(request, status=404, code="not_found", message=_("There is no such page."))


def server_error(request: HttpRequest) -> HttpResponse:
    """Answer 500; the log has the details, the page has none."""
    return _error(request, status=500, code="server_error", message=_("Something went wrong on the server. Try again; if it stays so, tell whoever runs this server."))


def _error(request: HttpRequest, *, status: int, code: str, message: str) -> HttpResponse:
    """Answer an error as JSON for programs and as a page for people."""
    if wants_json(request):
        return JsonResponse({"error": {"code": code, "message": message}}, status=status)
    return render(request, "error.html", {"code": code, "status": status, "message": message}, status=status)

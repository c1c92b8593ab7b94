"""The pages of meetings. The call's page looks nothing up, so it tells nothing about which meetings exist (LINK-4)."""

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from conclave.accounts.queries import me
from conclave.meetings.queries import own_meetings


@require_safe
def call(request: HttpRequest, meeting: str) -> HttpResponse:  # noqa: ARG001 - the browser reads it from the address
    """Show the shell of the call app, the same for every id."""
    return render(request, "meetings/call.html")


@require_safe
def check(request: HttpRequest) -> HttpResponse:
    """Show the page that says what a pasted link is worth; the browser looks at it, and this server is told no more than at the lobby."""
    return render(request, "meetings/check.html")


@never_cache
@login_required
@require_safe
def mine(request: HttpRequest) -> HttpResponse:
    """Show the signed-in person's meetings; their links are in the browser's key ring and nowhere else."""
    return render(request, "meetings/mine.html", {"meetings": own_meetings(owner=me(request))})


@never_cache
@require_safe
def now(request: HttpRequest) -> HttpResponse:
    """Show the page that makes a meeting from the one-time token in its fragment."""
    return render(request, "meetings/now.html")

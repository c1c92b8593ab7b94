"""The pages of meetings. The call's page looks nothing up, so it tells nothing about which meetings exist (LINK-4)."""

import re
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from conclave.accounts import organisations
from conclave.accounts.policy import Act
from conclave.accounts.queries import me
from conclave.accounts.shown import shown_in
from conclave.kernel import clock
from conclave.kernel.limits import LIMITER, Rate
from conclave.meetings import lists, receipts, schedule
from conclave.meetings import plan as plans
from conclave.meetings.forms import PlanForm, initial_of
from conclave.meetings.own import TitleForbidden
from conclave.meetings.paging import Page
from conclave.meetings.ruled import RuleMet
from conclave.meetings.stale import MeetingStale

# MEET-19: what somebody looks for while they type; nobody reads a whole list by it faster than by turning pages.
SEARCH_RATE = Rate(name="meeting_search", burst=60, every_ms=2 * clock.SECOND)
PLAN_RATE = Rate(name="meeting_plan", burst=60, every_ms=10 * clock.SECOND)
RECEIPTS_RATE = Rate(name="receipts", burst=20, every_ms=10 * clock.SECOND)
SHOWN_TIMES = 12
LISTS: dict[str, Callable[..., Page[Any]]] = {"": lists.mine, "upcoming": lists.upcoming, "past": lists.past}


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
    shown, words = request.GET.get("show", ""), request.GET.get("words", "")[: lists.LONGEST_WORDS].strip()
    shown, after = shown if shown in LISTS else "", request.GET.get("after", "")
    page: Page[Any]
    if words:
        LIMITER.check(rate=SEARCH_RATE, subject=me(request), now=clock.now())
        shown, page = "", lists.with_words(owner=me(request), words=words, after=after)
    else:
        page = LISTS[shown](owner=me(request), after=after)
    query = urlencode({name: value for name, value in (("show", shown), ("words", words)) if value})
    template = "meetings/past.html" if shown == "past" else "meetings/mine.html"
    return render(request, template, {"page": page, "shown": shown, "words": words, "query": query, "later": bool(after)})


@never_cache
@login_required
@require_safe
def meeting(request: HttpRequest, meeting: str) -> HttpResponse:
    """Show one meeting to its owner: when it is, when it was, who is invited by name; never what was said."""
    own, now = lists.one(meeting=meeting, owner=me(request)), clock.now()
    planned = plans.planned(meeting=meeting, owner=me(request))
    before = request.GET.get("before", "")
    times = schedule.times(schedule=planned.schedule, now=now, most=SHOWN_TIMES) if planned else []
    odd = [schedule.oddity(local=one.local, zone=planned.schedule.zone) for one in times] if planned else []
    shown = {
        "own": own,
        "planned": planned.schedule if planned else None,
        "times": list(zip(times, odd, strict=True)),
        "listed": planned is not None and bool(times) and (planned.schedule.repeat is not None or any(odd)),
        "next_at": next((one.start for one in times if not one.off), None),
        "around": lists.around(meeting=own, before=int(before) if re.fullmatch(r"[0-9]{1,15}", before) else None),
    }
    return render(request, "meetings/meeting.html", shown)


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def plan(request: HttpRequest, meeting: str) -> HttpResponse:
    """Give a meeting a title and a time, another one, or none."""
    own, now = lists.one(meeting=meeting, owner=me(request)), clock.now()
    planned = plans.planned(meeting=meeting, owner=me(request))
    if request.method == "POST":
        LIMITER.check(rate=PLAN_RATE, subject=me(request), now=now)
    if request.POST.get("act") == "unplan":
        plans.unplan(meeting=meeting, owner=me(request), now=now)
        messages.success(request, _("The meeting has no time any more. Its link stays."))
        return redirect("meeting", meeting)
    form = PlanForm(request.POST if request.method == "POST" else None, initial=initial_of(title=own.title, planned=planned))
    if request.method == "POST" and form.is_valid():
        try:
            wanted = form.schedule()
            made = plans.plan_meeting(
                meeting=meeting,
                owner=me(request),
                title=form.cleaned_data["title"],
                schedule=wanted,
                shown=shown_in(request),
                seen=_number(request.POST.get("seen")),
                now=now,
            )
        except schedule.PlanForbidden as error:
            form.add_error(None, error.text)
        except TitleForbidden as error:
            form.add_error("title", error.text)
        except (RuleMet, MeetingStale) as error:
            form.add_error(None, error.text)
        else:
            if made.start != wanted.start:
                messages.info(request, _("The series begins on the first of its days that comes: see below."))
            messages.success(request, _("The meeting is planned. Give the calendar file to those who should come."))
            return redirect("meeting", meeting)
    shown = {"own": own, "planned": planned is not None, "form": form}
    return render(request, "meetings/plan.html", shown, status=422 if form.errors else 200)


def _number(raw: str | None) -> int | None:
    """Return the number of the plan that a form was made from; none is one that no plan has, for what is no number."""
    if raw is None:
        return None
    return int(raw) if raw.isascii() and raw.isdigit() and len(raw) < 9 else -1


@login_required
@require_POST
def times(request: HttpRequest, meeting: str) -> HttpResponse:
    """Call one time of a series off, or let it take place after all."""
    now, off = clock.now(), request.POST.get("act") == "off"
    LIMITER.check(rate=PLAN_RATE, subject=me(request), now=now)
    plans.call_off(meeting=meeting, owner=me(request), wall=request.POST.get("wall", ""), off=off, shown=shown_in(request), now=now)
    told = (
        _("This time is called off. Give the new calendar file to those who should know.") if off else _("This time takes place after all.")
    )
    messages.success(request, told)
    return redirect("meeting", meeting)


@never_cache
@login_required
@require_safe
def house(request: HttpRequest, organisation: str) -> HttpResponse:
    """Show an organisation's owners, admins and auditors which meetings it has, now and past, and their settings; nothing else of them."""
    own = organisations.belonging(organisation=organisation, account=me(request), act=Act.SEE_MEETINGS)
    shown, words = request.GET.get("show", ""), request.GET.get("words", "")[: lists.LONGEST_WORDS].strip()
    shown = shown if shown in {"now", "past"} else ""
    if words:
        LIMITER.check(rate=SEARCH_RATE, subject=me(request), now=clock.now())
    after = request.GET.get("after", "")
    page = lists.of_house(organisation=organisation, account=me(request), shown=shown, words=words, after=after)
    query = urlencode({name: value for name, value in (("show", shown), ("words", words)) if value})
    context = {"own": own, "page": page, "shown": shown, "words": words, "query": query, "later": bool(after)}
    return render(request, "meetings/house.html", context)


@never_cache
@login_required
@require_safe
def take_receipts(request: HttpRequest, meeting: str) -> HttpResponse:
    """Give a meeting's owner the routing receipts of its calls as one file (regions.md)."""
    now = clock.now()
    LIMITER.check(rate=RECEIPTS_RATE, subject=me(request), now=now)
    return _file(receipts.receipts_of(meeting=meeting, account=me(request), now=now), now)


@never_cache
@login_required
@require_safe
def take_house_receipts(request: HttpRequest, organisation: str) -> HttpResponse:
    """Give an organisation's owners, admins and auditors the routing receipts of its calls as one file (regions.md)."""
    now = clock.now()
    LIMITER.check(rate=RECEIPTS_RATE, subject=me(request), now=now)
    return _file(receipts.receipts_of_house(organisation=organisation, account=me(request), now=now), now)


def _file(texts: list[str], now: int) -> HttpResponse:
    """Return receipts as a file that `conclave verify receipt` reads."""
    headers = {"Content-Disposition": f'attachment; filename="routing-receipts-{clock.to_day(now)}.json"'}
    return HttpResponse(
        '{"receipts":[' + ",".join(text.strip() for text in texts) + "]}\n", content_type="application/json", headers=headers
    )


@never_cache
@require_safe
def now(request: HttpRequest) -> HttpResponse:
    """Show the page that makes a meeting from the one-time token in its fragment."""
    return render(request, "meetings/now.html")

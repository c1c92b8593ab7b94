"""The pages of the platform's staff: who is what, and what each may do. Whoever is none of them gets the answer of what does not exist."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from conclave.accounts.confirm import confirmation, passkey_in
from conclave.accounts.owner import NoSuchAccount
from conclave.accounts.queries import me
from conclave.accounts.staff import (
    LABELS,
    Change,
    StaffOneself,
    StaffRolesConflict,
    StaffUnknown,
    access_countries,
    acts_of,
    allow_staff,
    ask_change,
    change_staff,
    facts_of,
)
from conclave.accounts.staff_forms import CountriesForm, GrantForm, PlaceForm
from conclave.accounts.staff_list import Member, history_of, own_member, staff_member, staff_members, whom
from conclave.accounts.staff_policy import TABLE, Act, Extent, Role
from conclave.accounts.staff_rule import ask_countries, set_countries
from conclave.kernel import clock
from conclave.kernel.limits import LIMITER, Rate
from conclave.kernel.territories import territory_name

CHANGE_RATE = Rate(name="staff_change", burst=60, every_ms=10 * clock.SECOND)

ACTS = {
    Act.READ_ORDER: gettext_lazy("Read an order"),
    Act.RECEIVE_ORDER: gettext_lazy("Take in an order"),
    Act.REVIEW_ORDER: gettext_lazy("Review an order, refuse or challenge it"),
    Act.DRAFT_MEASURE: gettext_lazy("Draft a measure"),
    Act.APPROVE_MEASURE: gettext_lazy("Approve a measure"),
    Act.LIFT_MEASURE: gettext_lazy("Lift a measure"),
    Act.SEE_REPORTS: gettext_lazy("See reports and evidence"),
    Act.OPEN_ENGINE: gettext_lazy("Look behind the glass: logs, addresses, who met when"),
    Act.SEE_NODES: gettext_lazy("See which media engines the ledger names"),
    Act.ENTER_NODE: gettext_lazy("Approve a media engine, with a second person"),
    Act.SEE_APPLICATIONS: gettext_lazy("See applications of schools"),
    Act.DECIDE_APPLICATION: gettext_lazy("Decide on applications of schools"),
    Act.SEE_STAFF: gettext_lazy("See who is what"),
    Act.CHANGE_STAFF: gettext_lazy("Give and withdraw roles"),
}
EXTENTS = {
    Extent.ALL: gettext_lazy("yes"),
    Extent.NEXUS: gettext_lazy("only what links an order with a case"),
    Extent.OWN_CASE: gettext_lazy("only cases of their own"),
    Extent.METADATA: gettext_lazy("only numbers and dates"),
    Extent.SECOND: gettext_lazy("only with a second person"),
}


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def staff(request: HttpRequest) -> HttpResponse:
    """Show somebody of the staff what they are; let the owner see everybody, and give somebody a role."""
    now, by = clock.now(), me(request)
    roles = facts_of(account=by).roles
    if not roles:
        raise StaffUnknown
    may = acts_of(account=by, now=now)
    giving = request.method == "POST" and Act.CHANGE_STAFF in may
    form = GrantForm(request.POST if giving else None)
    if giving and form.is_valid():
        LIMITER.check(rate=CHANGE_RATE, subject=by, now=now)
        try:
            about = whom(account=by, address=form.cleaned_data["address"], now=now)
            change = Change(role=form.cleaned_data["role"], given=True)
            return _change(request, about, change, {"address": about.address, "role": change.role}, reverse("staff"))
        except NoSuchAccount as error:
            form.add_error("address", error.text)
        except (StaffRolesConflict, StaffOneself) as error:
            form.add_error("role", error.text)
    own = own_member(account=by)
    shown = {
        "labels": [LABELS[role] for role in Role if role in roles],
        "place": _place(own) if own else None,
        "may": may,
        "members": [(member, _place(member)) for member in staff_members(account=by, now=now)] if Act.SEE_STAFF in may else None,
        "form": form if Act.CHANGE_STAFF in may else None,
        "table": _table(),
        "countries": ", ".join(map(_called, sorted(access_countries()))),
        "away": not may,
    }
    return render(request, "staff/staff.html", shown, status=422 if form.errors else 200)


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def person(request: HttpRequest, member: str) -> HttpResponse:
    """Show what one of the staff is, and how that came; let the owner withdraw a role, or say where they work."""
    now, by = clock.now(), me(request)
    about = staff_member(account=by, member=member, now=now)
    may, act = acts_of(account=by, now=now), request.POST.get("act")
    here = reverse("staff_person", args=[member])
    form = PlaceForm(
        request.POST if act == "place" else None, initial={"work_country": about.work_country, "recused": " ".join(about.recused)}
    )
    if act == "withdraw" and request.POST.get("role") in about.roles:
        LIMITER.check(rate=CHANGE_RATE, subject=by, now=now)
        change = Change(role=request.POST["role"])
        return _change(request, about, change, {"act": "withdraw", "role": change.role}, here)
    if act == "place" and form.is_valid():
        LIMITER.check(rate=CHANGE_RATE, subject=by, now=now)
        change = Change(work_country=form.cleaned_data["work_country"], recused=form.cleaned_data["recused"])
        chosen = {"act": "place", "work_country": change.work_country, "recused": " ".join(change.recused)}
        return _change(request, about, change, chosen, here)
    shown = {
        "about": about,
        "roles": list(zip(about.roles, about.labels, strict=True)),
        "place": _place(about),
        "history": history_of(account=by, member=member, now=now),
        "may": may,
        "form": form,
    }
    return render(request, "staff/person.html", shown, status=422 if form.errors else 200)


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def countries(request: HttpRequest) -> HttpResponse:
    """Let the owner say in which countries the staff has to work (STAFF-5)."""
    now, by = clock.now(), me(request)
    allow_staff(account=by, act=Act.CHANGE_STAFF, now=now, asking=True)
    form = CountriesForm(request.POST or None, initial={"countries": " ".join(sorted(access_countries()))})
    if request.method == "POST" and form.is_valid():
        LIMITER.check(rate=CHANGE_RATE, subject=by, now=now)
        wanted, shown = form.cleaned_data["countries"], passkey_in(request)
        if shown is None:
            said = _("Staff has to work in: %(countries)s.") % {"countries": ", ".join(map(_called, wanted)) or _("any country")}
            after = _("It counts at once, and the public ledger says so. Whoever works elsewhere can do and read nothing here any more.")
            question = ask_countries(by=by, countries=wanted, now=now)
            return confirmation(
                request,
                question=question,
                chosen={"countries": " ".join(wanted)},
                sentence=said,
                after=after,
                back=reverse("staff_countries"),
            )
        set_countries(by=by, countries=wanted, shown=shown, now=now)
        messages.success(request, _("It is done."))
        return redirect("staff_countries")
    away = [member for member in staff_members(account=by, now=now) if member.roles and not _works_there(member)]
    return render(request, "staff/countries.html", {"form": form, "away": away}, status=422 if form.errors else 200)


def _works_there(member: Member) -> bool:
    """Tell whether somebody works where staff may."""
    return not access_countries() or member.work_country in access_countries()


def _change(request: HttpRequest, about: Member, change: Change, chosen: dict[str, str], back: str) -> HttpResponse:
    """Make the owner's change with the passkey that was sent, or ask for one."""
    by, now, shown = me(request), clock.now(), passkey_in(request)
    if shown is None:
        question = ask_change(by=by, account=about.account, change=change, now=now)
        after = _("It counts at once. The journal keeps that you did it.")
        return confirmation(request, question=question, chosen=chosen, sentence=_sentence(about, change), after=after, back=back)
    member = change_staff(by=by, account=about.account, change=change, shown=shown, now=now)
    messages.success(request, _("It is done."))
    return redirect("staff_person", member)


def _sentence(about: Member, change: Change) -> str:
    """Return what will happen to whom."""
    said = {"name": f"{about.name} ({about.address})" if about.name else about.address}
    if not change.role:
        there = _called(change.work_country) or _("not known")
        none = ", ".join(map(_called, change.recused)) or _("none")
        return _("%(name)s: country of work: %(there)s; takes no part in matters of: %(none)s.") % {**said, "there": there, "none": none}
    said["role"] = str(LABELS[Role(change.role)])
    return (_("%(name)s gets the role “%(role)s”.") if change.given else _("%(name)s loses the role “%(role)s”.")) % said


def _place(member: Member) -> dict[str, str]:
    """Return where somebody works and in whose matters they take no part, in words."""
    return {"country": _called(member.work_country), "recused": ", ".join(map(_called, member.recused))}


def _called(code: str) -> str:
    """Return a territory in the reader's language."""
    return territory_name(code=code, language=get_language() or "en")


def _table() -> list[tuple[str, list[tuple[str, str]]]]:
    """Return who may do what, in words: each act with its roles and how far it goes."""
    return [(str(ACTS[act]), [(str(LABELS[role]), str(EXTENTS[extent])) for role, extent in cells.items()]) for act, cells in TABLE.items()]

"""The pages of schools: an organisation's own, its roster, and the desk of the platform's reviewers."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from conclave.accounts import organisations
from conclave.accounts.confirm import confirmation, passkey_in
from conclave.accounts.enlist import RosterWrong, Ticket, allow_roster, enlist, preview
from conclave.accounts.policy import Act
from conclave.accounts.queries import me
from conclave.accounts.roster import LARGEST_BYTES, MOST_LINES, Fault, Text, Trouble, read_bytes
from conclave.accounts.school import (
    RegistryMalformed,
    Said,
    SchoolTextForbidden,
    apply,
    ask_decision,
    decide_school,
    set_contact,
)
from conclave.accounts.school_forms import ApplyForm, ContactForm, DecisionForm, FileForm, RosterForm
from conclave.accounts.school_list import Applicant, applicant, applicants, own_school
from conclave.accounts.schooling import STANDS, Verdict
from conclave.accounts.staff import acts_of
from conclave.accounts.staff_policy import Act as StaffAct
from conclave.kernel import clock
from conclave.kernel.limits import LIMITER, Rate
from conclave.kernel.territories import territory_name

APPLY_RATE = Rate(name="school_apply", burst=10, every_ms=10 * clock.MINUTE)
ROSTER_RATE = Rate(name="school_roster", burst=60, every_ms=10 * clock.SECOND)
DECIDE_RATE = Rate(name="school_decide", burst=60, every_ms=10 * clock.SECOND)
MOST_SHOWN = 100

TROUBLES = {
    Trouble.TOO_LARGE: gettext_lazy("This is larger than 48 KB. Send it in parts."),
    Trouble.NO_TABLE: gettext_lazy("This is no table of text. In your spreadsheet, choose “Save as”, then “CSV UTF-8”."),
    Trouble.OTHER_UNICODE: gettext_lazy("This file is UTF-16. In your spreadsheet, choose “Save as”, then “CSV UTF-8”."),
    Trouble.NO_HEAD: gettext_lazy("The first line has to name the columns: name, email, minor; “name” must be among them, each once."),
    Trouble.NOBODY: gettext_lazy("There is nobody on it."),
    Trouble.TOO_MANY: gettext_lazy("More than 500 people. Send them in parts."),
}
FAULTS = {
    Fault.QUOTES: gettext_lazy("A quotation mark is not closed."),
    Fault.CELLS: gettext_lazy("More cells than the first line has columns."),
    Fault.FORMULA: gettext_lazy("A cell begins with = + - or @: a spreadsheet would take it for a formula."),
    Fault.NAME: gettext_lazy("No name, one of more than 64 characters, or one that cannot be shown."),
    Fault.ADDRESS: gettext_lazy("This is not an e-mail address."),
    Fault.MINOR: gettext_lazy("“minor” says neither yes nor no."),
    Fault.TWICE: gettext_lazy("The same person as in line %(first)s."),
}


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def school(request: HttpRequest, organisation: str) -> HttpResponse:
    """Show an organisation how it stands as a school; let it apply, and name another contact."""
    now, by = clock.now(), me(request)
    own = organisations.belonging(organisation=organisation, account=by, act=Act.SCHOOL)
    stands = own_school(organisation=organisation, account=by, now=now)
    naming, applying = request.POST.get("act") == "contact", request.POST.get("act") == "apply"
    said = {name: getattr(stands, name) for name in ("country", "registry", "evidence", "contact_name", "contact")}
    form = ApplyForm(request.POST if applying else None, initial=said)
    contact = ContactForm(request.POST if naming else None, initial=said, auto_id="contact_%s")
    if applying and form.is_valid():
        LIMITER.check(rate=APPLY_RATE, subject=by, now=now)
        try:
            apply(organisation=organisation, account=by, said=Said(**form.cleaned_data), now=now)
        except RegistryMalformed as error:
            form.add_error("registry", error.text)
        except SchoolTextForbidden as error:
            form.add_error(None, error.text)
        else:
            messages.success(request, _("Your application is made. The reviewers of this server decide."))
            return redirect("organisation_school", organisation)
    if naming and contact.is_valid():
        LIMITER.check(rate=APPLY_RATE, subject=by, now=now)
        given = contact.cleaned_data
        try:
            set_contact(organisation=organisation, account=by, name=given["contact_name"], contact=given["contact"], now=now)
        except SchoolTextForbidden as error:
            contact.add_error(None, error.text)
        else:
            messages.success(request, _("All members read the new contact now."))
            return redirect("organisation_school", organisation)
    shown = {"own": own, "school": stands, "country": _called(stands.country), "form": form, "contact_form": contact}
    shown["protected"] = stands.standing in STANDS
    return render(request, "schools/school.html", shown, status=422 if form.errors or contact.errors else 200)


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def roster(request: HttpRequest, organisation: str) -> HttpResponse:
    """Take a roster: say what is wrong with it, line by line, and invite everybody on it once it is confirmed."""
    now, by = clock.now(), me(request)
    own = organisations.belonging(organisation=organisation, account=by, act=Act.SCHOOL)
    allow_roster(organisation=organisation, account=by, now=now)
    shown: dict[str, object] = {"own": own, "most": MOST_LINES, "kilobytes": LARGEST_BYTES // 1024, "file": FileForm()}
    if request.method != "POST":
        return render(request, "schools/roster.html", {**shown, "form": RosterForm()})
    LIMITER.check(rate=ROSTER_RATE, subject=by, now=now)
    read = _given(request)
    form = RosterForm({"text": read.text}) if read.trouble is None else RosterForm()
    if read.trouble is not None or not form.is_valid():
        shown["trouble"] = TROUBLES[read.trouble or Trouble.NOBODY]
        return render(request, "schools/roster.html", {**shown, "form": form}, status=422)
    text = form.cleaned_data["text"]
    if request.POST.get("act") == "invite":
        try:
            tickets = enlist(organisation=organisation, account=by, text=text, now=now)
            return _invited(request, tickets, {"own": own}, organisation=organisation)
        except RosterWrong as error:
            messages.error(request, error.text)
    seen = preview(organisation=organisation, account=by, text=text, now=now)
    wrong = [(one.line, FAULTS[one.fault] % {"first": one.first}) for one in seen.roster.wrong]
    shown |= {
        "form": form,
        "latin": read.latin,
        "trouble": TROUBLES[seen.roster.trouble] if seen.roster.trouble else "",
        "wrong": wrong[:MOST_SHOWN],
        "wrong_count": len(wrong),
        "seen": seen,
        "rows": seen.new[:MOST_SHOWN],
        "ready": bool(seen.new or seen.flags) and not wrong,
    }
    return render(request, "schools/roster.html", shown, status=422 if wrong or seen.roster.trouble else 200)


@never_cache
@login_required
@require_safe
def desk(request: HttpRequest) -> HttpResponse:
    """List the schools that wait for a decision, and those that there are."""
    now = clock.now()
    listed = [(one, _called(one.country)) for one in applicants(account=me(request), now=now)]
    return render(request, "schools/desk.html", {"listed": listed})


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def review(request: HttpRequest, school: str) -> HttpResponse:
    """Show a reviewer what a school says of itself, and take the decision with a passkey."""
    now, by = clock.now(), me(request)
    about = applicant(account=by, school=school, now=now)
    form = DecisionForm(request.POST or None, waiting=about.waiting, stands=about.stands)
    if request.method == "POST" and form.is_valid():
        LIMITER.check(rate=DECIDE_RATE, subject=by, now=now)
        try:
            return _decide(request, about, Verdict(form.cleaned_data["verdict"]), form.cleaned_data["reason"])
        except SchoolTextForbidden:
            form.add_error("reason", _("Give a reason of at most 500 characters."))
    may = StaffAct.DECIDE_APPLICATION in acts_of(account=by, now=now) and not about.party
    shown = {"about": about, "country": _called(about.country), "form": form if may and (about.waiting or about.stands) else None}
    return render(request, "schools/review.html", shown, status=422 if form.errors else 200)


def _decide(request: HttpRequest, about: Applicant, verdict: Verdict, reason: str) -> HttpResponse:
    """Decide with the passkey that was sent, or ask for one."""
    by, now, shown = me(request), clock.now(), passkey_in(request)
    if shown is None:
        question = ask_decision(account=by, school=about.school, verdict=verdict, reason=reason, now=now)
        words = {
            Verdict.APPROVE: _("“%(name)s” is a school for a year."),
            Verdict.REFUSE: _("The application of “%(name)s” is refused."),
            Verdict.END: _("“%(name)s” is no school any more."),
        }
        return confirmation(
            request,
            question=question,
            chosen={"verdict": verdict.value, "reason": reason},
            sentence=words[verdict] % {"name": about.organisation},
            after=_("Its owners are told. The journal keeps that you decided it."),
            back=reverse("staff_school", args=[about.school]),
        )
    decide_school(account=by, school=about.school, verdict=verdict, reason=reason, shown=shown, now=now)
    messages.success(request, _("It is decided."))
    return redirect("staff_schools")


def _given(request: HttpRequest) -> Text:
    """Return the roster that was sent: the file if there is one, else the text."""
    file = request.FILES.get("file")
    if file is None:
        return Text(text=request.POST.get("text", ""))
    if (file.size or 0) > LARGEST_BYTES:
        return Text(trouble=Trouble.TOO_LARGE)
    return read_bytes(data=file.read(LARGEST_BYTES + 1))


def _invited(request: HttpRequest, tickets: list[Ticket], shown: dict[str, object], *, organisation: str) -> HttpResponse:
    """Show the links, this once; without any, those who belong were flagged."""
    if not tickets:
        messages.success(request, _("The minors among them are flagged."))
        return redirect("organisation_people", organisation)
    return render(request, "schools/tickets.html", {**shown, "tickets": tickets})


def _called(code: str) -> str:
    """Return a territory in the reader's language."""
    return territory_name(code=code, language=get_language() or "en")

"""Pages of the glass: who has asked to look at what, agreeing with a passkey, and the look itself. An engineer's, and nobody else's."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from conclave.accounts.confirm import confirmation, passkey_in
from conclave.accounts.queries import me
from conclave.authorities import glass as panes
from conclave.authorities import words
from conclave.authorities.glass import GlassUnknown, Seen
from conclave.authorities.glass_forms import GlassForm
from conclave.authorities.glass_rule import Scope
from conclave.authorities.receive import OrderTextForbidden
from conclave.kernel import clock
from conclave.kernel.limits import LIMITER, Rate

GLASS_RATE = Rate(name="glass", burst=30, every_ms=10 * clock.SECOND)


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def glasses(request: HttpRequest) -> HttpResponse:
    """List what was asked for, and let somebody ask."""
    now, by = clock.now(), me(request)
    listed = panes.requests(account=by, now=now)
    form = GlassForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        LIMITER.check(rate=GLASS_RATE, subject=by, now=now)
        try:
            made = panes.ask(account=by, wanted=form.wanted(now=now), reason=form.cleaned_data["reason"], now=now)
        except OrderTextForbidden as error:
            form.add_error(None, error.text)
        except GlassUnknown:
            form.add_error(None, _("There is no such log, account or meeting."))
        else:
            messages.success(request, _("Somebody else has to agree now."))
            return redirect("staff_glass", made)
    shown = {"listed": [(one, _about(one), words.STANDS[one.stand]) for one in listed], "form": form}
    return render(request, "authorities/glasses.html", shown, status=422 if form.errors else 200)


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def glass(request: HttpRequest, glass: str) -> HttpResponse:
    """Show one request; let another one agree, and who has asked look. Nothing that is behind it stands on a page that only shows it."""
    now, by = clock.now(), me(request)
    about = panes.request(glass=glass, account=by, now=now)
    seen = None
    if request.method == "POST":
        LIMITER.check(rate=GLASS_RATE, subject=by, now=now)
        if request.POST.get("act") == "agree":
            return _agree(request, about)
        seen = panes.look(glass=glass, account=by, now=now)
    shown = {"one": about, "about": _about(about), "stand": words.STANDS[about.stand], "seen": seen}
    if seen is not None:
        shown["columns"] = [words.COLUMNS[name] for name in seen.columns]
    return render(request, "authorities/glass.html", shown)


def _agree(request: HttpRequest, about: Seen) -> HttpResponse:
    """Agree with the passkey that was sent, or ask for one."""
    by, now, shown = me(request), clock.now(), passkey_in(request)
    if shown is None:
        question = panes.ask_agreement(glass=about.id, account=by, now=now)
        sentence = _("%(what)s. Reason: %(reason)s") % {"what": _about(about), "reason": about.reason}
        after = _("Whoever has asked may look for an hour. The public ledger and whom it concerns are told now.")
        if about.scope is Scope.LOG:
            after += " " + _("Of calls that are forgotten by then nobody knows whom they concerned: the older a log, the fewer are told.")
        here = reverse("staff_glass", args=[about.id])
        return confirmation(request, question=question, chosen={"act": "agree"}, sentence=sentence, after=after, back=here)
    panes.agree(glass=about.id, account=by, shown=shown, now=now)
    messages.success(request, _("You have agreed."))
    return redirect("staff_glass", about.id)


def _about(one: Seen) -> str:
    """Return what is looked at, in words: of an account only its number."""
    said = str(words.SCOPES[one.scope]) % {"target": one.target}
    return said if one.since is None or one.until is None else f"{said}, {words.period(start=one.since, end=one.until)}"

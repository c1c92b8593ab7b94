"""The pages of an organisation's domains, and of the directory in which its members find each other."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from conclave.accounts import directory as directories
from conclave.accounts import organisations
from conclave.accounts.challenge import Method, Outcome
from conclave.accounts.claim import ClaimExists, ClaimUnknown, check_now, claim_domain, withdraw
from conclave.accounts.claim_list import claims_of
from conclave.accounts.domain_forms import ClaimForm
from conclave.accounts.domains import DomainMalformed, DomainOfMail, DomainOfProvider, DomainShared
from conclave.accounts.policy import Act
from conclave.accounts.queries import me
from conclave.kernel import clock
from conclave.kernel.limits import LIMITER, Rate

CLAIM_RATE = Rate(name="domain_claim", burst=20, every_ms=clock.MINUTE)
CHECK_RATE = Rate(name="domain_check", burst=6, every_ms=20 * clock.SECOND)

FOUND = {
    Outcome.PROVED: gettext_lazy("The token is there."),
    Outcome.ABSENT: gettext_lazy("Nothing was found there. A new DNS record can take up to a day to be seen everywhere."),
    Outcome.OTHER: gettext_lazy("Something is there, but not this token. Compare it with what stands above, letter by letter."),
    Outcome.ALIAS: gettext_lazy("The record’s name is an alias (CNAME) of another name. Put the TXT record itself there."),
    Outcome.DISAGREE: gettext_lazy("One of the resolvers sees the record, another does not yet. Wait an hour, then check again."),
    Outcome.UNREACHABLE: gettext_lazy("There was no answer. Check that the domain works, then try again."),
    Outcome.ADDRESS: gettext_lazy("The domain leads to an address that is not on the public internet, so nothing was asked there."),
    Outcome.REDIRECT: gettext_lazy("The file’s address leads to another place. It has to be on this very host, over https."),
    Outcome.TOO_LONG: gettext_lazy("The file is longer than 4 KB."),
    Outcome.CERTIFICATE: gettext_lazy("The web server has no certificate for this domain that can be trusted."),
    Outcome.HELD: gettext_lazy("Another organisation has shown by DNS that this domain is its own. Only a DNS record can contest that."),
}


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def domains(request: HttpRequest, organisation: str) -> HttpResponse:
    """List the organisation's claims; make one; switch the directory."""
    own = organisations.belonging(organisation=organisation, account=me(request), act=Act.CLAIM_DOMAIN)
    switching = "directory" in request.POST
    form = ClaimForm(request.POST if request.method == "POST" and not switching else None)
    now = clock.now()
    if switching:
        on = request.POST["directory"] == "on"
        directories.switch_directory(organisation=organisation, account=me(request), on=on, now=now)
        messages.success(request, _("Members find each other.") if on else _("Nobody finds anybody in the directory any more."))
        return redirect("organisation_domains", organisation)
    if request.method == "POST" and form.is_valid():
        LIMITER.check(rate=CLAIM_RATE, subject=me(request), now=now)
        try:
            made = claim_domain(
                organisation=organisation,
                account=me(request),
                domain=form.cleaned_data["domain"],
                method=Method(form.cleaned_data["method"]),
                now=now,
            )
        except (DomainMalformed, DomainShared, DomainOfMail, DomainOfProvider, ClaimExists) as error:
            form.add_error("domain", error.text)
        else:
            return redirect("organisation_domain", organisation, made)
    shown = {
        "own": own,
        "form": form,
        "claims": claims_of(organisation=organisation, account=me(request), now=now),
        "place": directories.place(organisation=organisation, account=me(request), now=now),
    }
    return render(request, "organisations/domains.html", shown, status=422 if form.errors else 200)


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def domain(request: HttpRequest, organisation: str, claim: str) -> HttpResponse:
    """Show a claim with what has to be where; look for its token; take the claim back."""
    own = organisations.belonging(organisation=organisation, account=me(request), act=Act.CLAIM_DOMAIN)
    now = clock.now()
    if request.POST.get("act") == "check":
        LIMITER.check(rate=CHECK_RATE, subject=me(request), now=now)
        check_now(organisation=organisation, account=me(request), claim=claim, now=now)
        return redirect("organisation_domain", organisation, claim)
    if request.POST.get("act") == "remove":
        withdraw(organisation=organisation, account=me(request), claim=claim, now=now)
        messages.success(request, _("The claim is removed."))
        return redirect("organisation_domains", organisation)
    found = [one for one in claims_of(organisation=organisation, account=me(request), now=now) if one.claim == claim]
    if not found:
        raise ClaimUnknown
    outcome = FOUND[found[0].outcome] if found[0].outcome else ""
    return render(request, "organisations/domain.html", {"own": own, "claim": found[0], "outcome": outcome})


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def directory(request: HttpRequest, organisation: str) -> HttpResponse:
    """Let a member look for others, and decide whether they are found themselves."""
    if request.method == "POST":
        if request.POST.get("listed") not in {"yes", "no"}:
            raise Http404
        listed = request.POST["listed"] == "yes"
        directories.list_oneself(organisation=organisation, account=me(request), listed=listed)
        messages.success(request, _("Other members find you.") if listed else _("Nobody finds you in the directory any more."))
        return redirect("organisation_directory", organisation)
    own = organisations.belonging(organisation=organisation, account=me(request))
    now, words = clock.now(), request.GET.get("words", "")[: directories.LONGEST]
    entries, error = None, ""
    if words:
        for rate in directories.SEARCH_RATES:
            LIMITER.check(rate=rate, subject=me(request), now=now)
        try:
            entries = directories.search(organisation=organisation, account=me(request), text=words, now=now)
        except directories.SearchTooShort as refusal:
            error = refusal.text
    place = directories.place(organisation=organisation, account=me(request), now=now)
    most = directories.MOST_FOUND
    shown = {"own": own, "place": place, "words": words, "entries": entries, "error": error, "most": most}
    return render(request, "organisations/directory.html", shown, status=422 if error else 200)

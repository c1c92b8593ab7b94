"""The pages of sign-in by an organisation's provider: there and back, being asked, and the set-up."""

import time

from allauth.account.authentication import get_authentication_records
from allauth.account.decorators import reauthentication_required
from allauth.account.utils import perform_login
from django.contrib import messages
from django.contrib.auth import logout
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme, urlencode
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from conclave.accounts import organisations, provided, provider, sso
from conclave.accounts.directory import place
from conclave.accounts.models import User
from conclave.accounts.oidc import Fault
from conclave.accounts.policy import Act
from conclave.accounts.queries import VOUCHED, me
from conclave.accounts.questions import Answer
from conclave.accounts.questions import posted as posted_answer
from conclave.accounts.sso_forms import MetadataForm, OwnOrganisationForm, ProviderForm
from conclave.accounts.standing import OrganisationUnknown
from conclave.kernel import clock
from conclave.kernel.ids import UserId
from conclave.kernel.limits import LIMITER, Rate

# A school behind one address signs in within one minute.
TRIP_RATE = Rate(name="sso_trip", burst=300, every_ms=clock.SECOND)
SET_UP_RATE = Rate(name="sso_set_up", burst=20, every_ms=20 * clock.SECOND)
TRIPS, IDENTITY = "sso_trips", "sso_identity"
MOST_TRIPS = 5
# How long a session lasts that was made only to find the way back.
VISIT_SECONDS = 3600
FRESH_SECONDS = 300
LONGEST_CODE = 4096
HOME = "/meetings"

FAULTS = {
    Fault.UNREACHABLE: gettext_lazy("There was no answer, it was too long, or its certificate cannot be trusted."),
    Fault.ADDRESS: gettext_lazy("The address leads to a place that is not on the public internet, so nothing was asked there."),
    Fault.DISCOVERY: gettext_lazy("Below this address there is no description of a provider (/.well-known/openid-configuration)."),
    Fault.ISSUER: gettext_lazy("The provider names itself otherwise. Write its address exactly as it does."),
    Fault.CLIENT: gettext_lazy("The provider did not take the code: compare client id and client secret."),
    Fault.TOKEN: gettext_lazy("The provider gave no answer of the right form."),
    Fault.SIGNATURE: gettext_lazy("The answer is not signed by a key of the provider, or in a way that is not accepted here."),
    Fault.AUDIENCE: gettext_lazy("The answer is for another server."),
    Fault.EXPIRED: gettext_lazy("The answer is over, or not good yet: compare the clocks."),
    Fault.NONCE: gettext_lazy("The answer is to another question than ours."),
    Fault.SUBJECT: gettext_lazy("The provider does not say for good who the person is. By SAML it takes a persistent name id."),
    Fault.DENIED: gettext_lazy("The provider let nobody in."),
    Fault.ADDRESS_MISSING: gettext_lazy("The provider gives no e-mail address. Let it give “email” to this client."),
    Fault.ADDRESS_UNVERIFIED: gettext_lazy("The provider says itself that this e-mail address is not verified."),
}


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def start(request: HttpRequest) -> HttpResponse:
    """Ask for an address, and lead to the provider of whoever holds its domain; no account is looked up (SSO-7)."""
    # Whoever is signed in was sent here to show once more who they are (adapter.py).
    initial = {"next": request.GET.get("next", ""), "email": getattr(request.user, "email", "")}
    form = OwnOrganisationForm(request.POST if request.method == "POST" else None, initial=initial)
    if request.method == "POST" and form.is_valid():
        now, email = clock.now(), form.cleaned_data["email"]
        try:
            organisation = sso.organisation_of(address=email, now=now)
        except sso.SsoUnknown as error:
            form.add_error("email", error.text)
        else:
            goes_to = _own_page(form.cleaned_data["next"])
            purpose = sso.Purpose.AGAIN if request.user.is_authenticated else sso.Purpose.ENTER
            return _depart(request, organisation=organisation, purpose=purpose, hint=email, goes_to=goes_to)
    return render(request, "sso/start.html", {"form": form}, status=422 if form.errors else 200)


@never_cache
@require_GET
def back(request: HttpRequest, organisation: str) -> HttpResponseBase:
    """Take what the provider sent back, and sign in whom it shows."""
    now, given = clock.now(), request.GET
    trip = _taken(request, organisation=organisation, state=given.get("state", ""))
    answer = Answer(
        code=given.get("code", "")[:LONGEST_CODE],
        error=given.get("error", ""),
        issuer=given.get("iss"),
        arrival=given.get("arrival", "")[:LONGEST_CODE],
    )
    if trip.purpose is sso.Purpose.TRY:
        return _tried(request, trip=trip, answer=answer)
    identity = sso.arrive(trip=trip, answer=answer, now=now)
    user = sso.account_of(identity=identity, may_make=not request.user.is_authenticated, now=now)
    if user is None:
        request.session[IDENTITY] = {"identity": identity.kept(), "goes_to": trip.goes_to, "until": now + sso.TRIP_MS}
        return redirect("sso_link")
    if request.user.is_authenticated and request.user != user:
        logout(request)
    request.session[VOUCHED] = sso.vouched(identity=identity, trip=trip, account=UserId(user.pk), now=now)
    goes_to = _after(organisation=organisation, user=user, goes_to=trip.goes_to, now=now)
    response: HttpResponse = perform_login(request, user, email_verification="none", redirect_url=goes_to)
    return response


@never_cache
@csrf_exempt
@require_POST
def posted(request: HttpRequest, organisation: str) -> HttpResponse:
    """Take what a provider's page posts by SAML, and lead on to where the session says whose question it answers."""
    arrival = posted_answer(organisation=organisation, answer=request.POST.get("SAMLResponse", ""), now=clock.now())
    query = urlencode({"state": request.POST.get("RelayState", "")[:LONGEST_CODE], "arrival": arrival})
    return HttpResponse(status=303, headers={"Location": f"{reverse('sso_back', args=[organisation])}?{query}"})


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def link(request: HttpRequest) -> HttpResponseBase:
    """Ask whoever has an account, signed in by their own means, whether the provider may open it from now on (SSO-2)."""
    if not request.user.is_authenticated:
        identity, _goes_to = _waiting(request)
        return render(
            request, "sso/link.html", {"identity": identity, "organisation": provided.name_of(organisation=identity.organisation)}
        )
    response: HttpResponseBase = (_link if _is_fresh(request) else reauthentication_required(_link))(request)
    return response


def _link(request: HttpRequest) -> HttpResponse:
    """Ask, or do what was answered."""
    identity, goes_to = _waiting(request)
    user, now = _person(request), clock.now()
    if request.method == "POST":
        del request.session[IDENTITY]
        if request.POST.get("act") != "link":
            return redirect(goes_to or HOME)
        sso.link(identity=identity, account=me(request), now=now)
        messages.success(request, _("From now on your organisation’s sign-in opens this account too."))
        return redirect(_after(organisation=identity.organisation, user=user, goes_to=goes_to, now=now))
    return render(request, "sso/link.html", {"identity": identity, "organisation": provided.name_of(organisation=identity.organisation)})


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def welcome(request: HttpRequest, organisation: str) -> HttpResponse:
    """Offer somebody who came from an organisation's provider to belong; nobody belongs without saying so."""
    now = clock.now()
    name = provided.offered(organisation=organisation, account=me(request), now=now)
    if request.method == "POST":
        provided.join(organisation=organisation, account=me(request), now=now)
        messages.success(request, _("You belong to it now."))
        return redirect(_own_page(request.POST.get("next", "")) or reverse("organisation", args=[organisation]))
    goes_to = _own_page(request.GET.get("next", ""))
    return render(request, "sso/welcome.html", {"name": name, "goes_to": goes_to, "home": goes_to or HOME})


@login_required
@reauthentication_required  # type: ignore[untyped-decorator] # allauth ships no types
@require_http_methods(["GET", "HEAD", "POST"])
def untie(request: HttpRequest, identity: str) -> HttpResponse:
    """Take an identity away from one's account; whoever comes back from showing who they are presses again."""
    if request.method != "POST":
        return redirect("account")
    provided.untie(user=_person(request), identity=identity, now=clock.now())
    messages.success(request, _("It opens your account no more."))
    return redirect("account")


@never_cache
@sensitive_post_parameters("secret")
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def set_up(request: HttpRequest, organisation: str) -> HttpResponse:
    """Write down the organisation's provider; try it, switch it on or off, remove it."""
    own = organisations.belonging(organisation=organisation, account=me(request), act=Act.SET_UP_SIGN_IN)
    act, now = request.POST.get("act", ""), clock.now()
    there = provider.provider_of(organisation=organisation, account=me(request))
    initial = {"issuer": there.issuer, "client_id": there.client_id} if there and there.client_id else {}
    form = ProviderForm(request.POST if act == "save" else None, initial=initial)
    saml = MetadataForm(request.POST if act == "save_saml" else None)
    used = saml if act == "save_saml" else form
    if request.method == "POST":
        LIMITER.check(rate=SET_UP_RATE, subject=me(request), now=now)
        if act == "try":
            return _try(request, organisation=organisation)
        if act in {"save", "save_saml"} and used.is_valid():
            try:
                write = provider.set_up if act == "save" else provider.set_up_saml
                write(organisation=organisation, account=me(request), **used.cleaned_data, now=now)
            except provider.SsoSetUpForbidden as error:
                used.add_error(None, error.text)
            else:
                messages.success(request, _("It is written down. Try it, then switch it on."))
                return redirect("organisation_sign_in", organisation)
        elif act not in {"save", "save_saml"}:
            return _change(request, organisation=organisation, act=act, now=now)
    shown = {
        "own": own,
        "form": form,
        "provider": there,
        "saml": saml,
        "saml_place": provider.saml_place(organisation=organisation),
        "redirect_uri": provider.redirect_uri(organisation=organisation),
        "domains": place(organisation=organisation, account=me(request), now=now).domains,
    }
    return render(request, "sso/set_up.html", shown, status=422 if used.errors else 200)


def _change(request: HttpRequest, *, organisation: str, act: str, now: int) -> HttpResponse:
    """Do what was pressed about a provider that is written down."""
    if act == "remove":
        provider.remove(organisation=organisation, account=me(request), now=now)
        messages.success(request, _("The sign-in is removed, with its secret."))
    elif act in {"on", "off"}:
        provider.switch(organisation=organisation, account=me(request), on=act == "on", now=now)
        said = _("People sign in by it from now on.") if act == "on" else _("Nobody signs in by it any more.")
        messages.success(request, said)
    return redirect("organisation_sign_in", organisation)


def _try(request: HttpRequest, *, organisation: str) -> HttpResponse:
    """Go to the provider to see whether the set-up works; what is wrong is said."""
    try:
        return _depart(request, organisation=organisation, purpose=sso.Purpose.TRY, hint="", goes_to="")
    except (sso.SsoUnreachable, sso.SsoAnswerInvalid) as error:
        return _fault(request, organisation=organisation, error=error)


def _tried(request: HttpRequest, *, trip: sso.Trip, answer: Answer) -> HttpResponse:
    """Show what the provider said, to whoever may set it up, and sign nobody in."""
    if not request.user.is_authenticated:
        raise sso.SsoAnswerUnknown
    now = clock.now()
    own = organisations.belonging(organisation=trip.organisation, account=me(request), act=Act.SET_UP_SIGN_IN)
    try:
        identity = sso.arrive(trip=trip, answer=answer, now=now)
    except (sso.SsoUnreachable, sso.SsoAnswerInvalid) as error:
        return _fault(request, organisation=trip.organisation, error=error)
    provider.note_tried(organisation=trip.organisation, account=me(request), changed_at=trip.changed_at, now=now)
    covered = sso.is_covered(identity=identity, now=now)
    return render(request, "sso/tried.html", {"own": own, "identity": identity, "covered": covered, "fault": ""})


def _fault(request: HttpRequest, *, organisation: str, error: sso.SsoUnreachable | sso.SsoAnswerInvalid) -> HttpResponse:
    """Say what is wrong with a set-up."""
    own = organisations.belonging(organisation=organisation, account=me(request), act=Act.SET_UP_SIGN_IN)
    fault = FAULTS[error.fault] if error.fault else error.text
    return render(request, "sso/tried.html", {"own": own, "fault": fault, "code": error.fault or error.code}, status=422)


def _depart(request: HttpRequest, *, organisation: str, purpose: sso.Purpose, hint: str, goes_to: str) -> HttpResponse:
    """Keep in the session what the way back needs, and lead on; a form may not lead to another site, so that a page does."""
    address, trip = sso.depart(organisation=organisation, purpose=purpose, hint=hint, goes_to=goes_to, now=clock.now())
    trips = dict(list(request.session.get(TRIPS, {}).items())[1 - MOST_TRIPS :])
    request.session[TRIPS] = {**trips, str(trip.question["state"]): trip.kept()}
    if not request.user.is_authenticated:
        request.session.set_expiry(VISIT_SECONDS)
    return render(request, "sso/go.html", {"address": address, "host": address.split("/")[2]})


def _taken(request: HttpRequest, *, organisation: str, state: str) -> sso.Trip:
    """Return the trip that an answer ends, once: of this browser, and of this organisation's provider (SSO-4)."""
    trips = dict(request.session.get(TRIPS, {}))
    kept = trips.pop(state, None)
    if kept is None:
        raise sso.SsoAnswerUnknown
    request.session[TRIPS] = trips
    if kept["organisation"] != organisation:
        raise sso.SsoAnswerUnknown
    return sso.Trip(**{**kept, "purpose": sso.Purpose(kept["purpose"])})


def _waiting(request: HttpRequest) -> tuple[sso.Identity, str]:
    """Return the identity about which somebody has to be asked, and the page they wanted."""
    kept = request.session.get(IDENTITY)
    if kept is None or clock.now() > kept["until"]:
        raise sso.SsoAnswerUnknown
    return sso.Identity(**kept["identity"]), kept["goes_to"]


def _after(*, organisation: str, user: User, goes_to: str, now: int) -> str:
    """Return the page after signing in: the offer to belong, where there is one."""
    try:
        provided.offered(organisation=organisation, account=UserId(user.pk), now=now)
    except OrganisationUnknown:
        return goes_to or HOME
    return f"{reverse('organisation_welcome', args=[organisation])}?{urlencode({'next': goes_to})}"


def _own_page(raw: str) -> str:
    """Return an address if it is a page of ours, else nothing: a path, wherever browsers would take it (SSO-9)."""
    inside = raw.startswith("/") and raw.isprintable() and "\\" not in raw and url_has_allowed_host_and_scheme(raw, allowed_hosts=None)
    return raw if inside else ""


def _is_fresh(request: HttpRequest) -> bool:
    """Tell whether somebody showed by their own means within the last minutes who they are."""
    records = get_authentication_records(request, _person(request))
    return any(time.time() - record["at"] < FRESH_SECONDS for record in records)


def _person(request: HttpRequest) -> User:
    """Return who is signed in."""
    assert isinstance(request.user, User)  # noqa: S101 - asked before
    return request.user

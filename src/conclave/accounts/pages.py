"""The account pages that allauth does not have."""

import ipaddress
from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec
from urllib.parse import urlsplit

from allauth.account.adapter import get_adapter
from allauth.account.decorators import reauthentication_required
from allauth.account.internal.flows.reauthentication import is_reauthentication_required
from allauth.account.utils import perform_login
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.contrib.auth.views import redirect_to_login
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from conclave.accounts.address import ask_address, asked_address, confirm_address
from conclave.accounts.devices import described, devices_of, end_device, end_other_devices
from conclave.accounts.factors import factors_of
from conclave.accounts.forms import AccountForm, AddressForm, EmailForm, NameForm, OwnerForm
from conclave.accounts.keyring import read_keyring
from conclave.accounts.models import User
from conclave.accounts.owner import OwnerLinkForAnother, use_owner_link
from conclave.accounts.people import rename
from conclave.accounts.provided import identities_of
from conclave.accounts.queries import signed_in_by
from conclave.accounts.sign_up import ask_account, make_account, proven_address
from conclave.accounts.staff import is_staff
from conclave.kernel import clock
from conclave.kernel.ids import UserId
from conclave.kernel.limits import LIMITER, Rate

P = ParamSpec("P")
View = Callable[Concatenate[HttpRequest, P], HttpResponseBase]

OWNER_RATE = Rate(name="owner", burst=10, every_ms=30 * clock.SECOND)
# A school behind one address may make its accounts in one lesson, and sign in at once.
SIGN_UP_RATE = Rate(name="sign_up", burst=60, every_ms=10 * clock.SECOND)
PASSKEY_RATE = Rate(name="passkey_asked", burst=120, every_ms=clock.SECOND)


def limited(rate: Rate, *, looking: bool = False) -> Callable[[View[P]], View[P]]:
    """Return a decorator that counts what is sent to a page by the visitor's address; with `looking`, also that it is asked for."""

    def decorate(view: View[P]) -> View[P]:
        # What others noted on the view stays noted, such as that it takes forms from elsewhere.
        @wraps(view)
        def counted(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
            if looking or request.method == "POST":
                LIMITER.check(rate=rate, subject=LIMITER.visitor_key(request), now=clock.now())
            return view(request, *args, **kwargs)

        return counted

    return decorate


def where(setting: str) -> Callable[[View[P]], View[P]]:
    """Return a decorator for pages that exist only where the operator set this."""

    def decorate(view: View[P]) -> View[P]:
        def offered(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
            if not getattr(settings.CONCLAVE, setting):
                raise Http404
            return view(request, *args, **kwargs)

        return offered

    return decorate


def shown_again(view: View[P]) -> View[P]:
    """Return the view for whoever showed once more who they are; unlike allauth's own decorator it keeps nothing of what was sent."""

    @wraps(view)
    @login_required
    def asked(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        if is_reauthentication_required(request, app=""):
            return redirect_to_login(request.get_full_path(), get_adapter().get_reauthentication_methods(request.user)[0]["url"])
        return view(request, *args, **kwargs)

    return asked


@never_cache
@sensitive_post_parameters()
@limited(OWNER_RATE)
@require_http_methods(["GET", "HEAD", "POST"])
def owner(request: HttpRequest) -> HttpResponse:
    """Make the owner's account from a one-time link, sign in, and go to the meetings."""
    form = OwnerForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        fields = {name: form.cleaned_data[name] for name in ("token", "email", "name", "password")}
        try:
            user = use_owner_link(**fields, now=clock.now())
        except OwnerLinkForAnother as error:
            form.add_error("email", error.text)
        else:
            return _signed_in(request, user)
    return render(request, "accounts/owner.html", {"form": form}, status=422 if form.errors else 200)


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def account(request: HttpRequest) -> HttpResponse:
    """Show a person everything about their own account; what is sent is a new name."""
    user = _person(request)
    form = NameForm(request.POST or None, initial={"name": user.name})
    if request.method == "POST" and form.is_valid():
        rename(user=user, name=form.cleaned_data["name"], now=clock.now())
        messages.success(request, _("Your name is changed."))
        return redirect("account")
    kept = read_keyring(account=UserId(user.pk))
    factors = factors_of(user=user)
    context = {
        "form": form,
        "factors": factors,
        "identities": identities_of(account=UserId(user.pk)),
        "signed_in_by": signed_in_by(request),
        "devices": devices_of(user=user, current=request.session.session_key or ""),
        "mail": bool(settings.CONCLAVE.mail),
        "staff": is_staff(account=UserId(user.pk)),
        "passkeys_possible": _passkeys_possible(),
        "keyring": kept,
        "unopened": kept and len(factors.passkeys) - sum(one.credential is not None for one in kept.openers),
    }
    return render(request, "accounts/account.html", context, status=422 if form.errors else 200)


@never_cache
@login_required
@require_safe
def keyring(request: HttpRequest) -> HttpResponse:
    """Show the page that opens the person's keyring; everything that opens it stays in the browser."""
    device = described(agent=request.headers.get("User-Agent", "")) or _("Unknown browser")
    return render(request, "accounts/keyring.html", {"passkeys_possible": _passkeys_possible(), "device": device})


@login_required
@require_POST
def end_one_device(request: HttpRequest, device: int) -> HttpResponse:
    """Sign one device out."""
    end_device(user=_person(request), device=device, now=clock.now())
    messages.success(request, _("That device is signed out."))
    return redirect("account")


@login_required
@require_POST
def end_devices(request: HttpRequest) -> HttpResponse:
    """Sign every other device out."""
    end_other_devices(user=_person(request), current=request.session.session_key or "", now=clock.now())
    messages.success(request, _("All other devices are signed out."))
    return redirect("account")


@where("mail")
@never_cache
@login_required
@reauthentication_required  # type: ignore[untyped-decorator] # allauth ships no types
@require_http_methods(["GET", "HEAD", "POST"])
def address(request: HttpRequest) -> HttpResponse:
    """Ask for another e-mail address; the answer is the same whether the new one has an account or not."""
    user = _person(request)
    form = AddressForm(request.POST or None, initial={"now": user.email})
    if request.method == "POST" and form.is_valid():
        ask_address(user=user, address=form.cleaned_data["email"], now=clock.now())
        messages.info(request, _("A mail is on its way to the new address. Open its link within a day; until then nothing changes."))
        return redirect("account")
    return render(request, "accounts/address.html", {"form": form}, status=422 if form.errors else 200)


@where("mail")
@never_cache
@limited(SIGN_UP_RATE)
@require_http_methods(["GET", "HEAD", "POST"])
def address_confirm(request: HttpRequest, token: str) -> HttpResponse:
    """Give an account the address at which this link was read."""
    now = clock.now()
    new = asked_address(token=token, now=now)
    if request.method == "POST":
        confirm_address(token=token, now=now)
        messages.success(request, _("Your account has its new address."))
        return redirect("account")
    return render(request, "accounts/address_confirm.html", {"address": new})


@where("sign_up")
@never_cache
@limited(SIGN_UP_RATE)
@require_http_methods(["GET", "HEAD", "POST"])
def sign_up(request: HttpRequest) -> HttpResponse:
    """Ask for an account; the answer is the same whether the address has one already or not."""
    form = EmailForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        ask_account(email=form.cleaned_data["email"], now=clock.now())
        return render(request, "accounts/sign_up_sent.html", {"address": form.cleaned_data["email"]})
    return render(request, "accounts/sign_up.html", {"form": form}, status=422 if form.errors else 200)


@where("sign_up")
@never_cache
@sensitive_post_parameters()
@limited(SIGN_UP_RATE)
@require_http_methods(["GET", "HEAD", "POST"])
def sign_up_finish(request: HttpRequest, token: str) -> HttpResponse:
    """Make the account of whoever read the mail, sign in, and go to the meetings."""
    now = clock.now()
    email = proven_address(token=token, now=now)
    form = AccountForm(request.POST or None, initial={"email": email})
    if request.method == "POST" and form.is_valid():
        made = make_account(token=token, name=form.cleaned_data["name"], password=form.cleaned_data["password"], now=now)
        return _signed_in(request, made)
    return render(request, "accounts/sign_up_finish.html", {"form": form, "address": email}, status=422 if form.errors else 200)


def _signed_in(request: HttpRequest, user: User) -> HttpResponse:
    """Sign a person in and lead them to their meetings."""
    response: HttpResponse = perform_login(request, user, email_verification="none", redirect_url="/meetings")
    return response


def _person(request: HttpRequest) -> User:
    """Return who is signed in."""
    assert isinstance(request.user, User)  # noqa: S101 - login_required
    return request.user


def _passkeys_possible() -> bool:
    """Tell whether this server is reached by a name: browsers bind no passkey to an IP address."""
    try:
        ipaddress.ip_address(urlsplit(settings.CONCLAVE.public_url).hostname or "")
    except ValueError:
        return True
    return False

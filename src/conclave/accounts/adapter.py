"""Where allauth's defaults are not ours."""

import io
import ipaddress
from typing import Any

import segno
from allauth.account import app_settings
from allauth.account.adapter import DefaultAccountAdapter
from allauth.core import context
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.mfa.adapter import DefaultMFAAdapter
from django.contrib import messages
from django.contrib.auth.views import redirect_to_login
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from conclave.accounts import mail
from conclave.accounts.assertion import server_host
from conclave.accounts.models import User
from conclave.accounts.organisations import news
from conclave.accounts.queries import vouched_at
from conclave.accounts.sealed import seal, unseal
from conclave.kernel import clock
from conclave.kernel.ids import UserId
from conclave.kernel.limits import LIMITER
from conclave.transparency.journal import journal

FACTORS = "second-factors"
AGAIN_MS = app_settings.REAUTHENTICATION_TIMEOUT * clock.SECOND
WORDS = {
    "incorrect_code": _("This does not fit. A code of the app is good for half a minute, a recovery code for one time."),
    "incorrect_password": _("This is not your password."),
    "email_password_mismatch": _("The address or the password is not right."),
    "too_many_login_attempts": _("That was too often. Wait a few minutes, then try again."),
    "rate_limited": _("That was too often. Wait a few minutes, then try again."),
}


class Adapter(DefaultAccountAdapter):  # type: ignore[misc] # allauth ships no types
    """Sign-up is not allauth's, rates know an address only by a keyed pseudonym, and a password does not stand in for a second factor."""

    error_messages = {**DefaultAccountAdapter.error_messages, **WORDS}

    def is_open_for_signup(self, request: HttpRequest) -> bool:  # noqa: ARG002 - allauth's signature
        """Accounts come from the owner link or by accounts/sign_up.py."""
        return False

    def get_client_ip(self, request: HttpRequest) -> str:
        """Return a pseudonym of the peer's address, in the form of an address because allauth's tables and rates expect one."""
        pseudonym = bytes.fromhex(LIMITER.visitor_key(request))
        return str(ipaddress.IPv6Address(b"\xfd" + pseudonym[:15]))

    def get_password_change_redirect_url(self, request: HttpRequest) -> str:  # noqa: ARG002 - allauth's signature
        """Go back to the account."""
        return reverse("account")

    def get_reauthentication_methods(self, user: User) -> list[dict[str, Any]]:
        """Ask for a second factor again where there is one, a passkey before a code; else for the password."""
        found = {method["id"]: method for method in super().get_reauthentication_methods(user)}
        stronger = [found[name] for name in ("mfa_reauthenticate:webauthn", "mfa_reauthenticate") if name in found]
        words = {"mfa_reauthenticate:webauthn": _("Use a passkey"), "mfa_reauthenticate": _("Use a code")}
        return [{**method, "description": words[method["id"]]} for method in stronger] or list(found.values())

    def is_reauthentication_required(self, *, app: str, **_kwargs: object) -> bool:  # noqa: ARG002 - allauth's signature
        """Ask again whoever has nothing of their own to show, too: by the provider that opens the account (SSO-11)."""
        request = context.request
        if not self.get_reauthentication_methods(request.user) and clock.now() - vouched_at(request) >= AGAIN_MS:
            raise ImmediateHttpResponse(redirect_to_login(request.get_full_path(), reverse("sso_start")))
        return True

    def send_notification_mail(self, template_prefix: str, user: User, *_args: object, **_kwargs: object) -> None:
        """Write into the journal what allauth changed about an account, and tell its person."""
        change, now = template_prefix.rpartition("/")[2], clock.now()
        with transaction.atomic():
            journal(kind=change, fields={"account": user.pk}, now=now)
            mail.send(to=user.email, what="account_changed", facts={"change": change}, now=now)

    def post_login(self, request: HttpRequest, user: User, **given: Any) -> HttpResponse:  # noqa: ANN401 - allauth's, passed on as given
        """Tell whoever signs in of which organisations they were taken out meanwhile."""
        for sentence in news(account=UserId(user.pk), now=clock.now()):
            messages.warning(request, sentence)
        # It may have been made for a visit only (sso_pages.py).
        request.session.set_expiry(None)
        response: HttpResponse = super().post_login(request, user, **given)
        return response


class FactorAdapter(DefaultMFAAdapter):  # type: ignore[misc] # allauth ships no types
    """Second factors: sealed in the database, bound to the address that people type."""

    error_messages = {**DefaultMFAAdapter.error_messages, **WORDS}

    def encrypt(self, text: str) -> str:
        """Seal what codes are computed from: a copy of the database alone makes none."""
        return seal(kind=FACTORS, text=text)

    def decrypt(self, encrypted_text: str) -> str:
        """Open what encrypt() sealed."""
        return unseal(kind=FACTORS, text=encrypted_text)

    def get_totp_issuer(self) -> str:
        """Return what the authenticator app shows beside the address."""
        return f"Conclave {server_host()}"

    def build_totp_svg(self, url: str) -> str:
        """Return the picture that the app photographs, dark on light in both colour schemes."""
        picture = io.BytesIO()
        segno.make(url, error="m").save(picture, kind="svg", scale=5, border=4, dark="#000", light="#fff")
        return picture.getvalue().decode()

    def get_public_key_credential_rp_entity(self) -> dict[str, str]:
        """Return the name that passkeys are bound to: the one that the operator set, whatever a request claims."""
        return {"id": server_host(), "name": "Conclave"}

    def get_public_key_credential_user_entity(self, user: User) -> dict[str, Any]:
        """Return what the browser shows when it asks which passkey to use."""
        return {**super().get_public_key_credential_user_entity(user), "display_name": user.get_short_name()}

    def generate_authenticator_name(self, user: User, type: object) -> str:  # noqa: A002, ARG002 - allauth's signature
        """Propose a name for a new passkey; what tells them apart is the device, which only the person knows."""
        return gettext("My passkey")

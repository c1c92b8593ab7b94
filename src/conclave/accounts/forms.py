"""Forms of the account pages."""

from collections.abc import Iterable
from typing import Any

from allauth.mfa.webauthn.forms import AddWebAuthnForm, AuthenticateWebAuthnForm, LoginWebAuthnForm, ReauthenticateWebAuthnForm
from django import forms
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _
from fido2.webauthn import AuthenticationResponse, RegistrationResponse

from conclave.accounts.models import User
from conclave.accounts.names import shown_line
from conclave.accounts.scopes import Scope, labels
from conclave.accounts.tokens import DAYS, LONGEST_NAME

LONGEST_PASSWORD = 1024


class NameForm(forms.Form):
    """What to call a person."""

    name = forms.CharField(label=_("Your name"), max_length=64, widget=forms.TextInput(attrs={"autocomplete": "name"}))

    def clean_name(self) -> str:
        """Refuse characters that cannot be seen or that turn the text around."""
        name = shown_line(raw=str(self.cleaned_data["name"]), longest=64)
        if name is None:
            raise ValidationError(_("This name has characters that cannot be shown."), code="name_forbidden")
        return name


class AccountForm(NameForm):
    """Who a new person is and with which password they sign in; their address is a field or known already (`initial`)."""

    password = forms.CharField(
        label=_("Password"),
        help_text=_("At least 12 characters."),
        strip=False,
        max_length=LONGEST_PASSWORD,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )
    password_again = forms.CharField(
        label=_("Password, once more"),
        strip=False,
        max_length=LONGEST_PASSWORD,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )

    def clean(self) -> dict[str, Any]:
        """Check the password against the person's other answers."""
        data = super().clean() or {}
        password = data.get("password")
        if password and "password_again" in data and data["password_again"] != password:
            self.add_error("password_again", ValidationError(_("The two passwords differ."), code="password_mismatch"))
        if password:
            email = data.get("email", self.initial.get("email", ""))
            try:
                validate_password(password, user=User(email=email, name=data.get("name", "")))
            except ValidationError as error:
                self.add_error("password", error)
        return data


class EmailForm(forms.Form):
    """An e-mail address."""

    email = forms.EmailField(label=_("Your e-mail address"), max_length=254, widget=forms.EmailInput(attrs={"autocomplete": "email"}))

    def clean_email(self) -> str:
        """Compare addresses in lower case."""
        return str(self.cleaned_data["email"]).lower()


class AddressForm(EmailForm):
    """Another e-mail address for the person of `initial`."""

    def clean_email(self) -> str:
        """Refuse the one they have."""
        email = super().clean_email()
        if email == self.initial.get("now"):
            raise ValidationError(_("This is your address already."), code="address_same")
        return email


class OwnerForm(AccountForm, EmailForm):
    """Who the owner is; the token comes out of the link's fragment."""

    token = forms.CharField(max_length=64, widget=forms.HiddenInput)
    field_order = ("token", "name", "email", "password", "password_again")


class PasskeyField(forms.JSONField):
    """What a browser says of a passkey, well-formed; what it proves is for allauth to judge, which expects nothing else."""

    widget = forms.HiddenInput

    def __init__(self, *, kind: type[AuthenticationResponse | RegistrationResponse]) -> None:
        super().__init__()
        self._kind = kind

    def to_python(self, value: Any) -> Any:  # noqa: ANN401 - Django's signature
        """Refuse whatever the library that reads it stumbles over, however it does: a stranger wrote it."""
        said = super().to_python(value)
        try:
            self._kind.from_dict(said)
        except Exception:  # noqa: BLE001 - KeyError, TypeError, struct.error, …: as many as there are ways to be wrong
            raise ValidationError(_("The browser gave no passkey. Try again."), code="incorrect_code") from None
        return said


class SignInPasskeyForm(LoginWebAuthnForm):  # type: ignore[misc] # allauth ships no types
    """A passkey instead of address and password."""

    credential = PasskeyField(kind=AuthenticationResponse)


class SecondPasskeyForm(AuthenticateWebAuthnForm):  # type: ignore[misc] # allauth ships no types
    """A passkey after the password."""

    credential = PasskeyField(kind=AuthenticationResponse)


class AgainPasskeyForm(ReauthenticateWebAuthnForm):  # type: ignore[misc] # allauth ships no types
    """A passkey once more, before something dangerous."""

    credential = PasskeyField(kind=AuthenticationResponse)


class PasskeyForm(AddWebAuthnForm):  # type: ignore[misc] # allauth ships no types
    """A new passkey and what to call it; every one of ours can sign in by itself, so there is nothing to choose."""

    credential = PasskeyField(kind=RegistrationResponse)
    name = forms.CharField(label=_("A name for it, such as the device it is on"), max_length=64, required=False)
    passwordless = None


class TokenForm(forms.Form):
    """A token for a program: what to call it, what it may do, and for how long."""

    name = forms.CharField(
        label=_("What it is for"),
        help_text=_("Such as the program that uses it, and where. 1 to 64 characters."),
        max_length=LONGEST_NAME,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    scopes = forms.MultipleChoiceField(label=_("What it may do"), widget=forms.CheckboxSelectMultiple)
    days = forms.TypedChoiceField(
        label=_("Good for"),
        help_text=_("A token that has been forgotten somewhere should not be good for long."),
        coerce=int,
        initial=30,
    )

    def __init__(self, *args: Any, scopes: Iterable[Scope], **kwargs: Any) -> None:  # noqa: ANN401 - passed on as given
        """Offer what whoever makes it may give."""
        super().__init__(*args, **kwargs)
        chosen = tuple(scopes)
        self.fields["scopes"].choices = list(zip(chosen, labels(chosen), strict=True))  # type: ignore[attr-defined] # a ChoiceField's
        days = [(number, _("%(number)s days") % {"number": number}) for number in DAYS]
        self.fields["days"].choices = days  # type: ignore[attr-defined] # a ChoiceField's

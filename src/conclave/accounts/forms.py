"""Forms of the account pages."""

from typing import Any

from django import forms
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from conclave.accounts.models import User
from conclave.accounts.names import shown_line


class OwnerForm(forms.Form):
    """Who the owner is; the token comes out of the link's fragment."""

    token = forms.CharField(max_length=64, widget=forms.HiddenInput)
    name = forms.CharField(label=_("Your name"), max_length=64, widget=forms.TextInput(attrs={"autocomplete": "name"}))
    email = forms.EmailField(label=_("Your e-mail address"), max_length=254, widget=forms.EmailInput(attrs={"autocomplete": "username"}))
    password = forms.CharField(
        label=_("Password"),
        help_text=_("At least 12 characters."),
        strip=False,
        max_length=1024,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )
    password_again = forms.CharField(
        label=_("Password, once more"),
        strip=False,
        max_length=1024,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )

    def clean_name(self) -> str:
        """Refuse characters that cannot be seen or that turn the text around."""
        name = shown_line(raw=str(self.cleaned_data["name"]), longest=64)
        if name is None:
            raise ValidationError(_("This name has characters that cannot be shown."), code="name_forbidden")
        return name

    def clean_email(self) -> str:
        """Compare addresses in lower case."""
        return str(self.cleaned_data["email"]).lower()

    def clean(self) -> dict[str, Any]:
        """Check the password against the person's other answers."""
        data = super().clean() or {}
        password = data.get("password")
        if password and "password_again" in data and data["password_again"] != password:
            self.add_error("password_again", ValidationError(_("The two passwords differ."), code="password_mismatch"))
        if password:
            try:
                validate_password(password, user=User(email=data.get("email", ""), name=data.get("name", "")))
            except ValidationError as error:
                self.add_error("password", error)
        return data

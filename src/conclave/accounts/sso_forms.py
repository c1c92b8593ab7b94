"""Forms of sign-in by an organisation's provider."""

from django import forms
from django.utils.translation import gettext_lazy as _

from conclave.accounts.oidc import LONGEST_ISSUER
from conclave.accounts.provider import LONGEST_CLIENT, LONGEST_SECRET
from conclave.accounts.saml import MOST_BYTES

_PLAIN = {"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"}


class OwnOrganisationForm(forms.Form):
    """By whose provider somebody signs in: their address says it."""

    email = forms.CharField(
        label=_("E-mail address at your organisation"), max_length=254, widget=forms.EmailInput(attrs={"autocomplete": "username"})
    )
    next = forms.CharField(max_length=2000, required=False, widget=forms.HiddenInput)


class MetadataForm(forms.Form):
    """A provider by SAML, as it describes itself."""

    metadata = forms.CharField(
        label=_("Metadata of the provider (XML)"), max_length=MOST_BYTES, widget=forms.Textarea(attrs={**_PLAIN, "rows": "6"})
    )


class ProviderForm(forms.Form):
    """An identity provider as its operator hands it out."""

    issuer = forms.CharField(
        label=_("Address of the provider (issuer)"),
        help_text=_("As it names itself, such as https://login.example.org/realms/school, letter by letter."),
        max_length=LONGEST_ISSUER,
        widget=forms.TextInput(attrs={**_PLAIN, "inputmode": "url"}),
    )
    client_id = forms.CharField(label=_("Client id"), max_length=LONGEST_CLIENT, widget=forms.TextInput(attrs=_PLAIN))
    secret = forms.CharField(
        label=_("Client secret"),
        help_text=_("It is sealed and shown to nobody. Empty keeps the one that is there."),
        max_length=LONGEST_SECRET,
        required=False,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "off"}),
    )

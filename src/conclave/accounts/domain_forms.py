"""Forms of the pages about domains and the directory."""

from django import forms
from django.utils.translation import gettext_lazy as _

from conclave.accounts.challenge import Method


class ClaimForm(forms.Form):
    """Which domain, and where its token will stand."""

    domain = forms.CharField(
        label=_("Domain"),
        help_text=_("What stands behind the @ of your addresses, such as example.org."),
        max_length=300,
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false", "inputmode": "url"}),
    )
    method = forms.ChoiceField(
        label=_("How to show that it is yours"),
        help_text=_("DNS counts for more: nobody else can contest it by a web server."),
        choices=[(Method.DNS.value, _("A TXT record in DNS")), (Method.WEB.value, _("A file on its web server"))],
        initial=Method.DNS.value,
    )

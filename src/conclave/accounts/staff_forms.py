"""Forms of the staff's pages."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from conclave.accounts.staff import LABELS
from conclave.accounts.staff_policy import GIVEN
from conclave.kernel.territories import CODES, territories


def countries() -> list[tuple[str, str]]:
    """Return all territories in the reader's language, after nothing."""
    return [("", "—"), *territories(language=get_language() or "en")]


class GrantForm(forms.Form):
    """Whom to give a role, and which."""

    address = forms.CharField(
        label=_("E-mail address of the account"), max_length=254, widget=forms.EmailInput(attrs={"autocomplete": "off"})
    )
    role = forms.ChoiceField(label=_("Role"), choices=[(role.value, LABELS[role]) for role in GIVEN])


def codes(text: str) -> tuple[str, ...]:
    """Return the codes of countries in a text, in any case, each once.

    Raises:
        ValidationError: there is no such country.
    """
    found = sorted({*text.upper().replace(",", " ").split()})
    unknown = [code for code in found if code not in CODES]
    if unknown:
        raise ValidationError(_("No country has this code: %(codes)s"), params={"codes": " ".join(unknown)})
    return tuple(found)


class CountriesForm(forms.Form):
    """In which countries the staff has to work."""

    countries = forms.CharField(
        label=_("Countries in which staff works"),
        required=False,
        max_length=750,
        help_text=_("Codes of countries, with spaces between them, such as FR DE. Empty for anywhere."),
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )

    def clean_countries(self) -> tuple[str, ...]:
        """Take codes in any case, each once."""
        return codes(str(self.cleaned_data["countries"]))


class PlaceForm(forms.Form):
    """Where somebody works, and in whose matters they take no part."""

    work_country = forms.ChoiceField(
        label=_("Country of work"), required=False, help_text=_("Nobody approves a measure for the country they work in.")
    )
    recused = forms.CharField(
        label=_("Takes no part in matters of"),
        required=False,
        max_length=750,
        help_text=_("Codes of countries, with spaces between them, such as FR DE."),
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - passed on as given
        super().__init__(*args, **kwargs)
        self.fields["work_country"].choices = countries()  # type: ignore[attr-defined] # a ChoiceField's

    def clean_recused(self) -> tuple[str, ...]:
        """Take codes in any case, each once."""
        return codes(str(self.cleaned_data["recused"]))

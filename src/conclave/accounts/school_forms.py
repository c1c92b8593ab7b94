"""Forms of schools: what an organisation says of itself, whom its members turn to, its roster, and what a reviewer decides."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from conclave.accounts.roster import LARGEST_BYTES
from conclave.accounts.school import LONGEST_CONTACT, LONGEST_EVIDENCE, LONGEST_NAME, LONGEST_REASON
from conclave.accounts.schooling import LONGEST_REGISTRY, Verdict
from conclave.accounts.staff_forms import countries


class ContactForm(forms.Form):
    """Whom members turn to who are worried."""

    contact_name = forms.CharField(
        label=_("Safeguarding contact"),
        help_text=_("Who listens to pupils, parents and teachers who are worried. All members read the name."),
        max_length=LONGEST_NAME,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    contact = forms.CharField(
        label=_("How to reach them"),
        help_text=_("A telephone number, an e-mail address, a room."),
        max_length=LONGEST_CONTACT,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )


class ApplyForm(ContactForm):
    """What an organisation says of itself as a school."""

    country = forms.ChoiceField(label=_("Country of the school"))
    registry = forms.CharField(
        label=_("Number in the register of schools"),
        help_text=_("In France the UAI, in the United Kingdom the URN, in the United States the NCES number."),
        max_length=LONGEST_REGISTRY,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )
    evidence = forms.CharField(
        label=_("How can we see that you act for it?"),
        help_text=_("For instance the page of the school or of the authority that names you, and a number where the office answers."),
        max_length=2 * LONGEST_EVIDENCE,
        widget=forms.Textarea(attrs={"rows": 5}),
    )
    field_order = ("country", "registry", "evidence", "contact_name", "contact")

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - passed on as given
        super().__init__(*args, **kwargs)
        self.fields["country"].choices = countries()  # type: ignore[attr-defined] # a ChoiceField's


class FileForm(forms.Form):
    """A roster as a file."""

    file = forms.FileField(
        label=_("Table (CSV)"),
        max_length=200,
        widget=forms.ClearableFileInput(attrs={"accept": ".csv,.txt,text/csv"}),
    )


class RosterForm(forms.Form):
    """A roster as text, as it was read from a file or typed."""

    text = forms.CharField(
        label=_("The roster"),
        max_length=LARGEST_BYTES,
        strip=False,
        widget=forms.Textarea(attrs={"rows": 12, "spellcheck": "false", "autocomplete": "off"}),
    )


class DecisionForm(forms.Form):
    """What a reviewer decides, and why."""

    verdict = forms.ChoiceField(label=_("Decision"))
    reason = forms.CharField(
        label=_("Reason"),
        help_text=_("The school reads it. It is needed unless you approve."),
        required=False,
        max_length=2 * LONGEST_REASON,
        widget=forms.Textarea(attrs={"rows": 4}),
    )

    def __init__(self, *args: Any, waiting: bool, stands: bool, **kwargs: Any) -> None:  # noqa: ANN401 - passed on as given
        super().__init__(*args, **kwargs)
        words = {Verdict.APPROVE: _("Approve for a year"), Verdict.REFUSE: _("Refuse"), Verdict.END: _("End that it is a school")}
        open_now = {Verdict.APPROVE: waiting, Verdict.REFUSE: waiting, Verdict.END: stands}
        self.fields["verdict"].choices = [(one.value, words[one]) for one in Verdict if open_now[one]]  # type: ignore[attr-defined]

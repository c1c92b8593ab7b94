"""Forms of orders: what an authority says, what it adds, and what the desk decides."""

import re
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from conclave.accounts.queries import account_of
from conclave.accounts.staff_forms import countries
from conclave.authorities import words
from conclave.authorities.disclose import Asked
from conclave.authorities.fields import offered
from conclave.authorities.models import LONGEST_LINE, LONGEST_TEXT
from conclave.authorities.narrowing import LONGEST_DEFERRED_MS, LONGEST_TOLD_MS
from conclave.authorities.policy import DAY, AuthorityKind, Channel, Grounds, Item, OrderKind
from conclave.authorities.receive import Said, codes_in
from conclave.authorities.tell import is_address
from conclave.gate.policy import Kind

MEETING = re.compile(r"(?:.*/m/)?([A-Za-z0-9_-]{22})(?:[/#?].*)?")
LONGEST_DAYS = 90
LONGEST_TOLD_DAYS, LONGEST_SILENT_DAYS = LONGEST_TOLD_MS // DAY, LONGEST_DEFERRED_MS // DAY


def _text(label: object, help_text: object = "", *, rows: int = 4, required: bool = True) -> forms.CharField:
    """Return a field of several lines."""
    widget = forms.Textarea(attrs={"rows": rows})
    return forms.CharField(label=label, help_text=help_text, max_length=LONGEST_TEXT, required=required, widget=widget)  # type: ignore[arg-type] # lazy


class OrderForm(forms.Form):
    """What an authority says, on the portal or written down by somebody of the desk."""

    kind = forms.ChoiceField(label=_("What is ordered"))
    authority = forms.CharField(label=_("Authority"), max_length=LONGEST_LINE)
    authority_kind = forms.ChoiceField(label=_("What kind of authority"))
    authority_territory = forms.ChoiceField(label=_("Where it is competent"))
    contact = forms.CharField(
        label=_("Where the answer goes"), max_length=LONGEST_LINE, help_text=_("An official e-mail address, or a postal address.")
    )
    claimed = forms.CharField(
        label=_("Where the order is to hold"),
        max_length=800,
        required=False,
        help_text=_("Codes of countries, with spaces between them, such as FR DE."),
    )
    legal_basis = _text(_("Legal basis"), _("Which law, which provision."), rows=2, required=False)
    reasons = _text(_("Reasons"), _("Why the provision applies."), required=False)
    target = _text(_("What it is about"), _("The exact address of the meeting, or the account."), rows=2, required=False)
    redress = _text(_("Redress"), _("Before whom, and until when, this order can be challenged."), rows=2, required=False)
    language = forms.ChoiceField(label=_("Language of the order"), choices=[("en", "English"), ("fr", "Français")])

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - passed on as given
        super().__init__(*args, **kwargs)
        shown = {"kind": words.choices(words.KINDS), "authority_kind": words.choices(words.AUTHORITIES), "authority_territory": countries()}
        for name, choices in shown.items():
            self.fields[name].choices = choices  # type: ignore[attr-defined] # a ChoiceField's

    def clean_contact(self) -> str:
        """Take one address of mail, or something that is none at all."""
        contact = str(self.cleaned_data["contact"]).strip()
        if "@" in contact and not is_address(contact=contact):
            raise ValidationError(_("Name one e-mail address and nothing else, or a postal address."))
        return contact

    def clean_claimed(self) -> tuple[str, ...]:
        """Take codes in any case, each once."""
        codes, unknown = codes_in(raw=str(self.cleaned_data["claimed"]))
        if unknown:
            raise ValidationError(_("No country has this code: %(codes)s"), params={"codes": " ".join(unknown)})
        return tuple(codes)

    def said(self) -> Said:
        """Return what was said."""
        given = {name: value for name, value in self.cleaned_data.items() if name != "channel"}
        kinds = {"kind": OrderKind(given["kind"]), "authority_kind": AuthorityKind(given["authority_kind"])}
        return Said(**{**given, **kinds})


class IntakeForm(OrderForm):
    """The same, with the way by which it came."""

    channel = forms.ChoiceField(label=_("How it came"))
    field_order = ("channel", "kind")

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - passed on as given
        super().__init__(*args, **kwargs)
        ways = [one for one in words.choices(words.CHANNELS) if one[0] != Channel.PORTAL]
        self.fields["channel"].choices = ways  # type: ignore[attr-defined] # a ChoiceField's


class AnswerForm(forms.Form):
    """What an authority adds to its order."""

    item = forms.ChoiceField(label=_("What you add"))
    text = _text(_("What the order says"), _("For the territory codes of countries, such as FR DE; for the language en or fr."))

    def __init__(self, *args: Any, missing: tuple[Item, ...], **kwargs: Any) -> None:  # noqa: ANN401 - passed on as given
        super().__init__(*args, **kwargs)
        self.fields["item"].choices = [(one.value, words.ITEMS[one]) for one in missing]  # type: ignore[attr-defined] # a ChoiceField's


class JudgedForm(forms.Form):
    """What a reviewer finds, whatever the order asks for."""

    authority_kind = forms.ChoiceField(label=_("What kind of authority it is"), help_text=_("As you found it, whatever it says of itself."))
    authority_territory = forms.ChoiceField(label=_("Where it is competent, as you found"))
    authority_verified = _text(
        _("How you made sure that it is this authority"),
        _("Such as a call back to a number from an official directory, or a signature that you checked. The approvers read it."),
        rows=3,
    )
    necessity = _text(_("Why it is necessary"), rows=3)
    proportionality = _text(_("Why it is in proportion"), rows=3)
    rights = _text(_("Whose rights it touches, and how little"), rows=3)

    def __init__(self, *args: Any, claimed: tuple[str, ...], **kwargs: Any) -> None:  # noqa: ANN401 - passed on as given
        super().__init__(*args, **kwargs)
        # Chosen anew, and not taken over from what whoever sent the order says.
        chosen = {"authority_kind": words.choices(words.AUTHORITIES), "authority_territory": countries()}
        for name, choices in chosen.items():
            self.fields[name].choices = [("", "—"), *choices]  # type: ignore[attr-defined] # a ChoiceField's
        self.fields["territory"].choices = [(code, words.called(code)) for code in claimed]  # type: ignore[attr-defined] # a ChoiceField's

    def clean_authority_kind(self) -> AuthorityKind:
        """Take one of the kinds that there are."""
        return AuthorityKind(self.cleaned_data["authority_kind"])


class NarrowForm(JudgedForm):
    """How far an order may go: one measure."""

    kind = forms.ChoiceField(label=_("Measure"))
    territory = forms.ChoiceField(label=_("Territory"), help_text=_("One, of those that the order names."))
    meeting = forms.CharField(label=_("Meeting"), required=False, max_length=500, help_text=_("Its number, or its link up to the sign #."))
    address = forms.CharField(label=_("Or else the account"), required=False, max_length=254, help_text=_("Its e-mail address."))
    days = forms.IntegerField(label=_("For how many days"), min_value=1, max_value=LONGEST_DAYS, initial=7)
    field_order = ("kind", "territory", "meeting", "address", "days")

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - passed on as given
        super().__init__(*args, **kwargs)
        self.fields["kind"].choices = words.choices(words.MEASURES)  # type: ignore[attr-defined] # a ChoiceField's

    def clean_kind(self) -> Kind:
        """Take one of the kinds that there are."""
        return Kind(self.cleaned_data["kind"])

    def clean_address(self) -> str:
        """Take the address of an account that there is; a measure on nobody would be one on something else."""
        address = str(self.cleaned_data["address"]).strip()
        if address and not account_of(address=address):
            raise ValidationError(_("Nobody signs in here with this address."))
        return address

    def clean_meeting(self) -> str:
        """Take a number or a link; what is behind # is the key of those inside, and is not kept."""
        given = str(self.cleaned_data["meeting"]).strip()
        found = MEETING.fullmatch(given)
        if given and found is None:
            raise ValidationError(_("This is no meeting of this server."))
        return found[1] if found else ""


class TellForm(JudgedForm):
    """What an order asks to be told: of whom, which fields, until when, and whether the people themselves are told at once."""

    territory = forms.ChoiceField(label=_("Territory"), help_text=_("One, of those that the order names."))
    people = _text(
        _("Whom it is about"),
        _("E-mail addresses of accounts, one a line. Only those are told of who are surely in the territory now."),
        rows=3,
    )
    told = forms.MultipleChoiceField(label=_("What is told"), widget=forms.CheckboxSelectMultiple, required=False)
    also = _text(
        _("What else it asks for"),
        _("One thing a line, in its own words or by the inventory’s name. It is not told, and the authority reads why."),
        rows=3,
        required=False,
    )
    days = forms.IntegerField(label=_("Until when it may be handed out, in days"), min_value=1, max_value=LONGEST_TOLD_DAYS, initial=14)
    silent = forms.IntegerField(
        label=_("For how many days the people are not told"), min_value=0, max_value=LONGEST_SILENT_DAYS, initial=0,
        help_text=_("0: they are told at once. More only where a law says so; at the end they are told, whatever happens."),
    )  # fmt: skip
    deferral_basis = _text(_("Which law says that they are not told at once"), rows=2, required=False)
    field_order = ("territory", "people", "told", "also", "days", "silent", "deferral_basis")

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - passed on as given
        super().__init__(*args, **kwargs)
        shown = [(one.name, f"{one.table}: {one.name.rpartition('.')[2]}") for one in offered(language=get_language() or "en")]
        self.fields["told"].choices = shown  # type: ignore[attr-defined] # a ChoiceField's

    def asked(self, *, now: int) -> Asked:
        """Return what is asked for.

        Args:
            now: the time.
        """
        said = self.cleaned_data
        return Asked(
            territory=said["territory"],
            people=_lines(said["people"]),
            fields=[*said["told"], *_lines(said["also"])],
            ends_at=now + int(said["days"]) * DAY,
            deferred_until=now + int(said["silent"]) * DAY if said["silent"] else None,
            deferral_basis=said["deferral_basis"],
        )


def _lines(text: str) -> list[str]:
    """Return the lines of a text that say something, each once."""
    return list(dict.fromkeys(line.strip() for line in text.splitlines() if line.strip()))


class RefuseForm(forms.Form):
    """Why an order is refused."""

    grounds = forms.ChoiceField(label=_("Ground"))
    explanation = _text(_("Explanation"), _("Whoever ordered it reads it."))

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - passed on as given
        super().__init__(*args, **kwargs)
        shown = [one for one in words.choices(words.GROUNDS) if one[0] != Grounds.UNSTAFFED]
        self.fields["grounds"].choices = shown  # type: ignore[attr-defined] # a ChoiceField's


class ChallengeForm(forms.Form):
    """Before whom an order is challenged."""

    explanation = _text(_("Before which court, and why"), rows=3)


class TakeBackForm(forms.Form):
    """That an order does not stand any more."""

    quashed = forms.ChoiceField(
        label=_("What has happened"), choices=[("yes", _("A court has quashed it")), ("no", _("Its authority has withdrawn it"))]
    )
    document = _text(_("By which document"), rows=2)

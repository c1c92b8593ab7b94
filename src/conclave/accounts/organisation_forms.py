"""Forms of an organisation's pages; what may be chosen follows from the asker's role."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from conclave.accounts.models import Role
from conclave.accounts.organisation_journal import Wanted, kinds
from conclave.accounts.organise import LONGEST_NAME


class OrganisationForm(forms.Form):
    """What an organisation is called."""

    name = forms.CharField(
        label=_("Name of the organisation"),
        help_text=_("Those you invite see it. 1 to 100 characters."),
        max_length=LONGEST_NAME,
        widget=forms.TextInput(attrs={"autocomplete": "organization"}),
    )


class InviteForm(forms.Form):
    """Whom to invite, and as what."""

    address = forms.CharField(
        label=_("E-mail address of the person"),
        help_text=_("It says whom the link is for. Nothing is sent to it: you pass the link on."),
        max_length=254,
        widget=forms.EmailInput(attrs={"autocomplete": "off"}),
    )
    role = forms.ChoiceField(label=_("Role"))

    def __init__(self, *args: Any, roles: Sequence[tuple[str, str]], **kwargs: Any) -> None:  # noqa: ANN401 - passed on as given
        super().__init__(*args, **kwargs)
        self.fields["role"].choices = list(roles)  # type: ignore[attr-defined] # a ChoiceField's
        self.fields["role"].initial = Role.MEMBER.value


class RoleForm(forms.Form):
    """Another role for somebody."""

    role = forms.ChoiceField(label=_("Role"))

    def __init__(self, *args: Any, roles: Sequence[str], **kwargs: Any) -> None:  # noqa: ANN401 - passed on as given
        super().__init__(*args, **kwargs)
        self.fields["role"].choices = [(role, Role(role).label) for role in roles]  # type: ignore[attr-defined] # a ChoiceField's


class TypedNameForm(forms.Form):
    """The organisation's name, typed before it is dissolved."""

    name = forms.CharField(
        label=_("Type the organisation’s name"), max_length=8 * LONGEST_NAME, widget=forms.TextInput(attrs={"autocomplete": "off"})
    )


class JoinForm(forms.Form):
    """The token of an invitation; the page puts it in from the link, or somebody pastes it."""

    token = forms.CharField(
        label=_("Code of your invitation"),
        help_text=_("What follows the # in the link you were given."),
        max_length=2048,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )

    def clean_token(self) -> str:
        """Take the whole link too."""
        return str(self.cleaned_data["token"]).rpartition("#")[2]


class JournalForm(forms.Form):
    """What is looked for in a journal."""

    words = forms.CharField(label=_("Words"), required=False, max_length=200)
    kind = forms.ChoiceField(label=_("What happened"), required=False)
    since = forms.DateField(label=_("From"), required=False, widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"))
    until = forms.DateField(label=_("Until"), required=False, widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - passed on as given
        super().__init__(*args, **kwargs)
        self.fields["kind"].choices = [("", _("Anything")), *kinds()]  # type: ignore[attr-defined] # a ChoiceField's

    def wanted(self) -> Wanted:
        """Return what is looked for, days in UTC; the last one is included."""
        given = self.cleaned_data
        until = given.get("until")
        return Wanted(
            words=given.get("words", ""),
            kind=given.get("kind", ""),
            since=_midnight(given["since"]) if given.get("since") else None,
            until=_midnight(until + timedelta(days=1)) if until and until < date.max else None,
        )


def _midnight(day: date) -> int:
    """Return when a day begins in UTC, in milliseconds."""
    return int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp() * 1000)

"""The form in which somebody of the staff asks to look behind the glass."""

from datetime import UTC
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from conclave.authorities import behind, words
from conclave.authorities.forms import MEETING
from conclave.authorities.glass import Wanted
from conclave.authorities.glass_rule import HOUR, Scope
from conclave.authorities.models import LONGEST_TEXT

MOST_HOURS = 24
# What each kind of thing needs.
NEEDS = {Scope.LOG: ("log", "since", "hours"), Scope.ADDRESSES: ("address",), Scope.MEETING: ("meeting",)}


class GlassForm(forms.Form):
    """What is to be looked at, and why."""

    scope = forms.ChoiceField(label=_("What you want to look at"))
    log = forms.ChoiceField(label=_("Which log"), required=False)
    since = forms.DateTimeField(
        label=_("From when on (UTC)"), required=False, widget=forms.DateTimeInput(attrs={"type": "datetime-local"}),
        input_formats=["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"],
    )  # fmt: skip
    hours = forms.IntegerField(label=_("For how many hours"), required=False, min_value=1, max_value=MOST_HOURS)
    address = forms.CharField(label=_("Of which account"), required=False, max_length=254, help_text=_("Its e-mail address."))
    meeting = forms.CharField(
        label=_("Of which meeting"), required=False, max_length=500, help_text=_("Its number, or its link up to the sign #.")
    )
    reason = forms.CharField(
        label=_("Why"), max_length=LONGEST_TEXT, widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("Whoever agrees reads it. It is sealed into the public ledger."),
    )  # fmt: skip

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - passed on as given
        super().__init__(*args, **kwargs)
        self.fields["scope"].choices = words.choices(words.ASKS)  # type: ignore[attr-defined] # a ChoiceField's
        self.fields["log"].choices = [("", "—"), *((name, name) for name in behind.logs())]  # type: ignore[attr-defined] # a ChoiceField's

    def clean_meeting(self) -> str:
        """Take a number or a link; what is behind # is the key of those inside, and is not kept."""
        given = str(self.cleaned_data["meeting"]).strip()
        found = MEETING.fullmatch(given)
        if given and found is None:
            raise ValidationError(_("This is no meeting of this server."))
        return found[1] if found else ""

    def clean(self) -> dict[str, Any]:
        """Ask for what the chosen kind needs."""
        said = super().clean() or self.cleaned_data
        for name in NEEDS.get(said.get("scope", ""), ()):
            if not said.get(name) and name not in self.errors:
                self.add_error(name, _("This is needed for what you have chosen."))
        return said

    def wanted(self, *, now: int) -> Wanted:
        """Return what is to be looked at; of an hour that is not over, what there is of it.

        Args:
            now: the time.
        """
        said = self.cleaned_data
        scope = Scope(said["scope"])
        if scope is not Scope.LOG:
            return Wanted(scope=scope, target=said[NEEDS[scope][0]])
        since = int(said["since"].replace(tzinfo=UTC).timestamp() * 1000)
        return Wanted(scope=scope, target=said["log"], since=since, until=min(since + int(said["hours"]) * HOUR, now))

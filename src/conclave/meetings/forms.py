"""The form in which a meeting is planned; whether it makes a plan is for schedule.py to say."""

from datetime import date, datetime
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from conclave.meetings.plan import Planned
from conclave.meetings.schedule import DAYS, LONGEST_MINUTES, MOST_TIMES, SHORTEST_MINUTES, WIDEST, Every, Repeat, Schedule, zones

REPEATS = [
    ("never", _("Once")),
    ("day", _("By days")),
    ("week", _("By weeks, on the days chosen below")),
    ("month_day", _("By months, on the same day of the month")),
    ("month_weekday", _("By months, on the same weekday, such as the second Tuesday")),
    ("month_last_weekday", _("By months, on the last such weekday")),
    ("month_last_day", _("By months, on the last day of the month")),
]
ENDS = [("never", _("It goes on")), ("until", _("On the day below")), ("count", _("After so many times"))]
WEEKDAYS = list(zip(DAYS, (_("Monday"), _("Tuesday"), _("Wednesday"), _("Thursday"), _("Friday"), _("Saturday"), _("Sunday")), strict=True))


def _day_field(label: Any, *, required: bool) -> forms.DateField:  # noqa: ANN401 - a lazy sentence
    """Return a field for a day."""
    widget = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    return forms.DateField(label=label, required=required, widget=widget, input_formats=["%Y-%m-%d"])


class PlanForm(forms.Form):
    """Title, time and repetition of a meeting."""

    title = forms.CharField(
        label=_("What is it about?"),
        required=False,
        max_length=1000,
        help_text=_("The server and everybody with the link can read it."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    day = _day_field(_("Day"), required=True)
    time = forms.TimeField(
        label=_("Time"), widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"), input_formats=["%H:%M", "%H:%M:%S"]
    )
    zone = forms.ChoiceField(label=_("Time zone"), help_text=_("The meeting stays at this time of day there, in summer and in winter."))
    minutes = forms.IntegerField(label=_("Length in minutes"), min_value=SHORTEST_MINUTES, max_value=LONGEST_MINUTES, initial=60)
    repeats = forms.ChoiceField(label=_("Repeats"), choices=REPEATS, initial="never")
    interval = forms.IntegerField(label=_("Every so many days, weeks or months"), min_value=1, max_value=WIDEST, initial=1, required=False)
    days = forms.MultipleChoiceField(
        label=_("Days of the week"),
        choices=WEEKDAYS,
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("None: the day above."),
    )
    ends = forms.ChoiceField(label=_("The series ends"), choices=ENDS, initial="never", required=False)
    until = _day_field(_("Last day"), required=False)
    count = forms.IntegerField(label=_("How many times"), min_value=1, max_value=MOST_TIMES, required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - passed on as given
        super().__init__(*args, **kwargs)
        self.fields["zone"].choices = [(name, name.replace("_", " ")) for name in zones()]  # type: ignore[attr-defined] # a ChoiceField's

    def clean(self) -> dict[str, Any]:
        """Ask for what an end needs."""
        data = super().clean() or {}
        if data.get("repeats") != "never":
            for end in ("until", "count"):
                if data.get("ends") == end and data.get(end) is None and end not in self.errors:
                    self.add_error(end, forms.ValidationError(_("Say when the series ends."), code="required"))
        return data

    def schedule(self) -> Schedule:
        """Return what was asked for."""
        given = self.cleaned_data
        start = datetime.combine(given["day"], given["time"]).replace(second=0, microsecond=0)
        return Schedule(start=start, zone=given["zone"], minutes=given["minutes"], repeat=self._repeat(given["day"]))

    def _repeat(self, day: date) -> Repeat | None:
        """Return how it repeats; what is not said follows from its first day."""
        given = self.cleaned_data
        kind = given["repeats"]
        if kind == "never":
            return None
        weekday, week = DAYS[day.weekday()], (day.day - 1) // 7 + 1
        kinds: dict[str, dict[str, Any]] = {
            "day": {"every": Every.DAY},
            "week": {"every": Every.WEEK, "days": tuple(name for name in DAYS if name in given["days"]) or (weekday,)},
            "month_day": {"every": Every.MONTH, "month_day": day.day},
            "month_weekday": {"every": Every.MONTH, "days": (weekday,), "nth": week if week <= 4 else -1},
            "month_last_weekday": {"every": Every.MONTH, "days": (weekday,), "nth": -1},
            "month_last_day": {"every": Every.MONTH, "month_day": -1},
        }
        until = given["until"] if given["ends"] == "until" else None
        count = given["count"] if given["ends"] == "count" else 0
        return Repeat(interval=given["interval"] or 1, until=until, count=count, **kinds[kind])


def initial_of(*, title: str, planned: Planned | None) -> dict[str, Any]:
    """Return how the form stands for a meeting.

    Args:
        title: its title.
        planned: its plan, if it has one.
    """
    if planned is None:
        return {"title": title, "zone": "UTC"}
    schedule, repeat = planned.schedule, planned.schedule.repeat
    once = {
        "title": title,
        "day": schedule.start.date(),
        "time": schedule.start.time(),
        "zone": schedule.zone,
        "minutes": schedule.minutes,
    }
    if repeat is None:
        return once
    kinds = {Every.DAY: "day", Every.WEEK: "week"}
    monthly = ("month_last_weekday" if repeat.nth == -1 else "month_weekday") if repeat.nth else "month_day"
    return {
        **once,
        "repeats": kinds.get(repeat.every, "month_last_day" if repeat.month_day == -1 else monthly),
        "interval": repeat.interval,
        "days": list(repeat.days) if repeat.every is Every.WEEK else [],
        "ends": "until" if repeat.until else "count" if repeat.count else "never",
        "until": repeat.until,
        "count": repeat.count or None,
    }

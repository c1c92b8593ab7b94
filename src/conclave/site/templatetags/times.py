"""{% load times %}{{ ms|moment }}: times as people read them, with the zone named."""

from zoneinfo import ZoneInfo

from django import template
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from conclave.kernel.clock import to_datetime

register = template.Library()


@register.filter
def moment(ms: int) -> SafeString:
    """Return day and time in the reader's language."""
    at = to_datetime(ms)
    return format_html('<time datetime="{}">{} UTC</time>', at.isoformat(timespec="seconds"), date_format(at, "DATETIME_FORMAT"))


@register.filter
def day(ms: int) -> SafeString:
    """Return the day in the reader's language."""
    at = to_datetime(ms)
    return format_html('<time datetime="{}">{}</time>', at.date().isoformat(), date_format(at, "DATE_FORMAT"))


@register.simple_tag
def planned_time(ms: int, zone: str) -> SafeString:
    """Return weekday, day and time as the wall of a zone shows them, the zone named; a script puts the reader's own time beside it."""
    at = to_datetime(ms)
    there = at.astimezone(ZoneInfo(zone))
    said = f"{date_format(there, 'l')} {date_format(there, 'DATETIME_FORMAT')}"
    return format_html(
        '<time datetime="{}" data-zone="{}" data-own="{}">{} ({})</time>',
        at.isoformat(timespec="seconds"), zone, _("for you: {time}"), said, zone.replace("_", " "),
    )  # fmt: skip


@register.simple_tag
def span(start: int, end: int) -> SafeString:
    """Return from when until when something lasted, in the reader's language; the end has its day only where that is another."""
    begins, ends = to_datetime(start), to_datetime(end)
    until = date_format(ends, "TIME_FORMAT" if begins.date() == ends.date() else "DATETIME_FORMAT")
    return format_html(
        '<time datetime="{}">{}</time> – <time datetime="{}">{} UTC</time>',
        begins.isoformat(timespec="seconds"), date_format(begins, "DATETIME_FORMAT"), ends.isoformat(timespec="seconds"), until,
    )  # fmt: skip

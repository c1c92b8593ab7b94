"""{% load times %}{{ ms|moment }}: times as people read them, with the zone named."""

from django import template
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString

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

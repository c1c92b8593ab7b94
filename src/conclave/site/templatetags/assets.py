"""{% load assets %}{% entry "call" %}: the tags of one entry of the built client."""

from django import template
from django.utils.safestring import SafeString

from conclave.site.assets import entry_tags

register = template.Library()


@register.simple_tag
def entry(name: str) -> SafeString:
    """Return the tags that load this entry, with integrity."""
    return entry_tags(name=name)

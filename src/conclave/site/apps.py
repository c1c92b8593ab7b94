"""Django's entry for this domain."""

from django.apps import AppConfig


class SiteConfig(AppConfig):
    """Pages that cross domains; no models, no rules."""

    name = "conclave.site"
    label = "site"

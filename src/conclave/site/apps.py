"""Django's entry for this domain."""

from django.apps import AppConfig


class SiteConfig(AppConfig):
    """Pages that cross domains; no models, no rules."""

    name = "conclave.site"
    label = "site"

    def ready(self) -> None:
        """Let accounts be erased when their time has come, and let orders know which fields may be told."""
        from conclave.site import inventory, personal  # noqa: F401 - importing them registers the deadline and the fields

"""Django's entry for this domain."""

from django.apps import AppConfig


class SiteConfig(AppConfig):
    """Pages that cross domains; no models, no rules."""

    name = "conclave.site"
    label = "site"

    def ready(self) -> None:
        """Let accounts be erased in time, orders know which fields may be told, and the ledger name the client that visitors are given."""
        from conclave.site import inventory, personal, release  # noqa: F401 - importing them registers what they do

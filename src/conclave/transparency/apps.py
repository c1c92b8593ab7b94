"""Django's entry for this domain."""

from django.apps import AppConfig


class TransparencyConfig(AppConfig):
    """The sealed ledger and the journal; knows no other domain."""

    name = "conclave.transparency"
    label = "transparency"

    def ready(self) -> None:
        """Let old values of the journal go."""
        from conclave.transparency import retention  # noqa: F401 - importing it registers its rules

"""Django's entry for this domain."""

from django.apps import AppConfig


class TransparencyConfig(AppConfig):
    """The sealed ledger and the journal; knows no other domain."""

    name = "conclave.transparency"
    label = "transparency"

    def ready(self) -> None:
        """Let old values go, have the ledger signed and cosigned, have it name the keys of log and witnesses, and have reports made."""
        from conclave.transparency import cosign, making, own_keys, retention  # noqa: F401 - importing them registers what they do

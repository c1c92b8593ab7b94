"""Django's entry for this domain."""

from django.apps import AppConfig


class KeysConfig(AppConfig):
    """The MLS delivery service; never decrypts."""

    name = "conclave.keys"
    label = "keys"

    def ready(self) -> None:
        """Register the deadlines, and the key that the ledger names."""
        from conclave.keys import attestation, retention, settle  # noqa: F401 - importing them registers what they do

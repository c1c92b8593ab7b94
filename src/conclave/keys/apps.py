"""Django's entry for this domain."""

from django.apps import AppConfig


class KeysConfig(AppConfig):
    """The MLS delivery service; never decrypts."""

    name = "conclave.keys"
    label = "keys"

    def ready(self) -> None:
        """Register the deadlines."""
        from conclave.keys import retention, settle  # noqa: F401 - importing it registers them

"""Django's entry for this domain."""

from django.apps import AppConfig


class MediaConfig(AppConfig):
    """Regions, placement, tickets, the media engine and the relay."""

    name = "conclave.media"
    label = "media"

    def ready(self) -> None:
        """Let the outbox know what it can ask of the engine and of the ledger's witnesses, and old approvals go."""
        from conclave.media import enter, gateways, outbox, own_keys, retention  # noqa: F401 - importing them registers what they do

"""Django's entry for this domain."""

from django.apps import AppConfig


class MediaConfig(AppConfig):
    """Regions, placement, tickets, the media engine and the relay."""

    name = "conclave.media"
    label = "media"

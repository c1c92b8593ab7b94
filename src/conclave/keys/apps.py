"""Django's entry for this domain."""

from django.apps import AppConfig


class KeysConfig(AppConfig):
    """The MLS delivery service; never decrypts."""

    name = "conclave.keys"
    label = "keys"

"""Django's entry for this domain."""

from django.apps import AppConfig


class TransparencyConfig(AppConfig):
    """The sealed ledger and the journal; knows no other domain."""

    name = "conclave.transparency"
    label = "transparency"

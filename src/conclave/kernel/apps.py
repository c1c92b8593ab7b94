"""Django's entry for this domain."""

from django.apps import AppConfig


class KernelConfig(AppConfig):
    """What every domain stands on: errors, ids, clock, canonical JSON, rates, outbox, deadlines."""

    name = "conclave.kernel"
    label = "kernel"

"""Django's entry for this domain."""

from django.apps import AppConfig


class KernelConfig(AppConfig):
    """What every domain stands on: errors, ids, clock, canonical JSON, rates, outbox, deadlines."""

    name = "conclave.kernel"
    label = "kernel"

    def ready(self) -> None:
        """Register the deadlines."""
        from conclave.kernel import oblivion  # noqa: F401 - importing it registers them

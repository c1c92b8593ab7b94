"""Django's entry for this domain."""

from django.apps import AppConfig


class GateConfig(AppConfig):
    """Restrictions and the pure admission rule."""

    name = "conclave.gate"
    label = "gate"

    def ready(self) -> None:
        """Let restrictions that are over go."""
        from conclave.gate import retention  # noqa: F401 - importing it registers its rules

"""Django's entry for this domain."""

from django.apps import AppConfig


class GateConfig(AppConfig):
    """Restrictions and the pure admission rule."""

    name = "conclave.gate"
    label = "gate"

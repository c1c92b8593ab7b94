"""Django's entry for this domain."""

from django.apps import AppConfig


class AuthoritiesConfig(AppConfig):
    """Orders of public authorities, and the measures that follow from them."""

    name = "conclave.authorities"
    label = "authorities"

    def ready(self) -> None:
        """Let measures begin and end by themselves, and the ledger know whether the desk is staffed and what is done at the terminal."""
        # Importing them registers what they do.
        from conclave.authorities import execute, expire, glass, produce, retention, staffed, tell, terminal  # noqa: F401

"""Django's entry for this domain."""

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    """People and how they sign in."""

    name = "conclave.accounts"
    label = "accounts"

    def ready(self) -> None:
        """Let what is over go."""
        from conclave.accounts import retention  # noqa: F401 - importing it registers its rules

"""Django's entry for this domain."""

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    """People and how they sign in."""

    name = "conclave.accounts"
    label = "accounts"

    def ready(self) -> None:
        """Let invitations that are long over be forgotten."""
        from conclave.accounts import invite  # noqa: F401

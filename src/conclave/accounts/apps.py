"""Django's entry for this domain."""

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    """People and how they sign in."""

    name = "conclave.accounts"
    label = "accounts"

    def ready(self) -> None:
        """Let what is over go, and the outbox know how mail is handed over."""
        from conclave.accounts import mail, retention  # noqa: F401 - importing them registers both

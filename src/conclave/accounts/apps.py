"""Django's entry for this domain."""

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    """People and how they sign in."""

    name = "conclave.accounts"
    label = "accounts"

    def ready(self) -> None:
        """Let what is over go, the outbox know how mail is handed over, claims to domains be looked at again, and schools end."""
        from conclave.accounts import claim, mail, retention, school  # noqa: F401 - importing them registers all

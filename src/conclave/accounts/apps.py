"""Django's entry for this domain."""

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    """People and how they sign in."""

    name = "conclave.accounts"
    label = "accounts"

    def ready(self) -> None:
        """Let invitations that are long over be forgotten, and claims to domains be looked at again."""
        from conclave.accounts import claim, invite  # noqa: F401

"""Django's entry for this domain."""

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    """People and how they sign in."""

    name = "conclave.accounts"
    label = "accounts"

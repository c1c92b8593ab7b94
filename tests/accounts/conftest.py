"""Two real name servers that are asked by what is tested (tests/accounts/nameserver.py)."""

from dataclasses import replace

import pytest
from pytest_django import Settings

from tests.accounts.nameserver import NameServer


@pytest.fixture
def names(running_names: list[NameServer], settings: Settings) -> list[NameServer]:
    """The name servers that the installation asks, knowing nothing yet."""
    for one in running_names:
        one.clear()
    resolvers = ", ".join(f"127.0.0.1:{one.port}" for one in running_names)
    settings.CONCLAVE = replace(settings.CONCLAVE, resolvers=resolvers)
    return running_names

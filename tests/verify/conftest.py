"""What an outsider has of a half-year, made once for all tests that judge it."""

import pytest
from pytest_django import DjangoDbBlocker

from tests.verify.history import Given, make


@pytest.fixture(scope="session")
def given(tmp_path_factory: pytest.TempPathFactory, django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Given:
    """The public files and reports of a half-year that was seeded; a test that changes one works on a copy."""
    assert django_db_setup is None
    with django_db_blocker.unblock():
        return make(tmp_path_factory.mktemp("given"))

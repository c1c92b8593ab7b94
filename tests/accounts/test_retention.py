"""For how long sessions and links to accounts are kept."""

from datetime import timedelta

import pytest
from django.contrib.sessions.models import Session
from django.test import Client

from conclave.accounts.models import OwnerLink, User
from conclave.accounts.retention import ACCESS_LINK_MS, ACCESS_LINKS, SESSIONS
from conclave.kernel import clock

pytestmark = pytest.mark.django_db
NOW = clock.now()


@pytest.fixture
def alice() -> User:
    return User.objects.create(email="alice@example.org", created_at=NOW)


def test_a_link_to_an_account_goes_after_a_week_and_the_first_owners_never(alice: User) -> None:
    for token, user in (("a", alice), ("b", None)):
        OwnerLink.objects.create(token_hash=token, user=user, created_at=NOW)
    assert ACCESS_LINKS.sweep(now=NOW + ACCESS_LINK_MS - 1) == 0
    assert ACCESS_LINKS.sweep(now=NOW + ACCESS_LINK_MS) == 1
    assert OwnerLink.objects.get().user is None


def test_a_session_goes_when_it_is_over_and_not_before(alice: User) -> None:
    for _browser in range(2):
        Client().force_login(alice)
    assert SESSIONS.sweep(now=NOW) == 0
    first = Session.objects.all()[0]
    first.expire_date -= timedelta(milliseconds=SESSIONS.ms)
    first.save()
    assert SESSIONS.sweep(now=clock.now()) == 1
    assert Session.objects.count() == 1
    assert SESSIONS.sweep(now=NOW + SESSIONS.ms + clock.DAY) == 1

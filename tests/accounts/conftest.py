"""People with accounts, the mail that reaches them, and two real name servers."""

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from django.test import Client
from pytest_django import Settings

from conclave.accounts.models import User
from conclave.kernel import clock, outbox
from tests.accounts.arrivals import BOB, DOMAIN, INSIDE, set_up
from tests.accounts.colleagues import hold, organisation
from tests.accounts.mailbox import Mailbox, mail_server
from tests.accounts.nameserver import NameServer
from tests.accounts.openid import Provider, provider
from tests.accounts.organisation import belongs, make, person
from tests.accounts.passkey import Device

PASSWORD = "correct horse battery staple"

Post = Callable[[], None]


@pytest.fixture
def alice(db: None) -> User:  # noqa: ARG001 - pytest's way to ask for the database
    return User.objects.create_user(email="alice@example.org", password=PASSWORD, now=1, name="Alice", is_verified=True)


@pytest.fixture
def bob(db: None) -> User:  # noqa: ARG001 - pytest's way to ask for the database
    return User.objects.create_user(email="bob@example.org", password=PASSWORD, now=1, name="Bob", is_verified=True)


@pytest.fixture
def school(alice: User, bob: User) -> str:
    """Alice's school, to which Bob belongs."""
    made = make(alice)
    belongs(made, alice, bob)
    return made


@pytest.fixture
def owner(db: None) -> Device:  # noqa: ARG001 - pytest's way to ask for the database
    """Alice, who owns the installation, with a passkey."""
    alice = person("Alice")
    alice.is_owner = True
    alice.save()
    return Device(alice)


@pytest.fixture(scope="session")
def _mail_server() -> Iterator[Mailbox]:
    with mail_server() as mailbox:
        yield mailbox


@pytest.fixture
def mailbox(_mail_server: Mailbox, settings: Settings) -> Mailbox:
    """An empty mailbox to which the server sends, with sign-up open."""
    _mail_server._kept.clear()
    _mail_server.refused.clear()
    settings.CONCLAVE = replace(
        settings.CONCLAVE, mail=f"smtp://127.0.0.1:{_mail_server.port}", mail_from="conclave@example.org", sign_up=True
    )
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", _mail_server.port
    settings.DEFAULT_FROM_EMAIL = "conclave@example.org"
    return _mail_server


@pytest.fixture
def post() -> Post:
    """Hand over all mail that is due."""

    def deliver() -> None:
        outbox.run_due(now=clock.now())

    return deliver


@pytest.fixture
def quick_passwords(settings: Settings) -> None:
    """Hash passwords quickly, where a test is about something else: the real hash is slow on purpose."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher", *settings.PASSWORD_HASHERS]


def page_of(answer: Any) -> str:
    """Return a page without what differs each time: the token of its forms, and the address that was asked for."""
    path = answer.request["PATH_INFO"]
    content: str = answer.content.decode()
    return re.sub(r'name="csrfmiddlewaretoken" value="\w+"', "", content).replace(path, "")


def signed_in(user: User, password: str = PASSWORD) -> Client:
    """Return a browser in which this person has typed their password, and once more where that is asked."""
    browser = Client()
    answer = browser.post("/account/login/", {"login": user.email, "password": password})
    assert answer["Location"] == "/meetings", answer.content
    answer = browser.post("/account/reauthenticate/", {"password": password})
    assert answer.status_code == 302
    return browser


@pytest.fixture
def names(running_names: list[NameServer], settings: Settings) -> list[NameServer]:
    """The name servers that the installation asks, knowing nothing yet."""
    for one in running_names:
        one.clear()
    resolvers = ", ".join(f"127.0.0.1:{one.port}" for one in running_names)
    settings.CONCLAVE = replace(settings.CONCLAVE, resolvers=resolvers)
    return running_names


@pytest.fixture(scope="session")
def _provider() -> Iterator[Provider]:
    with provider() as found:
        yield found


@pytest.fixture
def idp(_provider: Provider, settings: Settings) -> Provider:
    """The provider of Harbour School, at which whoever comes is Bob."""
    _provider.forget()
    _provider.claims = {"email": BOB, "name": "Bob"}
    settings.CONCLAVE = replace(settings.CONCLAVE, sso_networks=INSIDE)
    return _provider


@pytest.fixture
def harbour(alice: User, idp: Provider) -> str:
    """Alice's Harbour School, which holds its domain and lets its people sign in by its provider."""
    made = organisation(alice, "Harbour School")
    hold(made, DOMAIN, now=clock.now())
    set_up(made, alice, idp.issuer)
    return made

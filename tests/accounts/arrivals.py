"""Signing in by an organisation's provider, as a browser without scripts does it, for the tests of it."""

import re
from typing import Any

from django.test import Client

from conclave.accounts import provider
from conclave.accounts.models import User
from conclave.kernel import clock
from tests.accounts.colleagues import account
from tests.accounts.openid import CLIENT, SECRET, Provider

DOMAIN, BOB = "harbour.example", "bob@harbour.example"
INSIDE = "127.0.0.1/32"


def set_up(where: str, by: User, issuer: str, *, on: bool = True) -> None:
    """Let an organisation have a provider that was tried."""
    now = clock.now()
    provider.set_up(organisation=where, account=account(by), issuer=issuer, client_id=CLIENT, secret=SECRET, now=now)
    provider.note_tried(organisation=where, account=account(by), changed_at=now, now=now)
    provider.switch(organisation=where, account=account(by), on=on, now=now)


def goes(page: Client, address: str = BOB, **more: str) -> str:
    """Type an address on the page; return where the browser is led."""
    answer = page.post("/account/sso/", {"email": address, **more})
    assert answer.status_code == 200, answer.content.decode()
    return led(answer)


def led(answer: Any) -> str:
    """Return where a page leads the browser on."""
    found = re.search(r'url=([^"]+)">', answer.content.decode())
    assert found
    return found.group(1).replace("&amp;", "&")


def comes(page: Client, idp: Provider, address: str = BOB, **more: str) -> Any:
    """Sign in by the provider; return what our server answers to the way back."""
    return page.get(idp.answer(goes(page, address, **more)))


def who(page: Client) -> str:
    """Return who is signed in, by address; empty for nobody."""
    found = page.session.get("_auth_user_id")
    return User.objects.get(pk=found).email if found else ""


def code_of(answer: Any) -> str:
    """Return the code on an error's page."""
    found = re.search(r"<code>(\w+)</code>", answer.content.decode())
    return found.group(1) if found else f"none: {answer.status_code}"

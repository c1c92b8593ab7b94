"""P13: every answer carries the strict headers, and no page has anything in it that they forbid."""

import re

import pytest
from django.conf import settings
from django.test import Client

from conclave.site.headers import content_security_policy, permissions_policy

pytestmark = pytest.mark.django_db
PAGES = ["/", "/protection", "/owner", "/account/login/", "/healthz", "/nowhere", "/api/nowhere"]


@pytest.mark.parametrize("path", PAGES)
def test_every_answer_carries_them(path: str) -> None:
    answer = Client().get(path, headers={"host": "localhost:8000"})
    csp = answer["Content-Security-Policy"]
    assert "unsafe-inline" not in csp
    assert "'unsafe-eval'" not in csp
    assert csp.startswith("default-src 'none'")
    assert "connect-src 'self' ws://localhost:8000;" in csp
    assert answer["Referrer-Policy"] == "no-referrer"
    assert answer["Cross-Origin-Opener-Policy"] == "same-origin"
    assert answer["Cross-Origin-Resource-Policy"] == "same-origin"
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert "camera=(self)" in answer["Permissions-Policy"]
    assert "geolocation=()" in answer["Permissions-Policy"]
    assert "Strict-Transport-Security" not in answer


@pytest.mark.parametrize("path", PAGES)
def test_no_page_has_inline_code_or_style_or_another_host(path: str) -> None:
    html = Client().get(path).content.decode()
    assert not re.search(r"<script(?![^>]*\bsrc=)", html)
    assert not re.search(r"<style|\sstyle=|\son[a-z]+=", html)
    assert not re.search(r"(?:src|href|action)=\"(?:https?:)?//", html)


def test_a_host_that_is_not_ours_gets_a_400_and_no_say_in_the_policy() -> None:
    answer = Client().get("/", headers={"host": "evil.example; script-src *"})
    assert answer.status_code == 400
    assert "evil" not in answer["Content-Security-Policy"]


def test_behind_tls_sockets_are_wss_and_only_of_this_host() -> None:
    assert "connect-src 'self' wss://meet.example;" in content_security_policy(host="meet.example", secure=True)


def test_features_are_named_once() -> None:
    names = [part.partition("=")[0] for part in permissions_policy().split(", ")]
    assert len(names) == len(set(names))


def test_cookies_are_kept_from_scripts_and_other_sites() -> None:
    answer = Client().get("/owner")
    cookie = answer.cookies[settings.CSRF_COOKIE_NAME]
    assert cookie["httponly"]
    assert cookie["samesite"] == "Lax"
    assert settings.SESSION_COOKIE_HTTPONLY


@pytest.mark.parametrize(
    ("origin", "site", "token", "status"),
    [
        ("null", "same-origin", True, 302),
        ("null", None, True, 302),
        ("http://localhost:8000", "same-origin", True, 302),
        ("null", "cross-site", True, 403),
        ("null", "same-site", True, 403),
        ("https://evil.example", "cross-site", True, 403),
        ("http://localhost:9000", "same-site", True, 403),
        ("null", "same-origin", False, 403),
        (None, None, False, 403),
    ],
)
def test_a_form_is_taken_only_from_our_own_page(*, origin: str | None, site: str | None, token: bool, status: int) -> None:
    browser = Client(enforce_csrf_checks=True)
    page = browser.get("/", headers={"host": "localhost:8000"}).content.decode()
    found = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)
    assert found
    headers = {name: value for name, value in (("origin", origin), ("sec-fetch-site", site), ("host", "localhost:8000")) if value}
    form = {"language": "fr", "next": "/", **({"csrfmiddlewaretoken": found[1]} if token else {})}
    assert browser.post("/language", form, headers=headers).status_code == status

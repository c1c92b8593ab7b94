"""Pages of no one domain: in both languages, with a code and a next step when something is wrong."""

import re
import zlib
from dataclasses import replace
from typing import NoReturn

import pytest
from django.http import HttpRequest, StreamingHttpResponse
from django.test import AsyncClient, Client, RequestFactory
from django.urls import path
from pytest_django import Settings

from conclave.config import ROOT
from conclave.kernel.errors import TooOften, Unavailable
from conclave.kernel.limits import Rate
from conclave.site import health, pages
from conclave.urls import urlpatterns as real_urls

PICTURE_BYTES = 29_000

pytestmark = pytest.mark.django_db


def refuse(_request: HttpRequest) -> NoReturn:
    raise TooOften


def fail(_request: HttpRequest) -> NoReturn:
    raise ZeroDivisionError("a secret in a message")


urlpatterns = [path("refuse", refuse), path("api/refuse", refuse), path("fail", fail), path("api/fail", fail), *real_urls]
handler404 = "conclave.site.pages.not_found"
handler500 = "conclave.site.pages.server_error"


@pytest.mark.parametrize(("language", "word"), [("en", "What is protected"), ("fr", "Ce qui est protégé"), ("de", "What is protected")])
def test_pages_speak_the_readers_language(language: str, word: str) -> None:
    for address in ("/", "/protection"):
        answer = Client(headers={"accept-language": language}).get(address)
        assert word in answer.content.decode()


@pytest.mark.parametrize("page", ["", *(f"/{page}" for page in pages.HELP_PAGES)])
@pytest.mark.parametrize("language", ["en", "fr"])
def test_help_is_written_in_both_languages_and_every_picture_is_there_and_described(page: str, language: str) -> None:
    text = Client(headers={"accept-language": language}).get(f"/help{page}").content.decode()
    assert {"en": "Help for hosts", "fr": "Aide pour les hôtes"}[language] in text
    for picture in re.findall(r"<img [^>]*>", text):
        address = re.search(r'src="/static/(help/\w+/\w+\.webp)"', picture)
        assert address, picture
        assert 0 < (ROOT / "web" / "public" / address.group(1)).stat().st_size <= PICTURE_BYTES
        assert re.search(r'alt="[^"]{20,}"', picture), picture


def test_help_names_whom_to_write_to_where_that_is_set(settings: Settings) -> None:
    def page(contact: str) -> str:
        settings.CONCLAVE = replace(settings.CONCLAVE, contact=contact)
        return Client().get("/help/remove").content.decode()

    assert "your school, your organisation" in page("")
    assert '<a href="mailto:desk@school.example">desk@school.example</a>' in page("desk@school.example")
    assert '<a href="https://school.example/report">' in page("https://school.example/report")


def test_there_is_no_help_about_what_does_not_exist() -> None:
    assert Client().get("/help/page").status_code == 404


def test_the_language_can_be_chosen() -> None:
    browser = Client()
    assert browser.post("/language", {"language": "fr", "next": "/protection"})["Location"] == "/protection"
    assert '<html lang="fr">' in browser.get("/").content.decode()
    assert browser.post("/language", {"language": "fr", "next": "https://evil.example/"})["Location"] == "/"


@pytest.mark.urls(__name__)
def test_a_refusal_is_a_page_for_people_and_json_for_programs() -> None:
    page, api = Client().get("/refuse"), Client().get("/api/refuse")
    assert (page.status_code, api.status_code) == (429, 429)
    assert "too_often" in page.content.decode()
    assert api.json() == {"error": {"code": "too_often", "message": "That was too often. Wait a moment, then try again."}}


@pytest.mark.urls(__name__)
def test_a_bug_of_ours_is_answered_without_details() -> None:
    browser = Client(raise_request_exception=False)
    page, api = browser.get("/fail"), browser.get("/api/fail")
    assert (page.status_code, api.status_code) == (500, 500)
    assert "a secret" not in page.content.decode() + api.content.decode()
    assert api.json()["error"]["code"] == "server_error"
    assert page["Content-Security-Policy"]


def test_what_does_not_exist_says_so() -> None:
    assert "not_found" in Client().get("/nowhere").content.decode()
    assert Client().get("/api/nowhere").json()["error"]["code"] == "not_found"


@pytest.mark.parametrize("address", ["/m/%00", "/api/v1/meetings/a%00", "/help/class?x=%00", "/organisations/x/directory?words=ali%00"])
def test_a_zero_byte_in_an_address_is_refused_before_a_database_sees_it(address: str) -> None:
    """PostgreSQL takes none in a text: it would be a fault of ours instead of the asker's."""
    assert Client().get(address).status_code == 400


def test_the_other_error_pages_have_a_code_and_a_next_step() -> None:
    request = RequestFactory().get("/")
    for view, status, code in [
        (pages.bad_request, 400, "bad_request"),
        (pages.forbidden, 403, "forbidden"),
        (pages.too_often, 429, "too_often"),
    ]:
        answer = view(request)
        assert answer.status_code == status
        assert f"<code>{code}</code>" in answer.content.decode()


def test_healthz_only_says_that_it_serves() -> None:
    assert Client().get("/healthz").json() == {"ok": True}


def test_readyz_names_the_part_that_does_not_work(monkeypatch: pytest.MonkeyPatch) -> None:
    def away(_region: object) -> None:
        raise Unavailable

    monkeypatch.setattr(health, "_engine", lambda _region: None)
    assert Client().get("/readyz").json() == {"ok": True, "database": True, "channel_layer": True, "engine": True}
    monkeypatch.setattr(health, "_engine", away)
    answer = Client().get("/readyz")
    assert (answer.status_code, answer.json()["engine"]) == (503, False)


async def test_noise_comes_and_goes_and_no_more_than_measuring_needs(monkeypatch: pytest.MonkeyPatch) -> None:
    """SELF-3."""
    monkeypatch.setattr(pages, "SELFTEST_RATE", Rate(name="noise in a test", burst=4, every_ms=60_000))
    browser = AsyncClient()

    async def send(noise: bytes) -> int:
        return int((await browser.post("/selftest/bytes", noise, content_type="application/octet-stream")).status_code)

    assert (await browser.get("/selftest/bytes"))["Cache-Control"] == "no-store"
    given = pages.selftest_bytes(RequestFactory().get("/selftest/bytes"))
    assert isinstance(given, StreamingHttpResponse)
    noise = b"".join([piece async for piece in given])
    assert given["Content-Length"] == str(len(noise))
    assert len(noise) == pages.SELFTEST_BYTES
    assert len(zlib.compress(noise)) > pages.SELFTEST_BYTES, "no line gains by packing it"
    assert [await send(noise), await send(noise + b"x")] == [204, 400]
    assert [await send(noise), (await browser.get("/selftest/bytes")).status_code] == [429, 429]


def test_the_self_test_says_what_browsers_must_reach() -> None:
    page = Client().get("/selftest").content.decode()
    assert 'data-udp="7882" data-tcp="7881" data-node="127.0.0.1"' in page

"""Requests are answered in threads that stay, and one request leaves nothing to the next in its thread."""

import threading
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
from django.core.signals import request_finished, request_started
from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.test import override_settings
from django.urls import path
from django.utils import translation

from conclave.kernel import handler
from conclave.kernel.handler import Handler

heard: list[str] = []


def _language(request: HttpRequest, wanted: str) -> HttpResponse:
    before = translation.get_language()
    translation.activate(wanted)
    return HttpResponse(f"{before} {threading.current_thread().name} {request.body.decode()}")


def _pieces(_request: HttpRequest) -> StreamingHttpResponse:
    async def pieces() -> AsyncIterator[bytes]:
        yield b"one"
        yield b"two"

    return StreamingHttpResponse(pieces())


def _broken(_request: HttpRequest) -> HttpResponseBase:
    raise ZeroDivisionError


urlpatterns = [path("language/<str:wanted>", _language), path("pieces", _pieces), path("broken", _broken)]


@pytest.fixture(autouse=True)
def _bare(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """One thread, no middleware, the addresses above, and an ear for what begins and ends."""
    monkeypatch.setattr(handler, "MOST_AT_ONCE", 1)
    heard.clear()

    def began(**_: object) -> None:
        heard.append("began")

    def ended(**_: object) -> None:
        heard.append("ended")

    request_started.connect(began)
    request_finished.connect(ended)
    with override_settings(ROOT_URLCONF=__name__, MIDDLEWARE=[], ALLOWED_HOSTS=["*"]):
        yield
    request_started.disconnect(began)
    request_finished.disconnect(ended)


async def asks(there: Handler, where: str, *, body: bytes = b"", gone: bool = False) -> list[dict[str, Any]]:
    """Ask for a page, or go away before the request is said."""
    told: list[dict[str, Any]] = []
    said = [{"type": "http.disconnect"}] if gone else [{"type": "http.request", "body": body}]

    async def receive() -> dict[str, Any]:
        return said.pop(0)

    async def send(event: Any) -> None:
        told.append(dict(event))

    scope = {"type": "http", "method": "POST", "path": where, "query_string": b"", "headers": [(b"host", b"localhost")]}
    await there(scope, receive, send)
    return told


def text(told: list[dict[str, Any]]) -> str:
    """Return the body of an answer."""
    return b"".join(event.get("body", b"") for event in told).decode()


async def test_one_thread_answers_again_and_keeps_nothing_of_the_request_before() -> None:
    there = Handler()
    first = text(await asks(there, "/language/fr", body=b"a")).split()
    second = text(await asks(there, "/language/de", body=b"b")).split()
    assert first[0] == second[0] == translation.get_language()
    assert first[1] == second[1] != threading.current_thread().name
    assert [first[2], second[2]] == ["a", "b"]
    assert heard == ["began", "ended"] * 2


async def test_an_answer_in_pieces_ends_when_the_last_is_sent() -> None:
    told = await asks(Handler(), "/pieces")
    assert [event["body"] for event in told[1:-1]] == [b"one", b"two"]
    assert heard == ["began", "ended"]


async def test_a_page_that_breaks_is_an_answer_and_whoever_has_gone_gets_none(caplog: pytest.LogCaptureFixture) -> None:
    there = Handler()
    assert (await asks(there, "/broken"))[0]["status"] == 500
    assert "ZeroDivisionError" in caplog.text
    assert await asks(there, "/pieces", gone=True) == []
    assert heard == ["began", "ended"]

"""What is too large is refused at the door, before anything of it is read."""

from collections.abc import Iterator
from typing import Any, cast

import pytest
from asgiref.typing import ASGIReceiveCallable, ASGISendCallable, HTTPScope, Scope

from conclave.kernel.bodies import LARGEST, BoundedBodies

HUNDRED = 100 * 1024 * 1024


async def asked(headers: list[tuple[bytes, bytes]], pieces: Iterator[bytes]) -> tuple[list[dict[str, Any]], int, bool]:
    """Send a request; return what was answered, how much was read, and whether the application finished reading."""
    sent: list[dict[str, Any]] = []
    taken, finished = 0, False

    async def inner(_scope: Scope, receive: ASGIReceiveCallable, send: ASGISendCallable) -> None:
        nonlocal finished
        while True:
            event = await receive()
            if event["type"] == "http.disconnect":
                return
            if not cast("dict[str, Any]", event)["more_body"]:
                break
        finished = True
        await send({"type": "http.response.start", "status": 200, "headers": [], "trailers": False})

    async def receive() -> Any:
        nonlocal taken
        piece = next(pieces, None)
        taken += len(piece or b"")
        return {"type": "http.request", "body": piece or b"", "more_body": piece is not None}

    async def send(event: Any) -> None:
        sent.append(event)

    await BoundedBodies(inner)(cast("HTTPScope", {"type": "http", "headers": headers}), receive, send)
    return sent, taken, finished


def much(size: int) -> Iterator[bytes]:
    return iter([b"x" * 65536] * (size // 65536))


@pytest.mark.parametrize("length", [str(HUNDRED), str(LARGEST + 1), "9" * 40, "many", "-1", ""])
async def test_a_hundred_megabytes_are_refused_without_reading_one(length: str) -> None:
    sent, taken, _finished = await asked([(b"Content-Length", length.encode())], much(HUNDRED))
    assert [event.get("status") for event in sent] == [413, None]
    assert b"body_too_large" in sent[1]["body"]
    assert taken == 0


async def test_whoever_does_not_say_how_much_is_read_no_further_than_the_bound() -> None:
    sent, taken, finished = await asked([], much(HUNDRED))
    assert sent[0]["status"] == 413
    assert LARGEST < taken <= LARGEST + 65536
    assert not finished


async def test_what_is_small_enough_passes() -> None:
    for headers in ([(b"content-length", str(LARGEST).encode())], []):
        sent, taken, finished = await asked(headers, much(LARGEST))
        assert [event["status"] for event in sent] == [200]
        assert (taken, finished) == (LARGEST, True)

"""Asks a server for pages and files as any visitor does: bounded, one origin, no cookies."""

import http.client
import urllib.error
import urllib.request
import zlib
from dataclasses import dataclass
from email.message import Message
from typing import IO
from urllib.parse import urljoin, urlsplit

LARGEST = 32 * 1024 * 1024
SECONDS = 30
MOST_REDIRECTS = 5
REDIRECTS = frozenset({301, 302, 303, 307, 308})
# Nothing that tells a check from a visitor.
HEADERS = {"User-Agent": "Mozilla/5.0", "Accept": "*/*", "Accept-Language": "en"}


class Unreachable(Exception):
    """The server gave no answer that can be looked at; the message is one sentence."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a server answered: the status, where it stands, its headers and its content."""

    status: int
    address: str
    headers: Message
    content: bytes


def get(*, address: str, packed: bool = False) -> Answer:
    """Return what a visitor gets at an address; redirects are followed within the same origin.

    Args:
        address: http or https.
        packed: take it as browsers do, packed by gzip where the server has it so; the answer holds what they unpack.

    Raises:
        Unreachable: no connection, no trusted certificate, another origin, redirects without end, more than 32 MiB, or packed wrongly.
    """
    for _ in range(MOST_REDIRECTS):
        answer = _get(address, "gzip" if packed else "identity")
        if answer.status not in REDIRECTS:
            return answer
        following = urljoin(address, answer.headers.get("location", ""))
        if urlsplit(following)[:2] != urlsplit(address)[:2]:
            raise Unreachable(f"It sends visitors on to {following}: look at that address instead.")
        address = following
    raise Unreachable(f"{address} sends visitors around without end.")


def _get(address: str, encoding: str) -> Answer:
    """Ask once."""
    request = urllib.request.Request(address, headers={**HEADERS, "Accept-Encoding": encoding})  # noqa: S310 - client.check() takes http and https only
    try:
        with urllib.request.build_opener(_NoRedirect).open(request, timeout=SECONDS) as answer:
            return Answer(
                answer.status, address, answer.headers, _unpacked(_content(answer, address, answer.headers), answer.headers, address)
            )
    except urllib.error.HTTPError as error:
        with error:
            return Answer(error.code, address, error.headers, _content(error, address, error.headers))
    except (OSError, ValueError, http.client.HTTPException) as error:
        raise Unreachable(f"{address} cannot be looked at: {getattr(error, 'reason', error)}.") from error


def _unpacked(content: bytes, headers: Message, address: str) -> bytes:
    """Return what a browser makes of it."""
    encoding = headers.get("content-encoding", "identity").lower()
    if encoding == "identity":
        return content
    unpacker = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)
    try:
        found = unpacker.decompress(content, LARGEST) if encoding == "gzip" else b""
    except zlib.error:
        found = b""
    if not unpacker.eof or unpacker.unused_data:
        raise Unreachable(f"{address} is packed in a way that cannot be looked at.")
    return found


def _content(answer: IO[bytes], address: str, headers: Message) -> bytes:
    """Read it, up to a limit; an answer that was cut is none."""
    content = answer.read(LARGEST + 1)
    if len(content) > LARGEST:
        raise Unreachable(f"{address} is larger than {LARGEST} bytes.")
    said = headers.get("content-length", "")
    if said.isdecimal() and int(said) != len(content):
        raise Unreachable(f"The answer of {address} was cut.")
    return content


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """Leaves redirects to get()."""

    def redirect_request(self, *_arguments: object, **_named: object) -> None:
        """Follow nothing."""

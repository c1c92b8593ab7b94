"""Asking a web server that somebody else chose, without being led anywhere else: the only copy of the rule (SSO-6).

Whoever chooses a name chooses where it leads, so it is looked up once, every address must be permitted, and the connection goes to those
addresses only: what the name says a moment later changes nothing. No proxy, no cookie, no redirect, nothing decompressed; time and size are
bounded, and the certificate must be the name's. Each visit holds one of the threads that answer everybody, so few go on at once (SSO-14).
"""

import asyncio
import ipaddress
import socket
import ssl
import threading
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from functools import cache

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from django.db import connection
from yarl import URL

WAIT_SECONDS = 6.0
# Of the threads that answer requests (kernel/handler.py) half stay with everybody else, and one organisation's server holds few of them.
MOST_AT_ONCE = 16
MOST_FOR_ONE = 6
LONGEST_LINE = 4096
HTTPS = 443
# A connection that is shut down is closed within a turn or two of the loop; nobody waits for one that is not.
CLOSING_TURNS, TURN_SECONDS = 1000, 0.001
# IPv6 addresses that carry an IPv4 address, which might be any: translated (RFC 6052), and the old IPv4-compatible ones.
_CARRIERS = tuple(ipaddress.ip_network(net) for net in ("64:ff9b::/96", "64:ff9b:1::/48", "::/96"))


class Unvisited(Exception):
    """Nothing was asked, or nothing usable came back."""


class Crowded(Unvisited):
    """Too many visits go on at once: nothing was asked."""


class AddressInside(Unvisited):
    """The name leads to an address that is not permitted."""


def is_public(address: str) -> bool:
    """Tell whether an address is one of the public internet and of nothing else.

    Args:
        address: an IP address.
    """
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return False
    if isinstance(ip, ipaddress.IPv6Address):
        carries = ip.ipv4_mapped or ip.sixtofour or ip.teredo or any(ip in net for net in _CARRIERS)
        if carries or ip.is_site_local:
            return False
    return ip.is_global and not (ip.is_multicast or ip.is_reserved or ip.is_loopback or ip.is_link_local or ip.is_unspecified)


@dataclass(frozen=True, slots=True, kw_only=True)
class Web:
    """The web as it is asked; tests bring a server of their own on loopback."""

    find: Callable[[str], list[str]]
    permits: Callable[[str], bool] = is_public
    port: int = HTTPS
    trusted: ssl.SSLContext | None = None
    wait_seconds: float = WAIT_SECONDS
    # Whose visit it is: an organisation.
    subject: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a server said."""

    status: int
    body: bytes


class Places:
    """How many visits go on, in all and for each organisation."""

    def __init__(self) -> None:
        self._taken: Counter[str] = Counter()
        self._lock = threading.Lock()

    @contextmanager
    def place(self, *, subject: str) -> Iterator[None]:
        """Hold a place during a visit, and no connection to the database meanwhile.

        Args:
            subject: whose visit it is.

        Raises:
            Crowded: there is none now; nobody waits for one, since waiting holds a thread as well.
        """
        with self._lock:
            if self._taken.total() >= MOST_AT_ONCE or self._taken[subject] >= MOST_FOR_ONE:
                raise Crowded("too many at once")
            self._taken[subject] += 1
        try:
            if connection.vendor == "postgresql" and not connection.in_atomic_block:
                connection.close()
            yield
        finally:
            with self._lock:
                self._taken[subject] -= 1
                self._taken += Counter()


PLACES = Places()


def permitted(*, host: str, web: Web) -> list[str]:
    """Return the addresses of a host, all of which may be asked.

    Args:
        host: in normal form, or an IP address.
        web: how hosts are found, and which addresses are permitted.

    Raises:
        AddressInside: one of them may not.
        Unvisited: there is none.
    """
    found = web.find(host)
    if not found:
        raise Unvisited("no address")
    if not all(web.permits(address) for address in found):
        raise AddressInside(host)
    return found


def ask(*, url: str, web: Web, most_bytes: int, form: Mapping[str, str] | None = None, headers: Mapping[str, str] | None = None) -> Answer:
    """Return what a server answers to one request; a redirect is an answer like any other, and is not followed.

    Args:
        url: what is asked for.
        web: how hosts are found and reached.
        most_bytes: a longer answer is none.
        form: what is posted; without it the address is read.
        headers: sent along.

    Raises:
        AddressInside: the host leads to an address that is not permitted.
        Crowded: too many are asked at once.
        Unvisited: no answer in time, too long a one, or no trusted certificate.
    """
    target = URL(url)
    host = target.host or ""

    async def visit(found: list[str], until: float) -> Answer:
        async with connected(host=host, found=found, web=web, until=until) as session:
            kind = "GET" if form is None else "POST"
            async with session.request(kind, target, data=form, headers=headers, allow_redirects=False) as answer:
                return Answer(status=answer.status, body=await bounded(answer, most_bytes=most_bytes))

    try:
        with PLACES.place(subject=web.subject):
            until = time.monotonic() + web.wait_seconds
            return asyncio.run(visit(permitted(host=host, web=web), until))
    except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
        raise Unvisited(type(error).__name__) from error


@asynccontextmanager
async def connected(*, host: str, found: list[str], web: Web, until: float) -> AsyncIterator[aiohttp.ClientSession]:
    """Yield a session that reaches this host at these addresses, and nothing else; it is over when the visit's time is.

    Args:
        host: which.
        found: its addresses, judged.
        web: whom it trusts.
        until: when it is over, by the monotonic clock.

    Raises:
        TimeoutError: it is over.
    """
    left = until - time.monotonic()
    if left <= 0:
        raise TimeoutError
    opened: list[socket.socket] = []

    def opens(info: aiohttp.AddrInfoType) -> socket.socket:
        opened.append(socket.socket(*info[:3]))
        return opened[-1]

    connector = aiohttp.TCPConnector(
        resolver=_Pinned(host, found), ssl=web.trusted or _system(), use_dns_cache=False, force_close=True, socket_factory=opens
    )
    try:
        async with (
            asyncio.timeout(left),
            aiohttp.ClientSession(
                connector=connector,
                trust_env=False,
                auto_decompress=False,
                cookie_jar=aiohttp.DummyCookieJar(),
                headers={"User-Agent": "Conclave", "Accept-Encoding": "identity"},
                max_line_size=LONGEST_LINE,
                max_field_size=LONGEST_LINE,
            ) as session,
        ):
            yield session
    finally:
        await _closed(opened)


async def _closed(opened: list[socket.socket]) -> None:
    """Let what was opened close before the loop ends; a server that does not answer to the end of TLS is not waited for (RFC 8446 §6.1)."""
    for one in opened:
        with suppress(OSError):
            one.shutdown(socket.SHUT_RDWR)
    for _turn in range(CLOSING_TURNS):
        if all(one.fileno() < 0 for one in opened):
            return
        await asyncio.sleep(TURN_SECONDS)


async def bounded(answer: aiohttp.ClientResponse, *, most_bytes: int) -> bytes:
    """Return an answer's body.

    Args:
        answer: of which.
        most_bytes: how much of it is read.

    Raises:
        Unvisited: it is longer.
    """
    body = b""
    async for piece in answer.content.iter_any():
        body += piece
        if len(body) > most_bytes:
            raise Unvisited("too long")
    return body


@cache
def _system() -> ssl.SSLContext:
    """Return whom this machine trusts; reading that takes longer than most visits."""
    return ssl.create_default_context()


class _Pinned(AbstractResolver):
    """Knows one host, by the addresses that were judged."""

    def __init__(self, host: str, found: list[str]) -> None:
        self._host, self._found = host, found

    async def resolve(self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC) -> list[ResolveResult]:  # noqa: ARG002
        """Return the addresses, for this host only."""
        if host != self._host:
            raise OSError("another host")
        return [
            ResolveResult(
                hostname=host,
                host=address,
                port=port,
                family=socket.AF_INET6 if ":" in address else socket.AF_INET,
                proto=0,
                flags=socket.AI_NUMERICHOST,
            )
            for address in self._found
        ]

    async def close(self) -> None:
        """Nothing is open."""

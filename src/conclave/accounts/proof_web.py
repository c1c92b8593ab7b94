"""Looking for a claim's token on the domain's web server, without being led anywhere else.

Whoever claims a domain chooses where its name leads, so the name is looked up once, every address must be on the public internet, and the
connection goes to those addresses only: what the name says a moment later changes nothing. Redirects stay on the same https host; time and
size are bounded; the certificate must be the domain's.
"""

import asyncio
import ipaddress
import socket
import ssl
from collections.abc import Callable
from dataclasses import dataclass

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from yarl import URL

from conclave.accounts.challenge import PATH, Outcome, judged

WAIT_SECONDS = 6.0
MOST_BYTES = 4096
MOST_REDIRECTS = 3
LONGEST_LINE = 4096
HTTPS = 443
CLOSING_SECONDS = 0.05
# IPv6 addresses that carry an IPv4 address, which might be any: translated (RFC 6052), and the old IPv4-compatible ones.
_CARRIERS = tuple(ipaddress.ip_network(net) for net in ("64:ff9b::/96", "64:ff9b:1::/48", "::/96"))


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


def look_on_web(*, domain: str, token: str, web: Web) -> Outcome:
    """Return what the domain's web server shows.

    Args:
        domain: in normal form.
        token: what has to be there, in a line of its own.
        web: how hosts are found and reached.
    """
    found = web.find(domain)
    if not found:
        return Outcome.UNREACHABLE
    if not all(web.permits(address) for address in found):
        return Outcome.ADDRESS
    try:
        return asyncio.run(_visit(domain=domain, token=token, found=found, web=web))
    except aiohttp.ClientSSLError:
        return Outcome.CERTIFICATE
    except (aiohttp.ClientError, TimeoutError, OSError, ValueError):
        return Outcome.UNREACHABLE


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


async def _visit(*, domain: str, token: str, found: list[str], web: Web) -> Outcome:
    """Ask, and let what was opened close before the loop ends."""
    try:
        return await _look(domain=domain, token=token, found=found, web=web)
    finally:
        await asyncio.sleep(CLOSING_SECONDS)


async def _look(*, domain: str, token: str, found: list[str], web: Web) -> Outcome:
    """Ask, following redirects on the same host."""
    connector = aiohttp.TCPConnector(
        resolver=_Pinned(domain, found), ssl=web.trusted or ssl.create_default_context(), use_dns_cache=False, force_close=True
    )
    url = URL.build(scheme="https", host=domain, port=web.port, path=PATH)
    async with (
        asyncio.timeout(web.wait_seconds),
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
        for _hop in range(MOST_REDIRECTS + 1):
            async with session.get(url, allow_redirects=False) as answer:
                if answer.status in {301, 302, 303, 307, 308}:
                    target = url.join(URL(answer.headers.get("Location", "")))
                    if (target.scheme, target.host, target.port) != ("https", domain, web.port) or target.user or target.password:
                        return Outcome.REDIRECT
                    url = target
                    continue
                return await _read(answer, token=token)
    return Outcome.REDIRECT


async def _read(answer: aiohttp.ClientResponse, *, token: str) -> Outcome:
    """Judge an answer that is no redirect."""
    if answer.status != 200:
        return Outcome.ABSENT
    body = b""
    async for piece in answer.content.iter_any():
        body += piece
        if len(body) > MOST_BYTES:
            return Outcome.TOO_LONG
    return judged(texts=body.decode("utf-8", "replace").splitlines(), token=token)

"""Looking for a claim's token on the domain's web server, by the rule of visit.py; redirects stay on the same https host."""

import asyncio
import time

import aiohttp
from yarl import URL

from conclave.accounts.challenge import PATH, Outcome, judged
from conclave.accounts.visit import AddressInside, Unvisited, Web, bounded, connected, permitted

MOST_BYTES = 4096
MOST_REDIRECTS = 3


def look_on_web(*, domain: str, token: str, web: Web) -> Outcome:
    """Return what the domain's web server shows.

    Args:
        domain: in normal form.
        token: what has to be there, in a line of its own.
        web: how hosts are found and reached.
    """
    try:
        until = time.monotonic() + web.wait_seconds
        return asyncio.run(_look(domain=domain, token=token, found=permitted(host=domain, web=web), web=web, until=until))
    except AddressInside:
        return Outcome.ADDRESS
    except aiohttp.ClientSSLError:
        return Outcome.CERTIFICATE
    except (Unvisited, aiohttp.ClientError, TimeoutError, OSError, ValueError):
        return Outcome.UNREACHABLE


async def _look(*, domain: str, token: str, found: list[str], web: Web, until: float) -> Outcome:
    """Ask, following redirects on the same host."""
    url = URL.build(scheme="https", host=domain, port=web.port, path=PATH)
    async with connected(host=domain, found=found, web=web, until=until) as session:
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
    try:
        body = await bounded(answer, most_bytes=MOST_BYTES)
    except Unvisited:
        return Outcome.TOO_LONG
    return judged(texts=body.decode("utf-8", "replace").splitlines(), token=token)

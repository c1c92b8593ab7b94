"""TURN over TLS on the port of the pages, for browsers that reach nothing else: who gets it, and with what words (JOIN-10, JOIN-13)."""

import hashlib
import ipaddress
from dataclasses import dataclass
from urllib.parse import urlsplit

from conclave.config import Config, is_own_address
from conclave.kernel.clock import SECOND
from conclave.media.credentials import EngineCredentials

# As long as a call may have to find another way to the engine. What it opens anybody may send to: the engine's media port (JOIN-13).
LIFETIME_SECONDS = 24 * 3600
HTTPS = 443
_SIGNS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"


@dataclass(frozen=True, slots=True, kw_only=True)
class IceServer:
    """A TURN server as browsers take it; what it is asked with is kept out of every representation."""

    urls: str
    username: str
    credential: str

    def __repr__(self) -> str:
        return f"IceServer(urls={self.urls!r})"


def is_offered(*, config: Config) -> bool:
    """Tell whether this server offers TURN: it ends TLS itself, and media reaches an IPv4 address of this very machine.

    The engine's relay is bound to loopback, from where the system lets it reach this machine and no other. With several regions one port
    cannot tell whose engine is meant, and no region's media may pass another's (REG-7): each names a TURN server of its own, or has none.

    Args:
        config: the operator's settings.
    """
    if config.regions or not config.tls:
        return False
    return ipaddress.ip_address(config.node_address).version == 4 and is_own_address(config.node_address)


def own_url(*, public_url: str) -> str:
    """Return where browsers ask for TURN on the port of the pages.

    Args:
        public_url: the address that people type.
    """
    site = urlsplit(public_url)
    host = f"[{site.hostname}]" if ":" in (site.hostname or "") else site.hostname
    return f"turns:{host}:{site.port or HTTPS}?transport=tcp"


def ice_server(*, urls: str, participant: str, credentials: EngineCredentials, now: int) -> IceServer:
    """Return the TURN server for one participant, with credentials as the engine computes them (JOIN-13).

    Args:
        urls: where the region's engine, and no other's, offers TURN.
        participant: the participant's id.
        credentials: the key pair of the region's engine.
        now: the time from which it holds, in milliseconds.

    Returns:
        The server, its user name and its password.
    """
    end = now // SECOND + LIFETIME_SECONDS
    password = hashlib.sha256(f"{credentials.secret}|{participant}|{end}".encode()).digest()
    return IceServer(
        urls=urls,
        username=_base62(f"{credentials.key}|{participant}|{end}".encode()),
        credential=_base62(password),
    )


def _base62(data: bytes) -> str:
    """Return bytes as the engine writes them: six bits a sign from the end, five where six would not fit into 62 signs."""
    rest, bits, text = int.from_bytes(data, "big"), len(data) * 8, []
    while bits > 0:
        sign, size = rest & 0b111111, 6
        if sign & 0b11110 == 0b11110:
            size = 5 if bits > 6 or sign > 0b11111 else 6
            sign &= 0b11111
        text.append(_SIGNS[sign])
        rest, bits = rest >> size, bits - size
    return "".join(text)

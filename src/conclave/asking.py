"""Asking the server and the machine that run here how they are, without Django and without a proxy."""

import contextlib
import ctypes
import http.client
import ipaddress
import json
import socket
import urllib.error
import urllib.request
from pathlib import Path
from urllib.parse import urlsplit

# The server itself waits some seconds for an engine that hangs.
ANSWER_SECONDS = 10.0
# What adjtimex(2) answers while nobody keeps the clock; its structure is smaller than this.
TIME_ERROR, TIMEX_BYTES = 5, 512


def dialled(*, host: str) -> str:
    """Return where to ask a server that listens on this address.

    Args:
        host: as the settings say it.
    """
    loopback = {"0.0.0.0": "127.0.0.1", "::": "[::1]", "": "127.0.0.1"}  # noqa: S104 - compared, not listened on
    return loopback.get(host, f"[{host}]" if ":" in host else host)


def ask_json(*, url: str, through: Path | None = None) -> dict[str, object] | None:
    """Return what a health page answers, None when nothing does.

    Args:
        url: the page's address.
        through: behind our TLS server only this socket file leads to it.
    """
    try:
        with _open_file(through, urlsplit(url).path) if through else open_page(url=url) as answer:
            body = answer.read()
    except urllib.error.HTTPError as error:
        body = error.read()
    except OSError:
        return None
    with contextlib.suppress(ValueError):
        found: dict[str, object] = json.loads(body)
        return found
    return None


def open_page(*, url: str) -> contextlib.closing[http.client.HTTPResponse]:
    """Ask this machine, or a private network, never a proxy.

    Args:
        url: where.

    Raises:
        OSError: nobody answers.
    """
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    return contextlib.closing(opener.open(url, timeout=ANSWER_SECONDS))


def _open_file(path: Path, page: str) -> contextlib.closing[http.client.HTTPResponse]:
    """Ask the gateway behind a socket file."""
    connection = http.client.HTTPConnection("localhost")
    connection.sock = socket.socket(socket.AF_UNIX)
    connection.sock.settimeout(ANSWER_SECONDS)
    try:
        connection.sock.connect(str(path))
    except OSError:
        connection.close()
        raise
    connection.request("GET", page, headers={"Connection": "close"})
    return contextlib.closing(connection.getresponse())


def clock_is_kept() -> bool:
    """Tell whether the kernel says that its clock is kept; where the system cannot be asked, it is taken to be."""
    with contextlib.suppress(AttributeError, OSError):
        return bool(ctypes.CDLL(None).adjtimex(ctypes.create_string_buffer(TIMEX_BYTES)) != TIME_ERROR)
    return True


def own_addresses() -> list[str]:
    """Return the addresses this machine would use towards others; nothing is sent to find out."""
    found = []
    for family, far in ((socket.AF_INET, "192.0.2.1"), (socket.AF_INET6, "2001:db8::1")):
        with contextlib.suppress(OSError), socket.socket(family, socket.SOCK_DGRAM) as probe:
            probe.connect((far, 9))
            found.append(str(probe.getsockname()[0]))
    return [address for address in found if not ipaddress.ip_address(address).is_loopback]

"""The servers of others that this one is told to use, read from one line each: where mail is handed over, and where PostgreSQL answers."""

import re
from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import parse_qsl, unquote, urlsplit

POSTGRESQL = 5432
TLS_MODES = ("disable", "allow", "prefer", "require", "verify-ca", "verify-full")


@dataclass(frozen=True, slots=True, kw_only=True)
class MailServer:
    """Where mail is handed over; the password is never sent without TLS but to this machine itself."""

    host: str
    port: int
    user: str
    password: str = field(repr=False)
    tls: Literal["at_once", "starttls", "none"]


def mail_server(address: str) -> MailServer | None:
    """Return what the setting `mail` says, None when it cannot be read.

    Args:
        address: smtp://… (TLS is demanded by STARTTLS, but on loopback) or smtps://… (TLS from the first byte).
    """
    try:
        url = urlsplit(address)
        port = url.port or {"smtp": 587, "smtps": 465}[url.scheme]
    except (ValueError, KeyError):
        return None
    if not url.hostname or url.path not in {"", "/"} or url.query or url.fragment:
        return None
    tls: Literal["at_once", "starttls", "none"] = "starttls"
    if url.scheme == "smtps":
        tls = "at_once"
    elif url.hostname in {"localhost", "127.0.0.1", "::1"}:
        tls = "none"
    return MailServer(host=url.hostname, port=port, user=unquote(url.username or ""), password=unquote(url.password or ""), tls=tls)


@dataclass(frozen=True, slots=True, kw_only=True)
class DatabaseServer:
    """Where PostgreSQL answers; without a host, on this machine's own socket."""

    host: str
    port: int
    user: str
    password: str = field(repr=False)
    name: str
    tls: str


def database_server(address: str) -> DatabaseServer | None:
    """Return what the setting `database` says, None when it cannot be read.

    Args:
        address: postgresql://…/NAME; to another machine TLS is demanded, unless sslmode says otherwise.
    """
    try:
        url = urlsplit(address)
        port = url.port or POSTGRESQL
        asked = dict(parse_qsl(url.query, strict_parsing=True)) if url.query else {}
    except ValueError:
        return None
    name = unquote(url.path.removeprefix("/"))
    host = url.hostname or ""
    tls = asked.pop("sslmode", "prefer" if host in {"", "localhost", "127.0.0.1", "::1"} else "require")
    if url.scheme != "postgresql" or not re.fullmatch(r"[\w-]{1,63}", name) or url.fragment or asked or tls not in TLS_MODES:
        return None
    return DatabaseServer(host=host, port=port, user=unquote(url.username or ""), password=unquote(url.password or ""), name=name, tls=tls)

"""What PostgreSQL says where it is used instead of a file, for whoever looks at the server without Django."""

import contextlib
from typing import Any, LiteralString

from conclave.archive import LIBRARIES, WITNESSES
from conclave.servers import database_server

PATIENCE_SECONDS = 10


def applied(*, address: str) -> dict[str, list[str]]:
    """Return which changes the database has had, by domain, in order.

    Args:
        address: the setting `database`, which was checked.

    Raises:
        ConnectionError: PostgreSQL does not answer, or not to us.
    """
    found: dict[str, list[str]] = {}
    if rows(address=address, query="SELECT to_regclass('django_migrations')") == [(None,)]:
        return {}
    for domain, name in rows(address=address, query="SELECT app, name FROM django_migrations ORDER BY id"):
        if domain not in LIBRARIES:
            found.setdefault(domain, []).append(name)
    return found


def witness_failures(*, address: str) -> list[tuple[str, str]]:
    """Return the key of each witness of the ledger and what was wrong with its last answer; none where that cannot be told.

    Args:
        address: the setting `database`, which was checked.
    """
    with contextlib.suppress(ConnectionError):
        return [(str(vkey), str(failure)) for vkey, failure in rows(address=address, query=WITNESSES)]
    return []


def rows(*, address: str, query: LiteralString) -> list[tuple[Any, ...]]:
    """Return what it answers to a query.

    Args:
        address: the setting `database`, which was checked.
        query: SQL, as it stands in the code.

    Raises:
        ConnectionError: PostgreSQL does not answer, or not to us, or has no such table.
    """
    import psycopg

    server = database_server(address)
    assert server is not None  # noqa: S101 - config.load() read it
    way = {"host": server.host, "user": server.user, "password": server.password, "dbname": server.name, "port": str(server.port)}
    asked = psycopg.conninfo.make_conninfo("", **{name: value for name, value in way.items() if value})
    try:
        with psycopg.connect(asked, sslmode=server.tls, connect_timeout=PATIENCE_SECONDS) as database:
            return database.execute(query).fetchall()
    except psycopg.Error as error:
        raise ConnectionError(type(error).__name__) from None

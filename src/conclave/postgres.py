"""What PostgreSQL says where it is used instead of a file, for whoever looks at the server without Django."""

from conclave.archive import LIBRARIES
from conclave.servers import database_server

PATIENCE_SECONDS = 10


def applied(*, address: str) -> dict[str, list[str]]:
    """Return which changes the database has had, by domain, in order.

    Args:
        address: the setting `database`, which was checked.

    Raises:
        ConnectionError: PostgreSQL does not answer, or not to us.
    """
    import psycopg

    server = database_server(address)
    assert server is not None  # noqa: S101 - config.load() read it
    way = {"host": server.host, "user": server.user, "password": server.password, "dbname": server.name, "port": str(server.port)}
    asked = psycopg.conninfo.make_conninfo("", **{name: value for name, value in way.items() if value})
    found: dict[str, list[str]] = {}
    try:
        with psycopg.connect(asked, sslmode=server.tls, connect_timeout=PATIENCE_SECONDS) as database:
            if database.execute("SELECT to_regclass('django_migrations')").fetchone() == (None,):
                return {}
            for domain, name in database.execute("SELECT app, name FROM django_migrations ORDER BY id"):
                if domain not in LIBRARIES:
                    found.setdefault(domain, []).append(name)
    except psycopg.Error as error:
        raise ConnectionError(type(error).__name__) from None
    return found

"""Where somebody comes from: two databases that must agree, and nothing else (ORD-3, ORD-6). No look-up leaves this machine.

What is read are the two files that databases.json names with their hashes. One that is missing, broken or another one than it says tells
nothing, and then nobody is anywhere. Of an address only the country is returned, never the address.
"""

import hashlib
import io
import ipaddress
import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import maxminddb
import structlog
from django.conf import settings

from conclave.gate.policy import NOWHERE, Confidence, Evidence
from conclave.kernel.territories import CODES

LIST = "databases.json"
DATABASES = 2
# What databases say of an address behind which somebody else may be.
HIDDEN = frozenset(
    {"is_anonymous", "is_anonymous_proxy", "is_anonymous_vpn", "is_hosting_provider", "is_public_proxy", "is_residential_proxy"}
    | {"is_satellite_provider", "is_tor_exit_node"}
)
_log = structlog.get_logger("conclave.geo")
State = tuple[tuple[int, int, int], ...]


@dataclass(frozen=True, slots=True)
class _Database:
    """One database in memory."""

    reader: maxminddb.Reader
    digest: str
    built_at: int


class _Content(io.BytesIO):
    """The bytes that were hashed, as the reader takes them."""

    name = "memory"


class Geo:
    """The databases of one folder, read again when a file has changed."""

    def __init__(self, folder: Path) -> None:
        """Read nothing yet."""
        self._folder = folder
        self._lock = threading.Lock()
        self._state: State | None = None
        self._databases: tuple[_Database, ...] = ()

    def locate(self, *, address: str) -> Evidence:
        """Return where an address is.

        Args:
            address: as the gateway sees it (address.py); anything else is nowhere.
        """
        databases = self._current()
        try:
            known = ipaddress.ip_address(address)
        except ValueError:
            return NOWHERE
        if isinstance(known, ipaddress.IPv6Address) and known.ipv4_mapped is not None:
            known = known.ipv4_mapped
        if len(databases) != DATABASES:
            return NOWHERE
        try:
            found = [_said(database.reader.get(known)) for database in databases]
        except (maxminddb.InvalidDatabaseError, ValueError, IndexError):
            return NOWHERE
        both = hashlib.sha256("\n".join(database.digest for database in databases).encode()).hexdigest()
        # Of two dates the older one: that is how old the answer may be.
        unknown = Evidence(database=both, built_at=min(database.built_at for database in databases))
        countries = {country for country, _hidden in found}
        if countries == {""}:
            return unknown
        sure = len(countries) == 1 and countries <= CODES and not any(hidden for _country, hidden in found)
        if not sure:
            return replace(unknown, confidence=Confidence.LOW)
        return replace(unknown, country=countries.pop(), confidence=Confidence.HIGH)

    def works(self) -> bool:
        """Tell whether both databases are there, as doctor asks."""
        return len(self._current()) == DATABASES

    def _current(self) -> tuple[_Database, ...]:
        """Return the databases as they are on disk now."""
        state = self._stated()
        with self._lock:
            if state != self._state:
                self._state, self._databases = state, self._read() if state is not None else ()
            return self._databases

    def _named(self) -> Iterator[tuple[Path, str]]:
        """Yield each file that the list names, and its hash."""
        for one in json.loads((self._folder / LIST).read_text(encoding="utf-8"))["databases"]:
            yield self._folder / one["file"], one["sha256"]

    def _stated(self) -> State | None:
        """Return what changes when a file does; None when one is missing."""
        try:
            stats = [path.stat() for path in (self._folder / LIST, *(path for path, _digest in self._named()))]
        except (OSError, ValueError, KeyError, TypeError):
            return None
        return tuple((one.st_mtime_ns, one.st_size, one.st_ino) for one in stats)

    def _read(self) -> tuple[_Database, ...]:
        """Read the databases; none if one is not what the list says."""
        read = []
        try:
            for path, digest in self._named():
                content = path.read_bytes()
                if hashlib.sha256(content).hexdigest() != digest:
                    _log.error("geo database is another one", file=path.name)
                    return ()
                reader = maxminddb.open_database(_Content(content), maxminddb.MODE_FD)
                read.append(_Database(reader, digest, reader.metadata().build_epoch))
        except (OSError, ValueError, KeyError, TypeError, maxminddb.InvalidDatabaseError) as error:
            _log.error("geo database unreadable", error=type(error).__name__)
            return ()
        return tuple(read)


def _said(record: object) -> tuple[str, bool]:
    """Return the country of a record, in any of the two forms that there are, and whether it says that somebody may be hidden."""
    if not isinstance(record, dict):
        return "", False
    country = record.get("country")
    code = country.get("iso_code") if isinstance(country, dict) else record.get("country_code")
    traits = record.get("traits")
    flags = {**record, **(traits if isinstance(traits, dict) else {})}
    return str(code or ""), any(flags.get(flag) for flag in HIDDEN)


_geo: dict[Path, Geo] = {}


def locate(*, address: str) -> Evidence:
    """Return where an address is, by this installation's databases.

    Args:
        address: as the gateway sees it.
    """
    folder = settings.CONCLAVE.geo_dir
    return _geo.setdefault(folder, Geo(folder)).locate(address=address)


def works() -> bool:
    """Tell whether this installation has both databases."""
    folder = settings.CONCLAVE.geo_dir
    return _geo.setdefault(folder, Geo(folder)).works()

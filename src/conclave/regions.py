"""The regions of an installation as its settings name them: where each one's media engine stands, and where browsers reach its media.

Standard library only: the command line reads it before Django is loaded. Whether a call may be held in one is media/policy.py's to say.
"""

import ipaddress
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

NAME = r"[a-z0-9][a-z0-9-]{0,31}"
TERRITORY = r"[A-Z]{2}"
TURN = r"turns?:[A-Za-z0-9.\-\[\]:]{1,260}(\?transport=(tcp|udp))?"
# Between the ports of one region's engine and those of the next one's, on the same machine.
PORTS_APART = 10
TEXTS = ("territory", "engine", "node_address", "addresses", "turn")
NUMBERS = ("engine_port", "media_tcp_port", "media_udp_port", "capacity")


class RegionsError(ValueError):
    """The regions cannot be used as they are named; the message is one sentence for the person who runs the server."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RegionSettings:
    """One region. Its engine is started by this server, on the ports named here, unless `engine` says where another stands."""

    name: str
    territory: str = ""
    engine: str = ""
    engine_port: int
    media_tcp_port: int
    media_udp_port: int
    node_address: str
    addresses: tuple[str, ...]
    turn: str = ""
    # How many people may be in its calls at once with full picture; 0 sets no limit.
    capacity: int = 0

    @property
    def here(self) -> bool:
        """Whether this server starts its engine."""
        return not self.engine

    @property
    def engine_host(self) -> str:
        """Where its engine answers, on loopback or a private network."""
        return self.engine or f"127.0.0.1:{self.engine_port}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ports:
    """The ports of the first region's engine, and the address that browsers reach all engines of this machine by."""

    engine: int
    media_tcp: int
    media_udp: int
    node_address: str


def read(raw: object, *, ports: Ports) -> tuple[RegionSettings, ...]:
    """Return the regions that a setting names, in its order, by which they are chosen.

    Args:
        raw: tables by region's name, as a file has them; or names with commas between, whose engines are started on this machine.
        ports: what the settings outside of any region say.

    Raises:
        RegionsError: they cannot be used.
    """
    if isinstance(raw, str):
        names = [name.strip() for name in raw.split(",") if name.strip()]
        if len(set(names)) != len(names):
            raise RegionsError(f"The setting 'regions' names one twice: {raw!r}.")
        # A name of two letters is taken for its territory: this form is for trying regions out.
        raw = {name: {"territory": name.upper()} if re.fullmatch(r"[a-z]{2}", name) else {} for name in names}
    if not isinstance(raw, Mapping):
        raise RegionsError("The setting 'regions' must be tables like [regions.fr], or names with commas between.")
    found = tuple(_region(str(name), table, place=place, ports=ports) for place, (name, table) in enumerate(raw.items()))
    _check_ports(found)
    return found


def allowed(text: str, *, regions: tuple[RegionSettings, ...]) -> frozenset[str]:
    """Return the names of the regions in which calls may be held at all.

    Args:
        text: names with commas between.
        regions: all that there are.

    Raises:
        RegionsError: one of them does not exist, or none is named: an empty list allows nothing (REG-2).
    """
    named = frozenset(name.strip() for name in text.split(",") if name.strip())
    unknown = named - {region.name for region in regions}
    if unknown:
        raise RegionsError(f"The setting 'allowed_regions' names '{min(unknown)}', which is no region of this server.")
    if not named:
        raise RegionsError("Say in 'allowed_regions' in which of the regions calls may be held: naming one here does not open it.")
    return named


def _region(name: str, table: object, *, place: int, ports: Ports) -> RegionSettings:
    """Return one region."""
    where = f"regions.{name}"
    if not re.fullmatch(NAME, name):
        raise RegionsError(f"A region's name must be short lower-case letters, digits and dashes, not {name!r}.")
    if not isinstance(table, Mapping):
        raise RegionsError(f"'{where}' must be a table.")
    given: dict[str, Any] = {key: _value(f"{where}.{key}", key, value) for key, value in table.items()}
    if given.get("engine") and "addresses" not in given:
        raise RegionsError(f"'{where}' has an engine elsewhere: say in 'addresses' where browsers reach its media.")
    node, apart = given.get("node_address", ports.node_address), place * PORTS_APART
    follows: dict[str, Any] = {
        "engine_port": ports.engine + apart,
        "media_tcp_port": ports.media_tcp + apart,
        "media_udp_port": ports.media_udp + apart,
        "node_address": node,
    }
    addresses = tuple(one.strip() for one in given.get("addresses", node).split(",") if one.strip())
    region = RegionSettings(name=name, **(follows | given | {"addresses": addresses}))
    _check(region, where)
    return region


def _value(where: str, key: str, value: object) -> object:
    """Return one value of a table, or refuse it."""
    if key == "redis":  # without the value: it may have a password
        raise RegionsError(
            f"'{where}' is no setting any more: by a Redis machines join that the public ledger does not name. "
            "Make each further engine a region of its own in the same territory."
        )
    if key in TEXTS and isinstance(value, str):
        return value
    if key in NUMBERS and isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 10**9:
        return value
    if key in TEXTS or key in NUMBERS:
        raise RegionsError(f"'{where}' must be {'text' if key in TEXTS else 'a whole number'}, not {value!r}.")
    raise RegionsError(f"Unknown setting '{where}'; a region has: {', '.join((*TEXTS, *NUMBERS))}.")


def _check(region: RegionSettings, where: str) -> None:
    """Raise RegionsError when something of a region is out of range."""
    if region.territory and not re.fullmatch(TERRITORY, region.territory):
        raise RegionsError(f"'{where}.territory' must be a code like FR, not {region.territory!r}.")
    for address in (region.node_address, *region.addresses):
        try:
            ipaddress.ip_address(address)
        except ValueError as error:
            raise RegionsError(f"'{where}' must name IP addresses, not {address!r}.") from error
    if not region.addresses:
        raise RegionsError(f"'{where}.addresses' names none.")
    if region.engine and not _is_place(region.engine):
        raise RegionsError(f"'{where}.engine' must be like 10.8.0.2:7880, not {region.engine!r}.")
    if region.turn and not re.fullmatch(TURN, region.turn):
        raise RegionsError(f"'{where}.turn' must be like turns:turn.example.org:443?transport=tcp, not {region.turn!r}.")


def _check_ports(regions: tuple[RegionSettings, ...]) -> None:
    """Raise RegionsError when engines on this machine would take each other's ports."""
    here = [region for region in regions if region.here]
    tcp = [port for region in here for port in (region.engine_port, region.media_tcp_port)]
    udp = [(region.node_address, region.media_udp_port) for region in here]
    if any(not 1 <= port <= 65535 for port in (*tcp, *(port for _, port in udp))):
        raise RegionsError("The ports of each region must be from 1 to 65535.")
    if len(set(tcp)) != len(tcp) or len(set(udp)) != len(udp):
        raise RegionsError("Each region whose engine this server starts needs ports of its own.")


def _is_place(text: str) -> bool:
    """Tell whether this is a host and a port, and nothing else."""
    try:
        parts = urlsplit(f"//{text}")
        return bool(parts.hostname and parts.port) and not (parts.path or parts.query or parts.fragment or parts.username)
    except ValueError:
        return False

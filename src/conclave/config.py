"""The settings of one server: what may be set, where it is read from, and what each one means.

Standard library only: the command line reads it before Django is loaded.
"""

import ipaddress
import os
import re
import socket
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import get_type_hints
from urllib.parse import urlsplit

from conclave.described import DESCRIPTIONS
from conclave.regions import NAME, TERRITORY, Ports, RegionsError, RegionSettings, allowed, read
from conclave.servers import database_server, mail_server

ROOT = Path(__file__).resolve().parents[2]
ENV_PREFIX = "CONCLAVE_"
ENV_FILE = "CONCLAVE_CONFIG"
HTTPS = 443
DNS = 53
DOMAIN = r"(?=.{1,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]([a-z0-9-]{0,61}[a-z0-9])?"
ADDRESS = r"[^\s@:/?&#<>\",;]{1,64}@[^\s@:/?&#<>\",;]{1,253}"
WITNESS = r"https?://[^\s,+]{1,500} [^\s,+]{1,200}\+[0-9a-f]{8}\+[A-Za-z0-9+/=]{44}"
CONTACT = r"[^\s@:/?&#<>\"]{1,64}@[^\s@:/?&#<>\"]{1,253}|https://[^\s<>\"@]{1,253}"
ANYWHERE = "192.0.2.1"  # kept for documentation (RFC 5737): routed like any other, belongs to nobody


class ConfigError(Exception):
    """A setting cannot be used; the message is one sentence for the person who runs the server."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """What the operator decided; every field is described in DESCRIPTIONS."""

    state_dir: Path = ROOT / "var"
    database: str = ""
    domain: str = ""
    lan: bool = False
    http_host: str = "127.0.0.1"
    http_port: int = 8000
    https_port: int = 443
    acme_directory: str = "https://acme-v02.api.letsencrypt.org/directory"
    acme_root: str = ""
    engine_port: int = 7880
    media_tcp_port: int = 7881
    media_udp_port: int = 7882
    turn_port: int = 7883
    node_address: str = "127.0.0.1"
    public_url: str = "http://localhost:8000"
    contact: str = ""
    weekly_session: str = ""
    mail: str = ""
    mail_from: str = ""
    sign_up: bool = False
    resolvers: str = "9.9.9.9, 1.1.1.1"
    sso_networks: str = ""
    establishment: str = ""
    order_policy: str = "judicial_only"
    geo_dir: Path = ROOT / "deploy" / "geo"
    region: str = "local"
    territory: str = ""
    regions: tuple[RegionSettings, ...] = ()
    allowed_regions: str = ""
    witnesses: str = ""
    witness_quorum: int = 0

    @property
    def all_regions(self) -> tuple[RegionSettings, ...]:
        """Every region of this installation, in the order in which they are chosen."""
        alone = RegionSettings(
            name=self.region,
            territory=self.territory,
            engine_port=self.engine_port,
            media_tcp_port=self.media_tcp_port,
            media_udp_port=self.media_udp_port,
            node_address=self.node_address,
            addresses=(self.node_address,),
        )
        return self.regions or (alone,)

    @property
    def platform_regions(self) -> frozenset[str]:
        """The names of the regions in which calls may be held at all; a region that is the only one is named by that."""
        return allowed(self.allowed_regions if self.regions else self.region, regions=self.all_regions)

    @property
    def resolver_addresses(self) -> tuple[tuple[str, int], ...]:
        """The resolvers, address and port of each."""
        return tuple(_resolver(one) for one in self.resolvers.split(","))

    @property
    def sso_network_addresses(self) -> tuple[ipaddress.IPv4Network | ipaddress.IPv6Network, ...]:
        """The networks of sso_networks."""
        return tuple(ipaddress.ip_network(one.strip()) for one in self.sso_networks.split(",") if one.strip())

    @property
    def established(self) -> frozenset[str]:
        """The countries of establishment."""
        return frozenset(one.strip() for one in self.establishment.split(",") if one.strip())

    @property
    def witness_addresses(self) -> tuple[tuple[str, str], ...]:
        """The witnesses of the ledger, address and key of each."""
        return tuple((url, key) for url, _, key in (one.strip().partition(" ") for one in self.witnesses.split(",")) if url)

    @property
    def tls(self) -> bool:
        """Whether this server ends TLS itself."""
        return bool(self.domain) or self.lan


def load(*, path: Path | None = None, env: Mapping[str, str] | None = None) -> Config:
    """Read conclave.toml, then CONCLAVE_* variables, which win.

    Args:
        path: the file to read; by default $CONCLAVE_CONFIG, else conclave.toml in the checkout, which may be absent.
        env: the environment; by default the process's own.

    Returns:
        The checked settings.

    Raises:
        ConfigError: a setting is unknown or its value cannot be used.
    """
    env = os.environ if env is None else env
    raw = _read_file(path or settings_file(env), required=bool(path or env.get(ENV_FILE)))
    raw.update(_read_env(env))
    types = get_type_hints(Config)
    named = raw.pop("regions", "")
    values = {name: _convert(name, value, types[name]) for name, value in raw.items()}
    config = _complete(Config(**values), given={name for name, value in values.items() if value})  # type: ignore[arg-type]
    config = _with_regions(config, named) if named else config
    _check(config)
    return config


def _with_regions(config: Config, named: object) -> Config:
    """Return the settings with the regions that they name; who names them in one line opens them all by it."""
    ports = Ports(
        engine=config.engine_port, media_tcp=config.media_tcp_port, media_udp=config.media_udp_port, node_address=config.node_address
    )
    try:
        config = replace(config, regions=read(named, ports=ports))
        if isinstance(named, str) and not config.allowed_regions:
            config = replace(config, allowed_regions=", ".join(region.name for region in config.regions))
        config.platform_regions  # noqa: B018 - read to be checked
    except RegionsError as error:
        raise ConfigError(str(error)) from error
    return config


def settings_file(env: Mapping[str, str] | None = None) -> Path:
    """Return where the settings are read from; the file may be absent.

    Args:
        env: the environment; by default the process's own.
    """
    named = (os.environ if env is None else env).get(ENV_FILE)
    return Path(named) if named else ROOT / "conclave.toml"


def _complete(config: Config, *, given: set[str]) -> Config:
    """Return the settings with what follows from domain or lan and was not given."""
    if config.domain and config.lan:
        raise ConfigError("The settings 'domain' and 'lan' exclude each other: choose who shall reach this server.")
    follows: dict[str, object] = {}
    if config.domain:
        everywhere = "::" if socket.has_dualstack_ipv6() else "0.0.0.0"  # noqa: S104 - a domain is for everybody
        follows = {"http_host": everywhere, "http_port": 80, "node_address": outgoing_address()}
    if config.lan:
        address = config.node_address if "node_address" in given else outgoing_address()
        follows = {"http_host": address, "https_port": 8443, "node_address": address}
    config = replace(config, **{name: value for name, value in follows.items() if name not in given})  # type: ignore[arg-type]
    return config if "public_url" in given else replace(config, public_url=_public_url(config))


def _public_url(config: Config) -> str:
    """Return the address that people type when none was given."""
    if not config.tls:
        return f"http://localhost:{config.http_port}"
    host = config.domain or (f"[{config.node_address}]" if ":" in config.node_address else config.node_address)
    return f"https://{host}" + ("" if config.https_port == HTTPS else f":{config.https_port}")


def outgoing_address() -> str:
    """Return the address of the interface by which this machine reaches others, 127.0.0.1 when there is none; nothing is sent."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect((ANYWHERE, 9))
        except OSError:
            return "127.0.0.1"
        return str(probe.getsockname()[0])


def is_own_address(address: str) -> bool:
    """Tell whether an IP address belongs to an interface of this machine."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as probe:
        try:
            probe.bind((address, 0))
        except OSError:
            return False
    return True


def _read_file(path: Path, *, required: bool) -> dict[str, object]:
    """Return the file's settings; an absent file that nobody asked for is empty."""
    if not path.exists():
        if required:
            raise ConfigError(f"The settings file {path} does not exist.")
        return {}
    try:
        raw: dict[str, object] = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(f"The settings file {path} cannot be read: {error.strerror}.") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ConfigError(f"The settings file {path} is not valid TOML: {error}.") from error
    for name in raw:
        _refuse_unknown(name, where=str(path))
    return raw


def _read_env(env: Mapping[str, str]) -> dict[str, object]:
    """Return the settings given as CONCLAVE_* variables."""
    found: dict[str, object] = {}
    for variable, value in env.items():
        if variable.startswith(ENV_PREFIX) and variable != ENV_FILE:
            name = variable.removeprefix(ENV_PREFIX).lower()
            _refuse_unknown(name, where=f"the environment ({variable})")
            found[name] = value
    return found


def _refuse_unknown(name: str, *, where: str) -> None:
    """Raise ConfigError when no setting has this name."""
    if name not in DESCRIPTIONS:
        raise ConfigError(f"Unknown setting '{name}' in {where}; the settings are: {', '.join(DESCRIPTIONS)}.")


def _convert(name: str, value: object, wanted: type) -> object:
    """Return the value as the field's type, or raise ConfigError."""
    if wanted is int:
        text = str(value)
        if isinstance(value, bool) or not re.fullmatch(r"[0-9]{1,9}", text):
            raise ConfigError(f"The setting '{name}' must be a whole number, not {value!r}.")
        return int(text)
    if wanted is bool:
        if str(value).lower() not in {"true", "false"}:
            raise ConfigError(f"The setting '{name}' must be true or false, not {value!r}.")
        return str(value).lower() == "true"
    if not isinstance(value, str):
        raise ConfigError(f"The setting '{name}' must be text, not {value!r}.")
    return _folder(name, value) if wanted is Path else value


def _folder(name: str, value: str) -> Path:
    """Return an absolute folder, or raise ConfigError."""
    try:
        return (ROOT / Path(value).expanduser()).resolve()
    except (OSError, RuntimeError, ValueError) as error:  # somebody's home who is not here, links in a circle, a zero byte
        raise ConfigError(f"The setting '{name}' must be a folder, not {value!r}.") from error


def _check(config: Config) -> None:
    """Raise ConfigError when settings are out of range or contradict each other."""
    ports = {one.name: getattr(config, one.name) for one in fields(config) if one.name.endswith("_port")}
    for name, port in ports.items():
        if not 1 <= port <= 65535:
            raise ConfigError(f"The setting '{name}' must be a port from 1 to 65535, not {port}.")
    engines = [port for one in config.all_regions if one.here for port in (one.engine_port, one.media_tcp_port)]
    ours = [config.https_port, *([] if config.regions else [config.turn_port])] if config.tls else []
    tcp = [config.http_port, *engines, *ours]
    if len(set(tcp)) != len(tcp):
        raise ConfigError(
            "http_port, engine_port, media_tcp_port and, with domain or lan, https_port and turn_port must be different ports."
        )
    try:
        ipaddress.ip_address(config.node_address)
    except ValueError as error:
        raise ConfigError(f"The setting 'node_address' must be an IP address, not {config.node_address!r}.") from error
    if config.domain and not re.fullmatch(DOMAIN, config.domain):
        raise ConfigError(f"The setting 'domain' must be a name like meet.example.org, in small letters, not {config.domain!r}.")
    if not _is_site(config.public_url):
        raise ConfigError(f"The setting 'public_url' must be like https://meet.example.org, not {config.public_url!r}.")
    url = urlsplit(config.public_url)
    if config.tls and (url.scheme != "https" or (config.domain and url.hostname != config.domain)):
        raise ConfigError(
            f"The setting 'public_url' must be an https address of {config.domain or 'this server'}, not {config.public_url!r}."
        )
    if urlsplit(config.acme_directory).scheme != "https":
        raise ConfigError(f"The setting 'acme_directory' must be an https address, not {config.acme_directory!r}.")
    _check_names(config)
    _check_resolvers(config)
    _check_others(config)


def _check_others(config: Config) -> None:
    """Raise ConfigError when a server that this one asks, or may ask, is not said as it has to be."""
    if config.database and database_server(config.database) is None:
        # Without the value: it has a password.
        raise ConfigError("The setting 'database' must be like postgresql://user:password@host:5432/name, maybe with ?sslmode=verify-full.")
    if not re.fullmatch("(refuse_all|judicial_only|lawful_admin) (([A-Z]{2})(, ?|$))*", f"{config.order_policy} {config.establishment}"):
        raise ConfigError("'establishment' must be countries like FR, HK, 'order_policy' refuse_all, judicial_only or lawful_admin.")
    if config.witness_quorum > len(named := config.witness_addresses) or not all(re.fullmatch(WITNESS, " ".join(one)) for one in named):
        raise ConfigError("The setting 'witnesses' must be like 'https://w.example w.example+1a2b3c4d+…', and 'witness_quorum' no larger.")
    try:
        config.sso_network_addresses  # noqa: B018 - read to be checked
    except ValueError as error:
        raise ConfigError(f"The setting 'sso_networks' must be networks like 10.0.0.0/8, not {config.sso_networks!r}.") from error


def _check_names(config: Config) -> None:
    """Raise ConfigError when a name or an address for people cannot be used."""
    if config.contact and not re.fullmatch(CONTACT, config.contact):
        raise ConfigError(f"The setting 'contact' must be an e-mail address or an https address, not {config.contact!r}.")
    if config.weekly_session and not re.fullmatch(r"https://[^\s\"<>]+", config.weekly_session):
        raise ConfigError(f"The setting 'weekly_session' must be an https address, not {config.weekly_session!r}.")
    if config.mail and mail_server(config.mail) is None:
        # Without the value: it has a password.
        raise ConfigError("The setting 'mail' must be like smtp://user:password@mail.example.org:587, or smtps://…:465.")
    if config.mail and not re.fullmatch(ADDRESS, config.mail_from):
        raise ConfigError(f"The setting 'mail_from' must be an e-mail address when 'mail' is set, not {config.mail_from!r}.")
    if config.sign_up and not config.mail:
        raise ConfigError("The setting 'sign_up' needs 'mail': whoever makes an account proves the address by a mail to it.")
    if not re.fullmatch(NAME, config.region):
        raise ConfigError(f"The setting 'region' must be short lower-case letters, digits and dashes, not {config.region!r}.")
    if config.territory and not re.fullmatch(TERRITORY, config.territory):
        raise ConfigError(f"The setting 'territory' must be a code like FR, not {config.territory!r}.")


def _check_resolvers(config: Config) -> None:
    """Raise ConfigError unless there are two different resolvers: one alone could say anything."""
    try:
        found = config.resolver_addresses
    except ValueError as error:
        raise ConfigError(f"The setting 'resolvers' must be IP addresses separated by commas, not {config.resolvers!r}.") from error
    if len(found) < 2 or len(set(found)) < len(found):
        raise ConfigError(f"The setting 'resolvers' must name at least two different resolvers, not {config.resolvers!r}.")


def _resolver(text: str) -> tuple[str, int]:
    """Return address and port of a resolver, as 192.0.2.1, 192.0.2.1:5353, 2001:db8::1 or [2001:db8::1]:5353."""
    bare = text.strip()
    host, port = bare, DNS
    if bare.startswith("[") or bare.count(":") == 1:
        parts = urlsplit(f"//{bare}")
        host, port = parts.hostname or "", DNS if parts.port is None else parts.port
    if not 1 <= port <= 65535 or bare.endswith(":"):
        raise ValueError(text)
    return str(ipaddress.ip_address(host)), port


def _is_site(address: str) -> bool:
    """Tell whether this is the address of a site: scheme, host, maybe a port, and nothing else."""
    try:
        url = urlsplit(address)
        usable = url.scheme in {"http", "https"} and bool(url.hostname) and url.port != 0
    except ValueError:
        return False
    return usable and url.path in {"", "/"} and not (url.query or url.fragment or url.username)

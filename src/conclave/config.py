"""The settings of one server: what may be set, where it is read from, and what each one means.

Standard library only: the command line reads it before Django is loaded.
"""

import ipaddress
import os
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import get_type_hints
from urllib.parse import urlsplit

ROOT = Path(__file__).resolve().parents[2]
ENV_PREFIX = "CONCLAVE_"
ENV_FILE = "CONCLAVE_CONFIG"

DESCRIPTIONS: dict[str, str] = {
    "state_dir": "Folder for the database, keys and logs; relative paths start at the checkout.",
    "http_host": "Address on which pages, API and meeting sockets are served; 127.0.0.1 keeps them on this machine.",
    "http_port": "TCP port of the pages, the API and the meeting sockets.",
    "engine_port": "TCP port of the media engine's API and signalling; always on loopback.",
    "media_tcp_port": "TCP port on which browsers reach the media engine when UDP is blocked.",
    "media_udp_port": "The one UDP port on which browsers reach the media engine.",
    "node_address": "IP address that browsers use to reach the media engine; no outside service is asked for it.",
    "public_url": "Address that people type; empty means http://localhost with http_port.",
    "region": "Name of the region whose media engine this server runs.",
}


class ConfigError(Exception):
    """A setting cannot be used; the message is one sentence for the person who runs the server."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """What the operator decided; every field is described in DESCRIPTIONS."""

    state_dir: Path = ROOT / "var"
    http_host: str = "127.0.0.1"
    http_port: int = 8000
    engine_port: int = 7880
    media_tcp_port: int = 7881
    media_udp_port: int = 7882
    node_address: str = "127.0.0.1"
    public_url: str = "http://localhost:8000"
    region: str = "local"


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
    values = {name: _convert(name, value, types[name]) for name, value in raw.items()}
    config = Config(**values)  # type: ignore[arg-type]
    if not values.get("public_url"):
        config = replace(config, public_url=f"http://localhost:{config.http_port}")
    _check(config)
    return config


def settings_file(env: Mapping[str, str] | None = None) -> Path:
    """Return where the settings are read from; the file may be absent.

    Args:
        env: the environment; by default the process's own.
    """
    named = (os.environ if env is None else env).get(ENV_FILE)
    return Path(named) if named else ROOT / "conclave.toml"


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
    ports = {field.name: getattr(config, field.name) for field in fields(config) if field.name.endswith("_port")}
    for name, port in ports.items():
        if not 1 <= port <= 65535:
            raise ConfigError(f"The setting '{name}' must be a port from 1 to 65535, not {port}.")
    tcp = [config.http_port, config.engine_port, config.media_tcp_port]
    if len(set(tcp)) != len(tcp):
        raise ConfigError("http_port, engine_port and media_tcp_port must be three different ports.")
    try:
        ipaddress.ip_address(config.node_address)
    except ValueError as error:
        raise ConfigError(f"The setting 'node_address' must be an IP address, not {config.node_address!r}.") from error
    if not _is_site(config.public_url):
        raise ConfigError(f"The setting 'public_url' must be like https://meet.example.org, not {config.public_url!r}.")
    if not re.fullmatch(r"[a-z0-9][a-z0-9-]{0,31}", config.region):
        raise ConfigError(f"The setting 'region' must be short lower-case letters, digits and dashes, not {config.region!r}.")


def _is_site(address: str) -> bool:
    """Tell whether this is the address of a site: scheme, host, maybe a port, and nothing else."""
    try:
        url = urlsplit(address)
        usable = url.scheme in {"http", "https"} and bool(url.hostname) and url.port != 0
    except ValueError:
        return False
    return usable and url.path in {"", "/"} and not (url.query or url.fragment or url.username)

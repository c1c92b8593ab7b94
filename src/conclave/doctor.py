"""`./conclave doctor`: looks at everything a server needs and says of each thing how it is and what to do.

It changes nothing, makes nothing, asks nobody outside, and needs no Django, so that it works where the server does not.
"""

import contextlib
import ipaddress
import json
import shutil
import socket
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Literal
from urllib.parse import urlsplit

from conclave import archive, postgres
from conclave.archive import DATABASE, known_migrations, looked_through, unknown_migrations
from conclave.asking import ANSWER_SECONDS, ask_json, clock_is_kept, dialled, open_page, own_addresses
from conclave.backup import FOLDER
from conclave.config import ROOT, Config, is_own_address, load
from conclave.holding import held_by
from conclave.kernel.territories import CODES
from conclave.media.turn import is_offered
from conclave.ports import Port, holder, needed_ports, parent, problem
from conclave.regions import RegionSettings
from conclave.stray import calls_left_behind, decided_alone, engines_not_entered, lists_without_a_region, shares_its_calls, unstaffed_desk
from conclave.tls import ALL_ADDRESSES, any_certificate, gateway_socket
from conclave.tls import PROGRAM as TLS_PROGRAM

Level = Literal["ok", "warn", "fail"]

ENGINE_PROGRAM = ROOT / ".conclave" / "bin" / "livekit-server"
CLIENT = ROOT / "web" / "dist" / ".vite" / "manifest.json"
LITTLE_DISK_MB, LEAST_DISK_MB = 1000, 200
BACKUP_DAYS = 30
DAY_SECONDS = 86_400
ALONE = "the settings alone put the engines into the public ledger; once somebody has a role here, a change takes two people."
NO_MAIL = "not configured: links are copied or sent by people themselves, so nothing needs it."
LOCAL_HOSTS = {"localhost", "127.0.0.1", "::1"}
# STUN: a Binding request, and the first bytes of its answer.
BINDING_REQUEST, BOUND = bytes.fromhex("000100002112a442") + b"conclave-ask", bytes.fromhex("0101")

_LATER = "Nothing is signed any more: put the newest database back, or begin a new log (docs/operate.md)."
REFUSES: tuple[Level, str, str] = ("fail", "refuses to sign.", "Ask whoever runs it whether it has the key that /transparency/ shows.")
WITNESS: dict[str, tuple[Level, str, str]] = {
    "": ("ok", "agrees with the public ledger.", ""),
    "away": ("warn", "does not answer.", "See whether it runs: './conclave run' starts the own one, others whoever runs them."),
    "ahead": ("fail", "has seen more of the public ledger than there is: an older copy was put back.", _LATER),
    "forked": ("fail", "has seen another public ledger than this one.", _LATER),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """How one thing is, and what to do about it."""

    check: str
    level: Level
    text: str
    advice: str = ""


def main(*, as_json: bool) -> int:
    """Look at everything and print it.

    Args:
        as_json: for programs.

    Returns:
        The exit code: 1 when something fails, else 0.

    Raises:
        ConfigError: a setting cannot be used.
    """
    config = load()
    findings = examine(config=config, now=time.time())
    ok = all(finding.level != "fail" for finding in findings)
    if as_json:
        sys.stdout.write(json.dumps({"ok": ok, "findings": [asdict(finding) for finding in findings]}, ensure_ascii=False) + "\n")
    else:
        sys.stdout.write("".join(_line(finding) for finding in findings))
    return 0 if ok else 1


def examine(*, config: Config, now: float) -> list[Finding]:
    """Look at everything.

    Args:
        config: the operator's settings.
        now: the time, in seconds.

    Returns:
        One finding for each thing, in a fixed order.
    """
    running = held_by(state_dir=config.state_dir)
    pid = running.pid if running else None
    checks: list[Callable[[], Finding | list[Finding]]] = [
        lambda: _server(config, pid),
        lambda: _ports(config, pid),
        lambda: _address(config),
        lambda: node(config=config),
        lambda: _built(config),
        lambda: _engines(config, pid),
        lambda: _regions(config),
        lambda: _turn(config, pid),
        lambda: _database(config),
        lambda: _witnesses(config),
        lambda: _backups(config, now),
        lambda: _disk(config),
        lambda: _clock(config, now),
        lambda: _outside(config),
        lambda: Finding(check="mail", level="ok", text=NO_MAIL),
        lambda: _desks(config),
    ]
    found: list[Finding] = []
    for check in checks:
        one = check()
        found += one if isinstance(one, list) else [one]
    return found


def _line(finding: Finding) -> str:
    """Return a finding for a person."""
    mark = {"ok": "ok  ", "warn": "WARN", "fail": "FAIL"}[finding.level]
    return f"{mark}  {finding.check:<9} {finding.text}\n" + (f"{'':16}→ {finding.advice}\n" if finding.advice else "")


def _server(config: Config, pid: str | None) -> Finding:
    """Whether it runs and answers."""
    if pid is None:
        return Finding(
            check="server", level="ok", text=f"not running; its folder is {config.state_dir}.", advice="./conclave run starts it."
        )
    url = f"http://{dialled(host=config.http_host)}:{config.http_port}"
    parts = ask_json(url=f"{url}/readyz", through=gateway_socket(config.state_dir) if config.tls else None)
    if parts is None:
        advice = f"Look at what it printed; stop it with 'kill {pid}' and start it again."
        return Finding(check="server", level="fail", text=f"process {pid} runs and does not answer on {url}.", advice=advice)
    broken = sorted(name for name, works in parts.items() if works is False and name != "ok")
    if broken:
        advice = f"The media engine's log is {config.state_dir / 'log' / 'engine.log'}; the server's own lines are where it was started."
        return Finding(
            check="server", level="fail", text=f"process {pid} answers, but this does not work: {', '.join(broken)}.", advice=advice
        )
    return Finding(check="server", level="ok", text=f"process {pid} answers, and can hold a call.")


def _ports(config: Config, pid: str | None) -> list[Finding]:
    """Whether each port is free, or ours."""
    if pid is None:
        return [_free_port(port, problem(port=port)) for port in needed_ports(config)]
    return [_used_port(port, pid) for port in needed_ports(config)]


def _free_port(port: Port, sentence: str | None) -> Finding:
    """How a port is while nothing of ours should have it."""
    if sentence is None:
        return Finding(check="port", level="ok", text=f"{port.number}/{port.protocol} is free ({port.purpose}).")
    return _wrong("port", sentence)


def _wrong(check: str, sentence: str, *, level: Level = "fail") -> Finding:
    """Return what a sentence says that goes on after its colon with what to do."""
    what, _, advice = sentence.partition(": ")
    return Finding(check=check, level=level, text=f"{what}.", advice=advice[:1].upper() + advice[1:])


def _used_port(port: Port, pid: str) -> Finding:
    """How a port is while our server should have it."""
    name = f"{port.number}/{port.protocol}"
    process = holder(port.number, protocol=port.protocol)
    if process is None:
        text = f"whoever has {name} ({port.purpose}) cannot be seen from here."
        return Finding(check="port", level="warn", text=text, advice="Run this as the user the server runs as, or as the administrator.")
    if pid in {str(process), parent(process)}:
        return Finding(check="port", level="ok", text=f"{name} is Conclave's ({port.purpose}).")
    advice = f"Stop that one and restart Conclave, or set another port with {port.changed_by}."
    return Finding(check="port", level="fail", text=f"{name} ({port.purpose}) is held by process {process}.", advice=advice)


def _address(config: Config) -> Finding:
    """Whether browsers will allow camera and microphone at the address people type."""
    url = urlsplit(config.public_url)
    if url.scheme == "https":
        return Finding(check="address", level="ok", text=f"people type {config.public_url}.")
    if url.hostname in LOCAL_HOSTS:
        return Finding(check="address", level="ok", text=f"people type {config.public_url}: on this machine only.")
    text = f"{config.public_url} is not https: browsers give such a page neither camera nor encryption."
    return Finding(check="address", level="fail", text=text, advice="Set domain or lan, or put TLS in front and say so in public_url.")


def node(*, config: Config) -> Finding:
    """Tell whether browsers are told an address of the media engine that they can reach.

    Args:
        config: the operator's settings.
    """
    address, local = ipaddress.ip_address(config.node_address), urlsplit(config.public_url).hostname in LOCAL_HOSTS
    seen = [own for own in own_addresses() if own != str(address)]
    others = f" This machine's own: {', '.join(seen)}." if seen else ""
    if address.is_loopback and not local:
        text = f"browsers are told to find the media engine at {address}, which is their own machine."
        return Finding(
            check="node", level="fail", text=text, advice=f"Set node_address to the address by which people reach this machine.{others}"
        )
    if config.domain and is_own_address(str(address)) and address.is_private:
        text = f"{address} is this machine's and cannot be reached from the internet."
        return Finding(check="node", level="warn", text=text, advice=f"Set node_address to the public address of {config.domain}.{others}")
    if address.is_loopback or is_own_address(str(address)):
        return Finding(
            check="node", level="ok", text=f"{address} is this machine's ({'for browsers on it only' if address.is_loopback else 'media'})."
        )
    text = f"{address} is on no interface of this machine: right only if a router forwards to it."
    ports = f"{config.media_udp_port}/UDP and {config.media_tcp_port}/TCP"
    return Finding(check="node", level="warn", text=text, advice=f"Let the router forward {ports}, or correct node_address.{others}")


def _built(config: Config) -> Finding:
    """Whether the client, the engine and, where it is used, the TLS server are there."""
    parts = {"the meeting client": CLIENT, "the media engine": ENGINE_PROGRAM, **({"the TLS server": TLS_PROGRAM} if config.tls else {})}
    missing = [name for name, path in parts.items() if not path.exists()]
    if missing:
        advice = "./conclave build builds it, once; ./conclave run does so too."
        return Finding(check="build", level="warn", text=f"not built yet: {' and '.join(missing)}.", advice=advice)
    return Finding(check="build", level="ok", text=f"{' and '.join(parts)} are built.")


def _engines(config: Config, pid: str | None) -> list[Finding]:
    """Whether each region's media engine answers."""
    if pid is None:
        return [Finding(check="engine", level="ok", text="not running, as the server is not.")]
    return [_engine(config, region) for region in config.all_regions]


def _engine(config: Config, region: RegionSettings) -> Finding:
    """Whether a region's media engine answers."""
    with contextlib.suppress(OSError), open_page(url=f"http://{region.engine_host}/") as answer:
        if answer.status == 200:
            shares = shares_its_calls(config=config, region=region)
            answers = Finding(check="engine", level="ok", text=f"the media engine of region '{region.name}' answers.")
            return _wrong("engine", shares) if shares else answers
    log = "engine.log" if not config.regions else f"engine-{region.name}.log"
    advice = f"Its last words are in {config.state_dir / 'log' / log}; the server starts it again by itself."
    if not region.here:
        advice = f"Look after it where it runs, and whether {region.engine} can be reached from here."
    text = f"the media engine of region '{region.name}' does not answer on {region.engine_host}."
    return Finding(check="engine", level="fail", text=text, advice=advice)


def _regions(config: Config) -> list[Finding]:
    """Whether each region can be used and says where it stands, and whether calls and meetings name any that there is not."""
    left = [_wrong("region", sentence) for sentence in calls_left_behind(config=config)]
    left += [_wrong("region", sentence, level="warn") for sentence in lists_without_a_region(config=config)]
    left += [_wrong("region", sentence) for sentence in engines_not_entered(config=config)]
    left += [Finding(check="region", level="ok", text=ALONE)] if decided_alone(config=config) else []
    return [*(_region(config, region) for region in config.regions), *left]


def _region(config: Config, region: RegionSettings) -> Finding:
    """How a region stands in the platform's list, and whether its territory is one."""
    name = f"region '{region.name}'"
    if region.territory and region.territory not in CODES:
        advice = f"Correct regions.{region.name}.territory: a code of ISO 3166-1."
        return Finding(check="region", level="fail", text=f"{name} names a territory that there is not: {region.territory}.", advice=advice)
    if region.name not in config.platform_regions:
        advice = "Name it in allowed_regions once it may be used."
        return Finding(check="region", level="warn", text=f"{name} is not among allowed_regions: no call is held there.", advice=advice)
    where = f"in {region.territory}" if region.territory else "in no territory that it names"
    return Finding(check="region", level="ok", text=f"{name} stands {where}; browsers reach it at {', '.join(region.addresses)}.")


def _desks(config: Config) -> Finding:
    """Whether the desk of orders can act; one that nobody has begun to staff refuses by design."""
    lacks, begun = unstaffed_desk(config=config)
    advice = "The owner gives roles on the page /staff. Until then orders are received, refused and counted." if lacks else ""
    return Finding(check="desks", level="warn" if lacks and begun else "ok", text=lacks or "that of orders is staffed.", advice=advice)


def _turn(config: Config, pid: str | None) -> Finding:
    """Whether TURN answers over TLS on the port of the pages, for browsers that reach nothing else."""
    if not is_offered(config=config):
        why = f"{config.node_address} is no IPv4 address of this machine" if config.tls else "this server does not serve HTTPS itself"
        why = "each of several regions needs a TURN server of its own" if config.regions else why
        return Finding(
            check="turn",
            level="ok" if config.public_url.startswith("http://") else "warn",
            text=f"not offered, as {why}: whoever reaches nothing but HTTPS gets neither sound nor picture.",
            advice=f"Let networks reach {config.media_udp_port}/UDP or {config.media_tcp_port}/TCP.",
        )
    if pid is None:
        return Finding(check="turn", level="ok", text="not running, as the server is not.")
    if _answers_turn(config):
        return Finding(check="turn", level="ok", text=f"answers on {config.https_port}/TCP, for browsers that reach nothing else.")
    advice = f"Look for the TURN gate in what the server printed, and at the end of {config.state_dir / 'log' / 'engine.log'}."
    return Finding(check="turn", level="fail", text=f"TURN does not answer on {config.https_port}/TCP.", advice=advice)


def _answers_turn(config: Config) -> bool:
    """Ask for nothing but an answer."""
    where = (ALL_ADDRESSES.get(config.http_host, config.http_host), config.https_port)
    with (
        contextlib.suppress(OSError),
        socket.create_connection(where, timeout=ANSWER_SECONDS) as wire,
        any_certificate().wrap_socket(wire, server_hostname=urlsplit(config.public_url).hostname) as stream,
    ):
        stream.sendall(BINDING_REQUEST)
        return stream.recv(len(BOUND)) == BOUND
    return False


def _database(config: Config) -> Finding:
    """Whether the database is whole and of this version."""
    path = config.state_dir / DATABASE
    word, schema = "ok", dict[str, list[str]]()
    try:
        if config.database:
            schema = postgres.applied(address=config.database)
        elif path.exists():
            word, schema = looked_through(database=path)
    except ConnectionError:
        advice = "Start it, or correct the setting 'database'."
        return Finding(check="database", level="fail", text="PostgreSQL does not answer, or not to us.", advice=advice)
    if word != "ok":
        advice = (
            f"Stop the server and restore a backup: ./conclave admin restore FILE --replace. Backups are in {config.state_dir / FOLDER}."
        )
        return Finding(check="database", level="fail", text=f"{path} is damaged ({word}).", advice=advice)
    if not schema:
        where = "PostgreSQL" if config.database else config.state_dir
        return Finding(check="database", level="ok", text=f"none yet in {where}.", advice="./conclave run makes it.")
    unknown = unknown_migrations(schema=schema)
    if unknown:
        text = f"a newer version has changed it (it has {', '.join(unknown)})."
        return Finding(check="database", level="fail", text=text, advice="Go back to that version, or restore a backup of this one.")
    lacking = [f"{domain}.{name}" for domain, names in known_migrations().items() for name in names if name not in schema.get(domain, [])]
    if lacking:
        advice = "./conclave run backs everything up, then brings it to this version."
        return Finding(check="database", level="warn", text=f"it lacks {', '.join(lacking)}.", advice=advice)
    return Finding(check="database", level="ok", text="whole, and of this version.")


def _witnesses(config: Config) -> list[Finding]:
    """How it last went with each witness of the public ledger."""
    path = config.state_dir / DATABASE
    rows = postgres.witness_failures(address=config.database) if config.database else archive.witness_failures(database=path)
    named = {vkey for _, vkey in config.witness_addresses}
    with contextlib.suppress(OSError):  # only the own one counts where no other is named
        named = named or {(config.state_dir / "witness" / "vkey").read_text(encoding="utf-8").strip()}
    return [
        Finding(check="witness", level=level, text=f"{vkey.split('+')[0]} {text}", advice=advice)
        for vkey, failure in rows
        if vkey in named
        for level, text, advice in [WITNESS.get(failure, REFUSES)]
    ]


def _backups(config: Config, now: float) -> Finding:
    """Whether there is a backup, and of when."""
    made = [path.stat().st_mtime for path in (config.state_dir / FOLDER).glob("*.tar")]
    advice = "./conclave admin backup makes one, also while the server runs; keep a copy on another machine."
    if not (config.state_dir / DATABASE).exists():
        return Finding(check="backup", level="ok", text="nothing to back up yet.")
    if not made:
        return Finding(check="backup", level="warn", text=f"there is none in {config.state_dir / FOLDER}.", advice=advice)
    days = int((now - max(made)) // DAY_SECONDS)
    level: Level = "warn" if days > BACKUP_DAYS else "ok"
    text = f"the newest in {config.state_dir / FOLDER} is {days} days old." if days else "the newest was made within a day."
    return Finding(check="backup", level=level, text=text, advice=advice if level == "warn" else "")


def _disk(config: Config) -> Finding:
    """Whether the disk still takes what people do."""
    place = next(folder for folder in (config.state_dir, *config.state_dir.parents) if folder.exists())
    free = shutil.disk_usage(place).free // 10**6
    level: Level = "fail" if free < LEAST_DISK_MB else "warn" if free < LITTLE_DISK_MB else "ok"
    advice = "" if level == "ok" else "Make room: a full disk ends calls and can lose what was just written."
    return Finding(check="disk", level=level, text=f"{free} MB free at {place}.", advice=advice)


def _clock(config: Config, now: float) -> Finding:
    """Whether somebody keeps the clock, and it has not gone back."""
    stamps = [path.stat().st_mtime for path in (config.state_dir / DATABASE, config.state_dir / "log" / "engine.log") if path.exists()]
    ahead = max(stamps, default=now) - now
    said = time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(now))
    advice = "Switch on a time service (on Debian: apt-get install systemd-timesyncd, or chrony)."
    if ahead > 60:
        text = f"{said}, which is {ahead / 60:.0f} minutes before files of this server were written: it has gone back."
        return Finding(check="clock", level="fail", text=text, advice=advice)
    if not clock_is_kept():
        return Finding(check="clock", level="warn", text=f"{said}; no time service keeps it, or none can be seen from here.", advice=advice)
    return Finding(check="clock", level="ok", text=f"{said}, kept by a time service.")


def _outside(config: Config) -> Finding:
    """What cannot be seen from here: whether others get in."""
    page = f"{config.public_url.rstrip('/')}/selftest"
    text = f"whether people elsewhere reach this server, {page} shows in the browser of one of them."
    return Finding(check="outside", level="ok", text=text)

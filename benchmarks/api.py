"""Whether the API gets slower as people and meetings become many, in PostgreSQL, and what a join costs the server.

Two databases, one a hundredth of the other, are asked in turn by one client: joining, listing one's meetings, searching the directory of
an organisation with half of all people in it. Then sixteen clients join as fast as they are answered, in turn with the comparator
(scale/rest.py): joins a second for each core that the server's processes keep busy.
"""

import argparse
import contextlib
import http.client
import json
import os
import random
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import quote

from benchmarks.scale.newcomer import newcomer
from benchmarks.scale.postgres import NoPostgres, postgres

GOAL_GROWTH, GOAL_RATIO = 1.5, 4.0
PEOPLE, MEETINGS, HUNDREDTH = 100_000, 1_000_000, 100
ROUNDS, WARM = 150, 10
CLIENTS, TURNS, TURN_SECONDS = 16, 5, 5.0
READY_SECONDS = 60.0
T = TypeVar("T")
# Of each kind of request, on each server.
Times = dict[str, dict[str, list[float]]]
TICKS = os.sysconf("SC_CLK_TCK")
ROOT = Path(__file__).resolve().parents[1]


@dataclass(frozen=True, kw_only=True)
class Server:
    """A server under measurement: its process, its port, and what may be asked of it."""

    process: "subprocess.Popen[bytes]"
    port: int
    known: dict[str, Any]

    def cpu(self) -> float:
        """Return the CPU seconds that its processes have used."""
        pids = [self.process.pid, *children(self.process.pid)]
        used = 0
        for pid in pids:
            fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
            used += int(fields[11]) + int(fields[12])
        return used / TICKS


class Client:
    """One visitor with a connection that stays, from an address of this machine's own."""

    def __init__(self, server: Server, number: int = 1) -> None:
        self._wire = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30, source_address=(f"127.0.1.{number}", 0))

    def ask(self, method: str, path: str, body: dict[str, Any] | None = None, **headers: str) -> dict[str, Any]:
        """Return the answer, which must be one that was asked for."""
        data = None if body is None else json.dumps(body)
        said = {"Content-Type": "application/json", **{name.replace("_", "-"): value for name, value in headers.items()}}
        try:
            self._wire.request(method, path, data, said)
            answer = self._wire.getresponse()
        except http.client.RemoteDisconnected:  # it was idle for five seconds
            self._wire.close()
            self._wire.request(method, path, data, said)
            answer = self._wire.getresponse()
        text = answer.read()
        assert answer.status == 200, (path, answer.status, text[:300])
        found: dict[str, Any] = json.loads(text)
        return found


def main() -> None:
    """Measure, and print one line of JSON."""
    parser = argparse.ArgumentParser(prog="benchmarks.api")
    parser.add_argument("--people", type=int, default=PEOPLE)
    parser.add_argument("--meetings", type=int, default=MEETINGS)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--turns", type=int, default=TURNS)
    arguments = parser.parse_args()
    # Whoever stops it leaves no servers behind.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    try:
        result = measure(arguments)
    except NoPostgres as error:
        sys.exit(str(error))
    sys.stdout.write(json.dumps(result) + "\n")
    sys.exit(0 if result["ok"] else 1)


def measure(asked: argparse.Namespace) -> dict[str, Any]:
    """Fill the databases, measure, and return the result."""
    with postgres() as address, tempfile.TemporaryDirectory(prefix="conclave-bench-") as folder, contextlib.ExitStack() as stack:
        servers = {}
        for name, part in (("small", HUNDREDTH), ("large", 1)):
            size = {"people": asked.people // part, "meetings": asked.meetings // part}
            servers[name] = stack.enter_context(gateway(database(address, name), Path(folder) / name, **size))
        rest = stack.enter_context(comparator(database(address, "rest")))
        times = grow(servers, rounds=asked.rounds)
        joins = race({"ours": (servers["large"], our_join), "rest": (rest, rest_join)}, turns=asked.turns)
        queries = {name: server.known["queries"] for name, server in servers.items()}
    found = figures(times=times, joins=joins, queries=queries)
    return {**found, "people": asked.people, "meetings": asked.meetings, "rounds": asked.rounds}


def figures(
    *, times: dict[str, dict[str, list[float]]], joins: dict[str, list[float]], queries: dict[str, dict[str, int]]
) -> dict[str, Any]:
    """Return what was measured, and whether it is good.

    Args:
        times: the milliseconds of each kind of request, on the small and on the large server.
        joins: for each second of CPU time, turn by turn, ours and the comparator's.
        queries: how many each kind of request takes, small and large.
    """
    p50 = {what: {name: statistics.median(taken) for name, taken in found.items()} for what, found in times.items()}
    growths = {what: found["large"] / found["small"] for what, found in p50.items()}
    ratio = statistics.median(mine / other for mine, other in zip(joins["ours"], joins["rest"], strict=True))
    growth, alike = max(growths.values()), queries["small"] == queries["large"]
    return {
        "name": "api",
        "goal": f"growth <= {GOAL_GROWTH}, rest_ratio >= {GOAL_RATIO}, and as many queries in both",
        "ok": growth <= GOAL_GROWTH and ratio >= GOAL_RATIO and alike,
        "growth": round(growth, 3),
        **{f"{what}_growth": round(found, 3) for what, found in growths.items()},
        **{f"{what}_ms": {name: round(ms, 2) for name, ms in found.items()} for what, found in p50.items()},
        "queries": queries["large"],
        "queries_alike": alike,
        "rest_ratio": round(ratio, 3),
        "joins_per_core_s": round(statistics.median(joins["ours"]), 1),
        "rest_joins_per_core_s": round(statistics.median(joins["rest"]), 1),
    }


def grow(servers: dict[str, Server], *, rounds: int) -> Times:
    """Return the milliseconds that each kind of request took on each server, all of them in turn."""
    kinds: dict[str, Callable[[Client, Server, int], object]] = {"join": _join, "list": _list, "search": _search}
    clients = {name: Client(server) for name, server in servers.items()}
    times: Times = {what: {name: [] for name in servers} for what in kinds}
    for number in range(WARM + rounds):
        for what in random.sample(list(kinds), len(kinds)):
            for name in random.sample(list(servers), len(servers)):
                start = time.perf_counter()
                kinds[what](clients[name], servers[name], number)
                if number >= WARM:
                    times[what][name].append((time.perf_counter() - start) * 1000)
    return times


def race(sides: dict[str, tuple[Server, Callable[[Client, Server], object]]], *, turns: int) -> dict[str, list[float]]:
    """Return, for each side and turn, how many joins it did for each second of CPU time."""
    found: dict[str, list[float]] = {name: [] for name in sides}
    for turn in range(turns + 1):
        for name in random.sample(list(sides), len(sides)):
            server, join = sides[name]
            joins = _crowd(server, join)
            if turn:  # the first warms up
                found[name].append(joins)
        if turn:
            sys.stdout.write(f"{turn:3}  " + "  ".join(f"{name} {rates[-1]:7.1f}" for name, rates in found.items()) + " joins/s/core\n")
            sys.stdout.flush()
    return found


def _crowd(server: Server, join: Callable[[Client, Server], object]) -> float:
    """Let all clients join for a while; return how many joins there were for each second of CPU time."""
    done, faults, until = [0] * CLIENTS, [], time.monotonic() + TURN_SECONDS

    def one(number: int) -> None:
        client = Client(server, number + 2)
        try:
            while time.monotonic() < until:
                join(client, server)
                done[number] += 1
        except BaseException as error:
            faults.append(error)
            raise

    before = server.cpu()
    threads = [threading.Thread(target=one, args=(number,)) for number in range(CLIENTS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not faults, faults
    return sum(done) / (server.cpu() - before)


def _join(client: Client, server: Server, number: int) -> object:
    """A guest joins a meeting in which nobody is yet."""
    return client.ask("POST", "/api/v1/join", newcomer(*server.known["meetings"][number]))


def _list(client: Client, server: Server, number: int) -> object:
    """Somebody's program lists their meetings."""
    return client.ask("GET", "/api/v1/meetings", Authorization=f"Bearer {_person(server, number)['token']}")


def _search(client: Client, server: Server, number: int) -> object:
    """Somebody's program looks for a colleague."""
    person = _person(server, number)
    where = f"/api/v1/organisations/{server.known['organisation']}/directory?words={quote(person['words'])}"
    found = client.ask("GET", where, Authorization=f"Bearer {person['token']}")
    assert found["entries"]
    return found


def our_join(client: Client, server: Server) -> object:
    """Somebody who is signed in joins one of the meetings."""
    cookie = f"{server.known['cookie']}={_any(server.known['people'])['session']}"
    return client.ask("POST", "/api/v1/join", newcomer(*_any(server.known["meetings"])), Cookie=cookie)


def rest_join(client: Client, server: Server) -> object:
    """Somebody who is signed in joins one of the rooms."""
    slug, session = _any(server.known["slugs"]), _any(server.known["sessions"])
    return client.ask("GET", f"/api/v1.0/rooms/{slug}/?username=Bob", Cookie=f"sessionid={session}")


def _any(things: list[T]) -> T:
    """Return one of them."""
    return random.choice(things)  # noqa: S311 - nothing is kept secret by it


def _person(server: Server, number: int) -> dict[str, str]:
    """Return whose turn it is."""
    people: list[dict[str, str]] = server.known["people"]
    return people[number % len(people)]


def database(address: str, name: str) -> str:
    """Make a database and return its address."""
    import psycopg

    with psycopg.connect(address, autocommit=True) as server:
        server.execute(f"CREATE DATABASE {name}")
    return address.rpartition("/")[0] + f"/{name}"


@contextlib.contextmanager
def gateway(address: str, state: Path, *, people: int, meetings: int) -> Iterator[Server]:
    """Fill a database and serve it."""
    state.mkdir()
    environment = {"CONCLAVE_DATABASE": address, "CONCLAVE_STATE_DIR": str(state), "DJANGO_SETTINGS_MODULE": "conclave.settings"}
    start = time.monotonic()
    known = _told(["benchmarks.scale.fill", str(people), str(meetings)], environment)
    sys.stdout.write(f"{people} people and {meetings} meetings in {time.monotonic() - start:.0f} s\n")
    sys.stdout.flush()
    port = free_port()
    with _running([sys.executable, "-m", "benchmarks.scale.gateway", str(port)], environment, port=port) as process:
        yield Server(process=process, port=port, known=known)


@contextlib.contextmanager
def comparator(address: str) -> Iterator[Server]:
    """Serve the comparator, as gunicorn does by itself: workers that do one request at a time."""
    environment, port = {"REST_DATABASE": address}, free_port()
    known = _told(["benchmarks.scale.rest"], environment)
    command = [sys.executable, "-m", "gunicorn", "--workers", "2", "--bind", f"127.0.0.1:{port}", "--log-level", "warning"]
    with _running([*command, "benchmarks.scale.rest:application"], environment, port=port) as process:
        yield Server(process=process, port=port, known=known)


def _told(module: list[str], environment: dict[str, str]) -> dict[str, Any]:
    """Run a module and return what its last line says."""
    command = [sys.executable, "-m", *module]
    done = subprocess.run(command, cwd=ROOT, env={**os.environ, **environment}, stdout=subprocess.PIPE, text=True, check=True)
    told: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return told


@contextlib.contextmanager
def _running(command: list[str], environment: dict[str, str], *, port: int) -> Iterator["subprocess.Popen[bytes]"]:
    """Run a server until it is not needed any more, once it answers."""
    process = subprocess.Popen(command, cwd=ROOT, env={**os.environ, **environment})
    try:
        end = time.monotonic() + READY_SECONDS
        while True:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
                break
            if process.poll() is not None or time.monotonic() > end:
                raise RuntimeError(f"{command} does not answer")
            time.sleep(0.1)
        yield process
    finally:
        process.terminate()
        process.wait()


def children(pid: int) -> list[int]:
    """Return the processes that a process has started."""
    return [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="utf-8").split()]


def free_port() -> int:
    """Return a port that nobody has just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


if __name__ == "__main__":
    main()

"""Regions in networks of their own, each with its engine, and counters of every packet that browsers send there or get from there.

Each region has two links to where people and gateway are: one for its engine's API, which the gateway asks, and one for media. Nothing but
media goes over the second: no IPv6, and both ends know each other's link address.
"""

import json
import subprocess
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from conclave.media.child import EngineSettings, engine_config
from conclave.media.credentials import engine_credentials
from tests.journeys.firewall import PATH, network, program_in
from tests.media.live import PROGRAM

QUIET = """set -e
echo 1 > /proc/sys/net/ipv6/conf/all/disable_ipv6
echo 1 > /proc/sys/net/ipv6/conf/default/disable_ipv6
ip link set lo up
"""
# Its number, its name, and who keeps its network.
LINKS = """set -e
for link in api media; do
  case $link in api) net=8; mac=a;; media) net=9; mac=b;; esac
  ip link add "$link-$2" address 02:00:00:0$mac:0$1:01 type veth peer name $link address 02:00:00:0$mac:0$1:02
  ip link set $link netns "$3"
  ip addr add 10.$net.$1.1/24 dev "$link-$2"
  ip link set "$link-$2" up
  ip neigh replace 10.$net.$1.2 lladdr 02:00:00:0$mac:0$1:02 dev "$link-$2" nud permanent
done
"""
FAR_ENDS = """set -e
for link in api media; do
  case $link in api) net=8; mac=a;; media) net=9; mac=b;; esac
  ip addr add 10.$net.$1.2/24 dev $link
  ip link set $link up
  ip neigh replace 10.$net.$1.1 lladdr 02:00:00:0$mac:0$1:01 dev $link nud permanent
done
"""
ENGINE_PORT, MEDIA_TCP, MEDIA_UDP = 7880, 7881, 7882


class Territories:
    """Where people and gateway are (`home`), and a network for each region; they end with the block, with what runs in them."""

    def __init__(self, *regions: str, state: Path) -> None:
        """Take the regions' names, and the state folder that will be the server's."""
        self.regions = regions
        self._state = state
        self._stack = ExitStack()
        self._engines: dict[str, subprocess.Popen[bytes]] = {}
        self.home: tuple[str, ...] = ()
        self._of: dict[str, tuple[str, ...]] = {}

    def __enter__(self) -> Self:
        """Make them, and start every engine."""
        with ExitStack() as stack:
            self.home = network(stack, "unshare", "--net", "--map-root-user")
            self._run(self.home, QUIET)
            for number, name in enumerate(self.regions, 1):
                self._of[name] = network(stack, *self.home, "unshare", "--net")
                self._run(self._of[name], QUIET)
                self._run(self.home, LINKS, str(number), name, self._of[name][-2])
                self._run(self._of[name], FAR_ENDS, str(number))
                self._start(stack, number, name)
            self._stack = stack.pop_all()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """End them."""
        self._stack.close()

    def settings(self, allowed: str) -> str:
        """Return what the server's settings file says of them."""
        lines = [f'allowed_regions = "{allowed}"']
        for number, name in enumerate(self.regions, 1):
            lines += [f"[regions.{name}]", f'territory = "{name.upper()}"']
            lines += [f'engine = "10.8.{number}.2:{ENGINE_PORT}"', f'addresses = "10.9.{number}.2"']
        return "\n".join(lines)

    def chromium(self, folder: Path) -> Path:
        """Return a program that starts Chromium at home."""
        return program_in(self.home, folder)

    def kill(self, name: str) -> None:
        """Let a region's engine die for good."""
        self._engines[name].kill()
        self._engines[name].wait(10)

    def packets(self, name: str) -> int:
        """Return how many packets have passed a region's media link so far, in both directions."""
        said = self._run(self.home, f"ip -s -j link show media-{name}")
        (link,) = json.loads(said)
        return int(link["stats64"]["tx"]["packets"]) + int(link["stats64"]["rx"]["packets"])

    def _start(self, stack: ExitStack, number: int, name: str) -> None:
        """Start a region's engine in its network, as an operator would who has the region's key pair."""
        address = f"10.9.{number}.2"
        settings = EngineSettings(
            program=PROGRAM, state_dir=self._state, region=name, port=ENGINE_PORT, tcp_port=MEDIA_TCP, udp_port=MEDIA_UDP, turn_port=None,
            node_address=address, credentials=engine_credentials(state_dir=self._state, region=name), alone=False,
        )  # fmt: skip
        config: dict[str, Any] = engine_config(settings)
        config["bind_addresses"] = [f"10.8.{number}.2"]
        config["rtc"]["ips"] = {"includes": [f"{address}/32"]}
        path = self._state / f"{name}.yaml"
        path.write_text(json.dumps(config), encoding="utf-8")
        running = subprocess.Popen(
            [*self._of[name], str(PROGRAM), "--config", str(path)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        stack.enter_context(running)
        stack.callback(running.kill)
        self._engines[name] = running

    def _run(self, where: tuple[str, ...], script: str, *arguments: str) -> str:
        """Run a script in one of the networks and return what it says."""
        command = [*where, "sh", "-c", PATH + script, "sh", *arguments]
        return subprocess.run(command, check=True, timeout=30, capture_output=True, text=True).stdout

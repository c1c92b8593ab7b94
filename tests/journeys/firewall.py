"""A server and its visitors on two networks with a firewall between them, as schools have: what it does not let through is lost.

The firewall is the kernel's own routing rules, so that nothing has to be there but iproute2. Other machines' networks are not touched.
"""

import shlex
import stat
import subprocess
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Self

from deploy import browsers as programs

SERVER, VISITORS = "192.168.7.20", "192.168.7.30"
HTTPS = 443
PATH = 'export PATH="$PATH:/usr/sbin:/sbin"; '
STAY = "echo here; exec cat"
# Both know each other's link address, so that no rule has to let anybody ask for it.
SETUP = f"""set -e
ip link set lo up
ip link add lan0 address 02:00:00:00:00:01 type veth peer name lan1 address 02:00:00:00:00:02
ip link set lan1 netns "$1"
ip addr add {SERVER}/24 dev lan0
ip link set lan0 up
ip neigh replace {VISITORS} lladdr 02:00:00:00:00:02 dev lan0 nud permanent
ip route add default via {VISITORS}
ip rule add pref 30 lookup local
ip rule del pref 0
"""
VISITORS_SETUP = f"""set -e
ip link set lo up
ip addr add {VISITORS}/24 dev lan1
ip link set lan1 up
ip neigh replace {SERVER} lladdr 02:00:00:00:00:01 dev lan1 nud permanent
"""
NO_UDP = "ip rule add pref 21 iif lan0 ipproto udp blackhole"
ONLY_HTTPS = f"""ip rule add pref 10 iif lan0 ipproto tcp dport {HTTPS} lookup local
ip rule add pref 20 iif lan0 ipproto tcp blackhole
{NO_UDP}"""


def network(stack: ExitStack, *command: str) -> tuple[str, ...]:
    """Make a network that lasts until the stack ends; return what to put before a command so that it runs there."""
    keeper = subprocess.Popen([*command, "sh", "-c", STAY], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    stack.enter_context(keeper)
    stack.callback(keeper.kill)
    assert keeper.stdout is not None
    assert keeper.stdout.readline() == "here\n"
    return ("nsenter", "--user", "--net", "--preserve-credentials", "--target", str(keeper.pid), "--")


def program_in(where: tuple[str, ...], folder: Path) -> Path:
    """Return a program that starts Chromium in a network."""
    program = folder / "chromium-elsewhere"
    program.write_text(f'#!/bin/sh\nexec {shlex.join([*where, str(programs.chromium())])} "$@"\n', encoding="utf-8")
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    return program


class Firewall:
    """Both networks; they end with the block."""

    def __init__(self, rules: str) -> None:
        """Take what is not let through to the server: NO_UDP or ONLY_HTTPS."""
        self._rules = rules
        self._stack = ExitStack()
        self.server: tuple[str, ...] = ()
        self.visitors: tuple[str, ...] = ()

    def __enter__(self) -> Self:
        """Make them."""
        with ExitStack() as stack:
            self.server = network(stack, "unshare", "--net", "--map-root-user")
            self.visitors = network(stack, *self.server, "unshare", "--net")
            self._run(self.server, SETUP + self._rules, self.visitors[-2])
            self._run(self.visitors, VISITORS_SETUP)
            self._stack = stack.pop_all()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """End them."""
        self._stack.close()

    def chromium(self, folder: Path) -> Path:
        """Return a program that starts Chromium among the visitors."""
        return program_in(self.visitors, folder)

    def _run(self, network: tuple[str, ...], script: str, *arguments: str) -> None:
        """Run a script in one of the networks."""
        subprocess.run([*network, "sh", "-c", PATH + script, "sh", *arguments], check=True, timeout=30)

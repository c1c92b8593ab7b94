"""A systemd of its own for a test: the first process of a namespace with its own processes, mounts, network and control groups.

It writes nothing of this machine's: /dev, /etc, /opt, /run, /tmp and /var are in memory there and end with it, the rest is for reading.
"""

import os
import secrets
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from deploy import bootstrap
from tests.journeys.browsers import until
from tests.journeys.world import ROOT

PROGRAM = Path("/lib/systemd/systemd")
CHECKOUT = Path("/opt/conclave")
SETTINGS = 'state_dir = "/var/lib/conclave"\npublic_url = "http://localhost:8000"\nnode_address = "127.0.0.1"\n'
UID = 61_888
START_SECONDS = 60.0
# As docs/install.md says: the checkout in /opt/conclave, the state a user's of its own. The environment was made for another folder, and
# its Python may be somebody's who lets nobody else in: it is put together again around /opt/python.
PREPARE = """set -eu
checkout=$1 python=$2 name=$3 packages=$4 stamp=$5 settings=$6 uid=$7 folder=$8
mount --make-rprivate /
ip link set lo up
mount -t proc none /proc
etc=$folder/etc opt=$folder/opt dev=$folder/dev && mkdir "$etc" "$opt" "$dev"
mount -t tmpfs -o mode=755 none "$etc" && cp -a /etc/. "$etc"
rm -rf "$etc"/systemd/system/*.wants "$etc"/systemd/system/*.requires
: > "$etc/fstab"
echo "conclave:x:$uid:$uid::/var/lib/conclave:/usr/sbin/nologin" >> "$etc/passwd"
echo "conclave:x:$uid:" >> "$etc/group"
cp "$checkout/deploy/conclave.service" "$etc/systemd/system/conclave.service"
printf '%s' "$settings" > "$etc/conclave.toml"
mount -t tmpfs -o mode=755 none "$opt" && mkdir "$opt/conclave" "$opt/python" "$opt/venv"
mount --rbind "$checkout" "$opt/conclave"
mount --bind "$python" "$opt/python"
mkdir -p "$opt/venv/bin" "$opt/venv/lib/$name/site-packages"
ln -s "/opt/python/bin/$name" "$opt/venv/bin/python"
printf 'home = /opt/python/bin\\ninclude-system-site-packages = false\\n' > "$opt/venv/pyvenv.cfg"
printf '%s' "$stamp" > "$opt/venv/conclave-stamp"
mount --bind "$packages" "$opt/venv/lib/$name/site-packages"
mount --rbind "$opt/venv" "$(readlink -f "$checkout/.conclave/venv")"
mount --rbind "$opt/venv" "$(readlink -f "$opt/conclave/.conclave/venv")"
mount --move "$opt" /opt
mount --move "$etc" /etc
mount -t tmpfs -o mode=755 none "$dev" && mkdir "$dev/shm" "$dev/pts"
for one in null zero full random urandom tty; do touch "$dev/$one" && mount --bind "/dev/$one" "$dev/$one"; done
mount -t tmpfs none "$dev/shm" && mount -t devpts -o newinstance,ptmxmode=0666 none "$dev/pts" && ln -s pts/ptmx "$dev/ptmx"
mount --move "$dev" /dev
mount -t tmpfs -o mode=755 none /run
mkdir -p /run/systemd/system /run/lock
printf '[Unit]\\nDefaultDependencies=no\\nAllowIsolate=yes\\n' > /run/systemd/system/alone.target
for one in systemd-modules-load.service modprobe@.service; do ln -s /dev/null /run/systemd/system/$one; done
mount -t tmpfs -o mode=755 none /var
mkdir -p /var/lib /var/log /var/cache && mkdir -m 1777 /var/tmp
mount --bind /proc/sys /proc/sys && mount -o remount,bind,ro /proc/sys
mount -t sysfs -o ro none /sys
mount -t tmpfs none /sys/fs/cgroup && mount -t cgroup2 none /sys/fs/cgroup
mount -t tmpfs -o mode=1777 none /tmp
echo /opt/python/lib > /etc/ld.so.conf.d/00-python.conf && ldconfig
mount -o remount,bind,ro /
cd /
exec env -i container=conclave PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
    /lib/systemd/systemd --system --unit=alone.target --log-target=journal --show-status=no
"""


@dataclass(frozen=True, kw_only=True)
class Systemd:
    """One that runs."""

    pid: int

    def run(self, *command: str) -> subprocess.CompletedProcess[str]:
        """Run a command as root beside it."""
        return subprocess.run(["nsenter", f"--target={self.pid}", "--all", *command], capture_output=True, text=True, check=False)

    def said(self, *command: str) -> str:
        """Return what a command that must work said."""
        done = self.run(*command)
        assert done.returncode == 0, f"{command}: {done.stdout}{done.stderr}"
        return done.stdout.strip()

    def shows(self, name: str) -> str:
        """Return one property of the service."""
        return self.said("systemctl", "show", "--property", name, "--value", "conclave")

    def answers(self, path: str = "/readyz") -> bool:
        """Tell whether the service answers this with 200."""
        ask = "import sys, urllib.request; urllib.request.urlopen('http://localhost:8000' + sys.argv[1], timeout=5)"
        return self.run("/opt/python/bin/python3", "-I", "-c", ask, path).returncode == 0

    def log(self) -> str:
        """Return what the service has said, for a failure's message."""
        return self.run("journalctl", "--no-pager", "-n", "60").stdout + self.run("systemctl", "status", "--no-pager", "conclave").stdout


@contextmanager
def systemd(folder: Path) -> Iterator[Systemd]:
    """Start one with this checkout installed as docs/install.md says, and end it with all that it runs.

    Args:
        folder: where its own words go.
    """
    group = _group()
    name = f"python{sysconfig.get_python_version()}"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(bootstrap, "VENV", CHECKOUT / ".conclave" / "venv")
        stamp = bootstrap.wanted_stamp()
    facts = [str(ROOT), sys.base_prefix, name, sysconfig.get_path("purelib"), stamp, SETTINGS, str(UID), str(folder)]
    apart = ["unshare", "--pid", "--mount", "--ipc", "--uts", "--net", "--cgroup", "--fork", "--kill-child=KILL"]
    # Into a control group of its own first: the namespace of groups begins where it is made.
    entering = 'echo $$ > "$0/cgroup.procs" && exec "$@"'
    with (folder / "systemd.log").open("wb") as said:
        process = subprocess.Popen(
            ["sh", "-c", entering, str(group), *apart, "sh", "-c", PREPARE, "sh", *facts],
            stdin=subprocess.DEVNULL,
            stdout=said,
            stderr=said,
        )
    try:
        children = Path(f"/proc/{process.pid}/task/{process.pid}/children")

        def words() -> str:
            return (folder / "systemd.log").read_text(encoding="utf-8", errors="replace")

        def begun() -> int:
            assert process.poll() is None, words()
            (child,) = children.read_text(encoding="ascii").split() or ("0",)
            there = int(child) and Path(f"/proc/{child}/comm").read_text(encoding="ascii").strip() == "systemd"
            return int(child) if there and Systemd(pid=int(child)).run("systemctl", "is-active", "alone.target").returncode == 0 else 0

        yield Systemd(pid=until(begun, what="systemd has begun", seconds=START_SECONDS, seen=words))
    finally:
        process.kill()
        process.wait()
        _empty(group)


def lacking() -> str:
    """Return what this machine lacks for a systemd of its own; empty when it can have one."""
    if not PROGRAM.exists():
        return "systemd"
    may = subprocess.run(["unshare", "--mount", "--pid", "--net", "--cgroup", "--fork", "true"], capture_output=True, check=False)
    if may.returncode or not shutil.which("nsenter"):
        return "the right to make namespaces"
    try:
        _empty(_group())
    except (OSError, LookupError):
        return "the right to make control groups"
    return ""


def _group() -> Path:
    """Make a control group for it, below our own."""
    mounts = [line.split() for line in Path("/proc/self/mounts").read_text(encoding="utf-8").splitlines()]
    own = [line.partition("::")[2] for line in Path("/proc/self/cgroup").read_text(encoding="utf-8").splitlines() if line.startswith("0::")]
    tops = [Path(point) for _device, point, kind, *_ in mounts if kind == "cgroup2"]
    if not tops or not own:
        raise LookupError
    group = tops[0] / own[0].lstrip("/") / f"conclave-test-{secrets.token_hex(6)}"
    group.mkdir()
    return group


def _empty(group: Path) -> None:
    """Remove a control group and those below it, once the last process of it has gone."""
    until(lambda: "populated 0" in (group / "cgroup.events").read_text(encoding="ascii"), what="all that systemd ran has ended")
    for folder, _, _ in os.walk(group, topdown=False):
        Path(folder).rmdir()

"""A PostgreSQL of the machine's own, in a folder of its own, for as long as something needs it."""

import contextlib
import os
import pwd
import secrets
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

DEBIAN = "/usr/lib/postgresql"
NAMES = ("initdb", "pg_ctl")
# Neither is what a server should have that keeps anything: here the machine's disk is not what is measured.
SETTINGS = {"fsync": "off", "full_page_writes": "off", "shared_buffers": "512MB", "max_wal_size": "4GB", "max_connections": "64"}


class NoPostgres(Exception):
    """There is no PostgreSQL on this machine."""


def programs() -> dict[str, str]:
    """Return where PostgreSQL's programs are: on the PATH, or where Debian puts them.

    Raises:
        NoPostgres: there are none; the sentence says what to install.
    """
    folders = [*sorted((str(path) for path in Path(DEBIAN).glob("*/bin")), reverse=True), *os.get_exec_path()]
    found = {name: shutil.which(name, path=os.pathsep.join(folders)) for name in NAMES}
    if None in found.values():
        raise NoPostgres("This needs PostgreSQL. On Debian: apt-get install postgresql")
    return {name: str(path) for name, path in found.items()}


@contextlib.contextmanager
def postgres() -> Iterator[str]:
    """Start one, yield its address as the setting `database` takes it, and leave nothing behind.

    Raises:
        NoPostgres: there is none on this machine.
    """
    has, password = programs(), secrets.token_hex(16)
    # It refuses to run as root; Debian has made a user for it.
    user = pwd.getpwnam("postgres") if os.geteuid() == 0 else None
    folder = Path(tempfile.mkdtemp(prefix="conclave-postgres-"))
    as_user = {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []} if user else {}
    try:
        word = folder / "password"
        word.write_text(password, encoding="ascii")
        if user:
            for path in (folder, word):
                os.chown(path, user.pw_uid, user.pw_gid)
        data, port = folder / "data", _free_port()
        initial = ["--auth=scram-sha-256", "--username=conclave", f"--pwfile={word}", "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync"]
        _call([has["initdb"], *initial, str(data)], cwd=folder, **as_user)
        options = " ".join(f"-c {name}={value}" for name, value in SETTINGS.items())
        options += f" -c listen_addresses=127.0.0.1 -c port={port} -c unix_socket_directories={folder}"
        _call([has["pg_ctl"], "-D", str(data), "-w", "-l", str(folder / "log"), "-o", options, "start"], cwd=folder, **as_user)
        try:
            yield f"postgresql://conclave:{password}@127.0.0.1:{port}/postgres"
        finally:
            _call([has["pg_ctl"], "-D", str(data), "-m", "immediate", "-w", "stop"], cwd=folder, **as_user)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _call(command: list[str], *, cwd: Path, **as_user: object) -> None:
    """Run one of its programs quietly; say what it said when it fails."""
    done = subprocess.run(
        command, cwd=cwd, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False, **as_user
    )  # type: ignore[call-overload]
    if done.returncode:
        raise RuntimeError(f"{command[0]} failed:\n{done.stdout}")


def _free_port() -> int:
    """Return a port that nobody has just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])

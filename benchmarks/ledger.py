"""How fast the public ledger takes entries, and how long an outsider needs to work all of it out again.

A million sealed entries in the embedded database: the first and the last of them each in a transaction of its own, as actions append them,
the others in larger ones. Then the tree is signed, cosigned by a witness in a process of its own, written out as its public files, and
verified from these alone with two of three fields of each entry opened; and golang.org/x/mod/sumdb makes the root of the same entries.
"""

import argparse
import json
import os
import resource
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

GOAL_APPENDS, GOAL_VERIFY_S = 500.0, 60.0
LEAVES, SINGLE, TOGETHER = 1_000_000, 20_000, 1_000
OPENED = ("kind", "territory")
TERRITORIES = ("FR", "DE", "US", "CN", "HK", "TR")


def main() -> None:
    """Measure, and print one line of JSON."""
    parser = argparse.ArgumentParser(prog="benchmarks.ledger")
    parser.add_argument("--leaves", type=int, default=LEAVES)
    parser.add_argument("--single", type=int, default=SINGLE)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="conclave-bench-") as folder:
        os.environ["CONCLAVE_STATE_DIR"] = str(Path(folder) / "state")
        os.environ["DJANGO_SETTINGS_MODULE"] = "conclave.settings"
        found = measure(Path(folder), leaves=arguments.leaves, single=min(arguments.single, arguments.leaves // 2))
    result = figures(**found)
    sys.stdout.write(json.dumps(result) + "\n")
    sys.exit(0 if result["ok"] else 1)


def figures(
    *, leaves: int, appends: list[float], verify_s: float, verified: bool, roots: tuple[str, str], more: dict[str, float]
) -> dict[str, Any]:
    """Return what was measured, and whether it is good.

    Args:
        leaves: how many entries there are.
        appends: entries a second, each in a transaction of its own: of the first ones, and of the last ones.
        verify_s: how long the whole verification took.
        verified: whether it found everything good.
        roots: of the tree, ours and sumdb's.
        more: what else was measured, in the units of the names.
    """
    same_root = roots[0] == roots[1]
    return {
        "name": "ledger",
        "goal": f"append_per_s >= {GOAL_APPENDS:.0f}, verify_s <= {GOAL_VERIFY_S:.0f}, the same root as golang.org/x/mod/sumdb",
        "ok": min(appends) >= GOAL_APPENDS and verify_s <= GOAL_VERIFY_S and verified and same_root,
        "leaves": leaves,
        "append_per_s": round(min(appends), 1),
        "verify_s": round(verify_s, 2),
        "same_root": same_root,
        "verified": verified,
        "appends": [round(rate, 1) for rate in appends],
        **{name: round(value, 3) for name, value in more.items()},
    }


def measure(folder: Path, *, leaves: int, single: int) -> dict[str, Any]:
    """Fill a ledger, and return what figures() takes."""
    import django

    django.setup()
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    from conclave.transparency import checkpoints, cosign, tree

    more: dict[str, float] = {}
    first, more["first_append_cpu_ms"] = append_each(single)
    with timed(more, "batch_s"):
        append_together(leaves - 2 * single)
    with timed(more, "grow_s"):
        tree.grow()
    last, more["last_append_cpu_ms"] = append_each(single)
    tell(f"{leaves} entries; appending {first:.0f} and {last:.0f} a second")
    with own_witness(), timed(more, "cosign_s"):
        cosign.cosign_now(now=1)
    made = checkpoints.newest()
    assert made is not None
    assert made.size == leaves
    public = folder / "public"
    with timed(more, "publish_s"):
        write_out(public, size=leaves)
    openings = folder / "openings.jsonl"
    more["openings"] = write_openings(openings)
    tell("written out; verifying")
    began, used = time.monotonic(), resource.getrusage(resource.RUSAGE_CHILDREN)
    words = ["ledger", str(public), "--policy", str(public / "policy"), "--openings", str(openings)]
    told = subprocess.run([sys.executable, "-m", "conclave_verify", *words], capture_output=True, text=True, check=False)
    verify_s = time.monotonic() - began
    now = resource.getrusage(resource.RUSAGE_CHILDREN)
    more["verify_cpu_s"] = now.ru_utime + now.ru_stime - used.ru_utime - used.ru_stime
    tell(told.stdout + told.stderr)
    roots = (tree.root(at=leaves).hex(), root_by_sumdb(public, size=leaves))
    return {
        "leaves": leaves,
        "appends": [first, last],
        "verify_s": verify_s,
        "verified": told.returncode == 0,
        "roots": roots,
        "more": more,
    }


def fields(number: int) -> dict[str, object]:
    """Return what one entry seals."""
    return {"territory": TERRITORIES[number % len(TERRITORIES)], "kind": "act", "day": f"2026-{number % 12 + 1:02d}-{number % 28 + 1:02d}"}


def append_each(count: int) -> tuple[float, float]:
    """Append entries, each as an action does; return how many a second, and the milliseconds of processor time that each took."""
    from django.db import transaction

    from conclave.transparency.ledger import append

    began, used = time.monotonic(), time.process_time()
    for number in range(count):
        with transaction.atomic():
            append(kind="ORDER", fields=fields(number), now=number)
    return count / (time.monotonic() - began), (time.process_time() - used) / count * 1000


def append_together(count: int) -> None:
    """Append entries, many in one transaction."""
    from django.db import transaction

    from conclave.transparency.ledger import Draft, append_all

    for start in range(0, count, TOGETHER):
        drafts = [Draft(kind="ORDER", fields=fields(number)) for number in range(start, min(start + TOGETHER, count))]
        with transaction.atomic():
            append_all(drafts=drafts, now=start)


@contextmanager
def own_witness() -> Iterator[None]:
    """Run the server's own witness as `conclave run` does."""
    from django.conf import settings

    from conclave.transparency.identity import OWN_KEY, OWN_SOCKET
    from conclave.transparency.identity import own_witness as folder_of
    from conclave.transparency.witnesses import key

    folder = folder_of(state_dir=settings.CONCLAVE.state_dir)
    folder.mkdir(parents=True)
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listener:
        listener.bind(str(folder / OWN_SOCKET))
        listener.listen(8)
        words = ["--log", key().vkey, "--folder", str(folder), "--name", "own", "--listen", str(listener.fileno())]
        running = subprocess.Popen([sys.executable, "-m", "conclave.cli", "witness", *words], pass_fds=[listener.fileno()])
        try:
            while not (folder / OWN_KEY).exists():
                time.sleep(0.05)
            yield
        finally:
            running.send_signal(signal.SIGTERM)
            running.wait(20)


def write_out(folder: Path, *, size: int) -> None:
    """Write every public file where its address says, as a visitor would fetch it."""
    from conclave.transparency import checkpoints, tree, witnesses
    from conclave_verify import tile

    made = checkpoints.newest()
    assert made is not None
    files = {"checkpoint": checkpoints.signed(checkpoint=made).encode(), "policy": witnesses.policy_text().encode()}
    for level in [None, *tile.levels(size)]:
        for one in tile.tiles(size, level=level):
            files[one.path] = b""
    for path, content in files.items():
        wanted = None if content else tile.parse_path(path.removeprefix("tile/"))
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes((tree.content(wanted=wanted) if wanted else content) or b"")


def write_openings(path: Path) -> int:
    """Write what opens two fields of each entry, and return how many these are."""
    from conclave.kernel import b64, canonical
    from conclave.transparency.models import Opening

    count = 0
    rows = Opening.objects.filter(field__in=OPENED).order_by("entry_id", "field").values_list("entry_id", "field", "salt", "value")
    with path.open("wb") as file:
        for leaf, field, salt, value in rows.iterator(chunk_size=10_000):
            file.write(canonical.encode({"leaf": leaf, "field": field, "salt": b64.encode(bytes(salt)), "value": value}) + b"\n")
            count += 1
    return count


def root_by_sumdb(folder: Path, *, size: int) -> str:
    """Return the root that golang.org/x/mod/sumdb makes of the entries in the bundles."""
    from conclave_verify import tile
    from deploy.build import BUILDS, TLOG

    BUILDS["tlog"]()
    with subprocess.Popen([str(TLOG), "root"], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as running:
        assert running.stdin is not None
        assert running.stdout is not None
        for one in tile.tiles(size, level=None):
            running.stdin.write((folder / one.path).read_bytes())
        running.stdin.close()
        root: str = json.loads(running.stdout.read())["root"]
    return root


@contextmanager
def timed(found: dict[str, float], name: str) -> Iterator[None]:
    """Note how many seconds something took."""
    began = time.monotonic()
    yield
    found[name] = time.monotonic() - began


def tell(text: str) -> None:
    """Say how far it is."""
    sys.stdout.write(f"{text.strip()}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()

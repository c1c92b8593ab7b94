"""What may befall the machine on which a server stands: nobody loses the place, nothing that was decided is forgotten."""

import asyncio
import contextlib
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.faults.scene import STAYERS, Scene, play, scene
from tests.faults.wire import Wire
from tests.headless.people import Crowd, crowds
from tests.journeys.world import ROOT, Installation, installation

pytestmark = pytest.mark.journey
HERE = Path(__file__).resolve().parent
# Longer than the 15 s after which a group that does not move is given up (LOG-11).
LONG = 17.0
# Longer than the gateway waits for the database's lock.
LOCKED = 23.0
Story = Callable[[Scene], Coroutine[Any, Any, None]]


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Installation]:
    """A server of its own for each story, not started yet."""
    own = installation(tmp_path / "var", migrated=True)
    try:
        yield own
    finally:
        own.stop()
        # Shown when the test fails.
        sys.stdout.write(own.output[-6000:])


def tell(server: Installation, story: Story) -> None:
    """Start the server and let the story happen in a call of Alice and Bob; what must always hold is looked at in the end."""

    async def run() -> None:
        async with told(server) as made:
            await story(made)

    server.start()
    play(run())


@asynccontextmanager
async def told(server: Installation) -> AsyncIterator[Scene]:
    """A call, and afterwards the same people on the same seats in one group, who hear each other."""
    with Wire(gateway_port=server.http_port) as wire:
        async with scene(server, wire) as made:
            before = await made.reports()
            yield made
            after = await made.together(*STAYERS)
            for name in STAYERS:
                kept = ("participant", "leaf", "incarnation", "over")
                assert [after[name][part] for part in kept] == [before[name][part] for part in kept], f"{name} lost the place"
            await made.talk_again(*STAYERS)
            made.judge(*STAYERS)


async def comes_and_goes(made: Scene, name: str) -> None:
    """Somebody joins, is heard, and leaves."""
    await made.join(made.coming, name)
    await made.together(*STAYERS, name)
    await made.talk(*STAYERS, name)
    await made.coming.ask("leave", name=name)
    await made.together(*STAYERS)
    await made.coming.ask("forget")


def test_all_sockets_lost_at_once_end_no_call_and_change_no_code(server: Installation) -> None:
    async def story(made: Scene) -> None:
        code = (await made.together(*STAYERS))["Alice"]["code"]
        made.wire.cut("socket", stay=True)
        await asyncio.sleep(5)
        made.wire.mend()
        await made.talk_again(*STAYERS)
        after = await made.together(*STAYERS)
        assert after["Alice"]["code"] == code
        assert all(one["lost"] for one in after.values())

    tell(server, story)


def test_a_server_that_stood_still_for_longer_than_the_group_may_goes_on_where_it_was(server: Installation) -> None:
    async def story(made: Scene) -> None:
        made.wire.before = lambda passed: not (passed.t == "lease" and os.kill(server.child("gateway"), signal.SIGSTOP))  # type: ignore[func-returns-value]
        coming = asyncio.create_task(made.join(made.coming, "Carol"))
        await asyncio.sleep(LONG)
        made.wire.before = lambda _passed: True
        os.kill(server.child("gateway"), signal.SIGCONT)
        await coming
        await made.together(*STAYERS, "Carol")
        await made.coming.ask("leave", name="Carol")

    tell(server, story)


def test_a_laptop_that_sleeps_for_20_s_wakes_on_its_own_seat(server: Installation) -> None:
    async def story(made: Scene) -> None:
        code = (await made.together(*STAYERS))["Alice"]["code"]
        os.kill(made.staying.process.pid, signal.SIGSTOP)
        await asyncio.sleep(20)
        os.kill(made.staying.process.pid, signal.SIGCONT)
        await made.talk_again(*STAYERS)
        assert (await made.together(*STAYERS))["Alice"]["code"] == code

    tell(server, story)


def test_a_power_cut_loses_no_removal_and_no_seat(server: Installation) -> None:
    """Everything is killed at once, and started again as by an init system."""

    async def story(made: Scene) -> None:
        guest = await made.join(made.coming, "Charlie")
        await made.together(*STAYERS, "Charlie")
        await made.staying.ask("remove", name="Alice", target=guest["participant"])
        await asyncio.to_thread(server.kill)
        await asyncio.to_thread(server.start)
        await made.together(*STAYERS)
        await made.out_for_good("Charlie")
        await made.coming.ask("forget")
        await comes_and_goes(made, "Carol")

    tell(server, story)


def test_a_database_that_is_locked_by_somebody_else_only_makes_people_wait(server: Installation) -> None:

    async def story(made: Scene) -> None:
        with contextlib.closing(sqlite3.connect(server.state / "conclave.sqlite3", isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            coming = asyncio.create_task(made.join(made.coming, "Carol"))
            made.wire.cut("socket")
            await asyncio.sleep(LOCKED)
            other.execute("ROLLBACK")
        await asyncio.wait_for(coming, 40)
        await made.together(*STAYERS, "Carol")
        await made.coming.ask("leave", name="Carol")

    tell(server, story)


# A small disk of its own, which is gone with the server; the rest of the machine is not touched.
MOUNT = 'mount -t tmpfs -o size=64m none "$CONCLAVE_STATE_DIR" && exec "$@"'
SMALL_DISK = ("unshare", "--mount", "--map-root-user", "sh", "-c", MOUNT, "sh")


def test_a_full_disk_lets_nobody_in_throws_nobody_out_and_is_over_when_there_is_room(tmp_path: Path) -> None:
    assert shutil.which("unshare")
    own = installation(tmp_path / "var", prefix=SMALL_DISK)

    async def story() -> None:
        assert own.process is not None
        disk = Path(f"/proc/{own.process.pid}/root") / own.state.relative_to("/")
        with Wire(gateway_port=own.http_port) as wire:
            async with scene(own, wire) as made:
                made.disk = disk
                before = await made.reports()
                fill(disk / "ballast")
                coming = asyncio.create_task(made.join(made.coming, "Carol"))
                await asyncio.sleep(5)
                assert not coming.done() or coming.exception(), "somebody joined without a row"
                (disk / "ballast").unlink()
                await asyncio.wait([coming])
                if coming.exception() is None:
                    await made.coming.ask("leave", name="Carol")
                await made.together(*STAYERS)
                await made.coming.ask("forget")
                await comes_and_goes(made, "Dora")
                after = await made.reports()
                assert [(one["participant"], one["leaf"]) for one in after.values()] == [
                    (one["participant"], one["leaf"]) for one in before.values()
                ]
                made.judge(*STAYERS)

    try:
        own.start()
        play(story())
    finally:
        own.stop()
        sys.stdout.write(own.output[-6000:])


def fill(path: Path) -> None:
    """Leave no byte."""
    with path.open("wb", buffering=0) as ballast, contextlib.suppress(OSError):
        for size in (1 << 20, 4096, 1):
            with contextlib.suppress(OSError):
                while ballast.write(b"\0" * size):
                    pass


# Carol's key package is dated by the new time and judged by Alice's, who has that of her own ticket: OpenMLS dates it an hour back, and
# somebody who comes after a longer jump comes in only when the others have come anew.
@pytest.mark.parametrize("minutes", [50, -50])
def test_a_clock_that_jumps_moves_nobody(server: Installation, minutes: int) -> None:
    moved = server.state.parent / "moved-clock-ms"
    moved.write_text("0", encoding="ascii")
    server.command = ("env", f"PYTHONPATH={HERE / 'moved_clock'}:{ROOT / 'src'}", *server.command)

    async def story(made: Scene) -> None:
        guest = await made.join(made.coming, "Charlie")
        await made.together(*STAYERS, "Charlie")
        moved.write_text(str(minutes * 60_000), encoding="ascii")
        await made.staying.ask("remove", name="Alice", target=guest["participant"])
        await made.together(*STAYERS)
        await made.out_for_good("Charlie")
        await made.coming.ask("forget")
        made.wire.cut("socket")
        await made.together(*STAYERS)
        await comes_and_goes(made, "Carol")

    tell(server, story)


def test_the_client_of_the_version_before_is_in_one_call_with_ours(server: Installation, tmp_path: Path) -> None:
    async def story(made: Scene) -> None:
        async with crowds(world={**made.world, "wasm": str(tmp_path / "mls/dist/conclave_mls.wasm")}, program=former(tmp_path)) as (old,):
            await old.ask("join", name="Olga", host=False)
            states = await until_size(old, made, size=3)
            found = await made.reports()
            assert {one["code"] for one in found.values()} == {states["code"]}
            await old.ask("say", name="Olga", text="I am of yesterday")
            await made.until(
                lambda now: all(any("yesterday" in line for line in one["heard"]) for one in now.values()), what="Olga is heard"
            )
            # Who came first commits; so the old one commits for the new one when Alice and Bob are away.
            await made.join(made.coming, "Nora")
            await until_size(old, made, size=4)
            await made.coming.ask("leave", name="Nora")
            await until_size(old, made, size=3)
            await made.coming.ask("forget")
            await old.ask("leave", name="Olga")

    tell(server, story)


async def until_size(old: Crowd, made: Scene, *, size: int) -> dict[str, Any]:
    """Wait until the old client and ours have that many members in one epoch; return the old one's state."""
    for _ in range(400):
        state: dict[str, Any] = (await old.ask("report"))["states"][0]
        ours = (await made.reports()).values()
        if state["size"] == size and {one["code"] for one in ours if not one["over"]} == {state["code"]}:
            return state
        await asyncio.sleep(0.1)
    raise AssertionError(f"never {size} in one epoch: {state}, {list(ours)}")


# Before the next release there is no tag: then a client of this version's first weeks stands for the one before.
FIRST = "87b4713"


def former(folder: Path) -> Path:
    """Unpack the headless client of the last release before this checkout, and return its program's folder."""
    tags = git("tag", "--merged", "HEAD~1", "--sort=-creatordate").split()
    commit = tags[0] if tags else FIRST
    # With an index of its own, so that this checkout's stays as it is.
    checkout = ["git", "--work-tree", str(folder), "checkout", commit, "--", "tests/headless", "web/src", "mls/dist"]
    own = {**os.environ, "GIT_INDEX_FILE": str(folder / "index")}
    done = subprocess.run(checkout, cwd=ROOT, env=own, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"the version before ({commit}) is not in this checkout: git fetch --unshallow\n{done.stderr}"
    return folder / "tests" / "headless"


def git(*words: str) -> str:
    """Ask git about this checkout."""
    return subprocess.run(["git", *words], cwd=ROOT, capture_output=True, text=True, check=True).stdout

"""Many headless members at one real gateway: Node processes with the browsers' MLS module, driven from Python."""

import asyncio
import json
import re
import subprocess
import threading
import urllib.request
from collections.abc import AsyncIterator, Coroutine
from concurrent.futures import Future
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

from conclave.kernel.ids import new_id
from conclave.keys.mls import WASM, MlsInstance
from deploy.toolchain import node_environment

HERE = Path(__file__).resolve().parent
LINE_LIMIT = 64 * 1024 * 1024
ANSWER_SECONDS = 60.0
T = TypeVar("T")


def new_meeting(*, url: str, meet_now: str, preset: str = "open", **entrance: object) -> dict[str, str]:
    """Make a meeting with the server's meet-now address, as its page would.

    Args:
        url: the gateway.
        meet_now: the printed one-time address.
        preset: what its entrance settings start from.
        entrance: what is set otherwise (MEET-8).

    Returns:
        What a headless member needs: the gateway's address and the link's parts.
    """
    meeting = new_id()
    link = MlsInstance().call("new_link", meeting=meeting)
    token = re.sub(r"^.*#", "", meet_now)
    body = {"meeting": meeting, "title": "", "link_id": link["link_id"], "host_hash": link["host_hash"], "now": token}
    body |= {"preset": preset, "entrance": entrance}
    request = urllib.request.Request(
        f"{url}/api/v1/meetings", json.dumps(body).encode(), {"content-type": "application/json"}, method="POST"
    )
    with urllib.request.urlopen(request, timeout=30) as answer:
        assert answer.status == 201
    return {"url": url, "meeting": meeting, "wasm": str(WASM), **{name: str(link[name]) for name in ("secret", "host_hash", "host_key")}}


def world_of(*, url: str, link: str) -> dict[str, str]:
    """Return what a headless guest needs of a meeting's link.

    Args:
        url: the gateway.
        link: as people pass it on, without a host's key; an invitation in it is left out, as it is for the door and not for the group.
    """
    address, _, fragment = link.partition("#")
    secret, host_hash, *_invitation = fragment.split(".")
    meeting = address.rpartition("/")[2]
    return {"url": url, "wasm": str(WASM), "meeting": meeting, "secret": secret, "host_hash": host_hash, "host_key": ""}


@dataclass(kw_only=True)
class Crowd:
    """One Node process full of members."""

    process: asyncio.subprocess.Process
    _next: int = 0
    _asked: dict[int, asyncio.Future[Any]] = field(default_factory=dict)
    _reader: asyncio.Task[None] | None = None

    async def ask(self, do: str, **fields: Any) -> Any:
        """Give a command and return its answer.

        Raises:
            RuntimeError: it failed, with the reason.
        """
        assert self.process.stdin is not None
        self._next += 1
        number = self._next
        waiting = self._asked[number] = asyncio.get_running_loop().create_future()
        self.process.stdin.write(json.dumps({"id": number, "do": do, **fields}).encode() + b"\n")
        await self.process.stdin.drain()
        answer = await waiting
        del self._asked[number]
        if "error" in answer:
            raise RuntimeError(f"{do} {fields}: {answer['error']}")
        return answer["ok"]

    async def read(self) -> None:
        """Hand answers to those who asked."""
        assert self.process.stdout is not None
        async for line in self.process.stdout:
            answer = json.loads(line)
            waiting = self._asked.get(answer.get("id", 0))
            if waiting is not None and not waiting.done():
                waiting.set_result(answer)
        for waiting in list(self._asked.values()):
            if not waiting.done():
                waiting.set_result({"error": "the process has ended"})


@asynccontextmanager
async def crowds(*, world: dict[str, str], count: int = 1, program: Path = HERE) -> AsyncIterator[list[Crowd]]:
    """Start that many processes, and end them whatever happens.

    Args:
        world: from new_meeting().
        count: how many; each uses one processor core.
        program: the folder of the program that they run, main.ts with its hooks.mjs.
    """
    made = [await _start(world, program) for _ in range(count)]
    try:
        yield made
    finally:
        for crowd in made:
            if crowd.process.stdin is not None:
                crowd.process.stdin.close()
        for crowd in made:
            try:
                await asyncio.wait_for(crowd.process.wait(), 10)
            except TimeoutError:
                crowd.process.kill()
                await crowd.process.wait()
            if crowd._reader is not None:
                await crowd._reader


async def _start(world: dict[str, str], program: Path) -> Crowd:
    """Start one process and wait until it is ready."""
    process = await asyncio.create_subprocess_exec(
        "node",
        "--no-warnings",
        "--experimental-strip-types",
        "--import",
        str(program / "hooks.mjs"),
        str(program / "main.ts"),
        json.dumps(world),
        env=node_environment(),
        cwd=program,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        limit=LINE_LIMIT,
    )
    assert process.stdout is not None
    assert json.loads(await process.stdout.readline()) == {"ready": True}
    crowd = Crowd(process=process)
    crowd._reader = asyncio.create_task(crowd.read())
    return crowd


class Beside:
    """One process of headless members for a test that drives browsers meanwhile; it ends with the block."""

    def __init__(self, world: dict[str, str]) -> None:
        """Start nothing yet; `world` is from new_meeting() or world_of()."""
        self._world = world
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._stack = AsyncExitStack()
        self._crowd: Crowd | None = None

    def __enter__(self) -> Self:
        """Start it."""
        self._thread.start()
        (self._crowd,) = self._wait(self._stack.enter_async_context(crowds(world=self._world))).result(ANSWER_SECONDS)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """End it."""
        self._wait(self._stack.aclose()).result(ANSWER_SECONDS)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def ask(self, do: str, **fields: Any) -> Any:
        """Give a command and wait for its answer, as Crowd.ask() does.

        Raises:
            TimeoutError: there was none in time, with what all members stand at.
        """
        try:
            return self.begin(do, **fields).result(ANSWER_SECONDS)
        except TimeoutError:
            stand = self.begin("report").result(ANSWER_SECONDS)
            raise TimeoutError(f"{do} {fields}: {stand}") from None

    def begin(self, do: str, **fields: Any) -> Future[Any]:
        """Give a command whose answer is waited for later."""
        assert self._crowd is not None
        return self._wait(self._crowd.ask(do, **fields))

    def kill(self) -> None:
        """Kill the process with everybody in it, and start another."""
        assert self._crowd is not None
        self._crowd.process.kill()
        self._wait(self._crowd.process.wait()).result(ANSWER_SECONDS)
        (self._crowd,) = self._wait(self._stack.enter_async_context(crowds(world=self._world))).result(ANSWER_SECONDS)

    def states(self) -> dict[str, dict[str, Any]]:
        """Return where each member stands, by name."""
        return {state["name"]: state for state in self.ask("report")["states"]}

    def _wait(self, what: Coroutine[Any, Any, T]) -> Future[T]:
        """Run it beside."""
        return asyncio.run_coroutine_threadsafe(what, self._loop)

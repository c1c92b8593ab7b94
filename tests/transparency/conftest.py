"""A state folder for each test, and witnesses that really answer."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from pytest_django import Settings

from conclave.transparency import cosign, witnesses
from conclave.transparency.cosigner import Cosigner
from conclave.transparency.identity import OWN_SOCKET, own_witness
from conclave.transparency.witness import WitnessServer
from conclave_verify.note import Key

NOW = 1_800_000_000_000
SECONDS = NOW // 1000


@pytest.fixture(autouse=True)
def state(tmp_path: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Keep keys in a folder of this test's own; let the background begin anew."""
    folder = tmp_path / "state"
    settings.CONCLAVE = replace(settings.CONCLAVE, state_dir=folder, public_url="https://meet.example", witnesses="", witness_quorum=0)
    monkeypatch.setattr(cosign, "_pace", type(cosign._pace)(every_ms=cosign._pace.every_ms))
    return folder


@contextmanager
def answering(cosigner: Cosigner, listener: socket.socket) -> Iterator[None]:
    """Let a witness answer on a socket."""
    server = WitnessServer(listener, cosigner)
    serving = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    serving.start()
    try:
        yield
    finally:
        server.shutdown()
        serving.join()
        server.server_close()
        cosigner.close()


@contextmanager
def own(state: Path) -> Iterator[Cosigner]:
    """Let the server's own witness answer, as `conclave run` starts it."""
    folder = own_witness(state_dir=state)
    cosigner = Cosigner(folder=folder, name="meet.example/transparency/witness", logs=[witnesses.key()], seconds=lambda: SECONDS)
    path = folder / OWN_SOCKET
    path.unlink(missing_ok=True)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    listener.bind(str(path))
    listener.listen(8)
    with answering(cosigner, listener):
        yield cosigner


@pytest.fixture
def own_one(state: Path) -> Iterator[Cosigner]:
    """The server's own witness, answering."""
    with own(state) as cosigner:
        yield cosigner


Others = Callable[[int], list[tuple[str, Key]]]


@pytest.fixture
def others(tmp_path: Path, settings: Settings) -> Iterator[Others]:
    """Return a function that starts independent witnesses and names them in the settings."""
    running = []

    def start(count: int) -> list[tuple[str, Key]]:
        found = []
        for number in range(count):
            cosigner = Cosigner(folder=tmp_path / f"w{number}", name=f"w{number}.example", logs=[witnesses.key()], seconds=lambda: SECONDS)
            listener = socket.create_server(("127.0.0.1", 0))
            found.append((f"http://127.0.0.1:{listener.getsockname()[1]}", cosigner.key))
            context = answering(cosigner, listener)
            context.__enter__()
            running.append(context)
        settings.CONCLAVE = replace(settings.CONCLAVE, witnesses=", ".join(f"{url} {key.vkey}" for url, key in found))
        return found

    yield start
    for context in running:
        context.__exit__(None, None, None)

"""The real media engine, for tests: its own ports on loopback, stopped afterwards."""

import socket
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from conclave.config import ROOT
from conclave.media.child import Engine, EngineSettings
from conclave.media.credentials import EngineCredentials, engine_credentials

PROGRAM = ROOT / ".conclave" / "bin" / "livekit-server"


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveEngine:
    """A running engine."""

    port: int
    credentials: EngineCredentials
    log: Path

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"


@asynccontextmanager
async def live_engine(state_dir: Path, *, turn_port: int | None = None, region: str = "local") -> AsyncIterator[LiveEngine]:
    """Run the engine that `./conclave` built; without it this fails and says so."""
    port, tcp, udp = free_port(), free_port(), free_port()
    credentials = engine_credentials(state_dir=state_dir, region=region)
    settings = EngineSettings(
        program=PROGRAM, state_dir=state_dir, region=region, port=port, tcp_port=tcp, udp_port=udp,
        turn_port=turn_port, node_address="127.0.0.1", credentials=credentials,
    )  # fmt: skip
    engine = Engine(settings, say=lambda _text: None)
    await engine.start()
    try:
        yield LiveEngine(port=port, credentials=credentials, log=engine.log)
    finally:
        await engine.stop()


def free_port() -> int:
    """Return a TCP port that nobody listens on; closed hard, so that it is free again at once."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])

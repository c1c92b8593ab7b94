import asyncio
import json
import os
import signal
import socket
import stat
from contextlib import closing
from pathlib import Path

import pytest

from conclave.kernel.child import LONGEST_LINE, ChildError
from conclave.media.child import Engine, EngineSettings, engine_config
from conclave.media.credentials import EngineCredentials, engine_credentials

# Behaves as the engine does: listens on the port of its configuration, waits for its guests on the first SIGTERM, ends on the second.
STAND_IN = """#!/usr/bin/env python3
import json, signal, socket, sys
config = json.load(open(sys.argv[2]))
terms = []
def term(*_):
    terms.append(1)
    if len(terms) > 1: sys.exit(0)
signal.signal(signal.SIGTERM, term)
server = socket.create_server(("127.0.0.1", config["port"]))
while True: server.accept()
"""


def free_port() -> int:
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def settings(folder: Path, *, program: str = STAND_IN, node_address: str = "127.0.0.1", turn_port: int | None = None) -> EngineSettings:
    path = folder / "engine-program"
    path.write_text(program, encoding="utf-8")
    path.chmod(0o755)
    return EngineSettings(
        program=path,
        state_dir=folder,
        region="local",
        port=free_port(),
        tcp_port=1,
        udp_port=2,
        turn_port=turn_port,
        node_address=node_address,
        credentials=engine_credentials(state_dir=folder, region="local"),
    )


def is_running(engine: Engine) -> bool:
    return engine.pid is not None


def test_the_configuration_asks_nobody_outside_and_listens_on_loopback(tmp_path: Path) -> None:
    config = engine_config(settings(tmp_path))
    assert config["bind_addresses"] == ["127.0.0.1"]
    assert config["room"]["auto_create"] is False  # type: ignore[index]
    rtc = config["rtc"]
    assert isinstance(rtc, dict)
    assert rtc["use_external_ip"] is False
    assert rtc["node_ip"] == "127.0.0.1"
    assert rtc["ips"] == {"includes": ["127.0.0.1/32"]}
    assert rtc["enable_loopback_candidate"] is True
    assert "stun_servers" not in rtc


def test_an_address_behind_nat_is_announced_but_not_listened_on(tmp_path: Path) -> None:
    rtc = engine_config(settings(tmp_path, node_address="192.0.2.1"))["rtc"]
    assert isinstance(rtc, dict)
    assert rtc["node_ip"] == "192.0.2.1"
    assert "ips" not in rtc
    assert rtc["enable_loopback_candidate"] is False


def test_the_key_pair_is_made_once_private_and_kept_out_of_texts(tmp_path: Path) -> None:
    first = engine_credentials(state_dir=tmp_path, region="local")
    assert engine_credentials(state_dir=tmp_path, region="local") == first
    assert engine_credentials(state_dir=tmp_path, region="fr") != first
    assert stat.S_IMODE((tmp_path / "engine" / "local.key.json").stat().st_mode) == 0o600
    assert first.secret not in f"{first} {first!r}"
    assert len(first.secret) >= 32


async def test_the_engine_starts_with_a_private_configuration_and_stops(tmp_path: Path) -> None:
    wanted = settings(tmp_path)
    engine = Engine(wanted, say=pytest.fail)
    await engine.start()
    path = tmp_path / "engine" / "local.yaml"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert json.loads(path.read_text(encoding="utf-8"))["port"] == wanted.port
    await engine.stop()
    with pytest.raises(OSError, match="refused"):
        socket.create_connection(("127.0.0.1", wanted.port))


async def test_a_killed_engine_starts_again_and_the_terminal_says_so(tmp_path: Path) -> None:
    said: list[str] = []
    wanted = settings(tmp_path)
    engine = Engine(wanted, say=said.append)
    await engine.start()
    supervising = asyncio.create_task(engine.supervise())
    first = engine.pid
    assert first
    os.kill(first, signal.SIGKILL)
    async with asyncio.timeout(10):
        while engine.pid in {first, None}:
            await asyncio.sleep(0.05)
    supervising.cancel()
    await asyncio.wait([supervising])
    assert not is_running(engine)
    assert [text.partition(" in ")[0] for text in said] == ["The media engine has ended and starts again"]


async def test_an_engine_that_ends_at_once_is_a_sentence_with_its_log(tmp_path: Path) -> None:
    engine = Engine(settings(tmp_path, program="#!/bin/sh\necho no such key\n"), say=pytest.fail)
    with pytest.raises(ChildError, match=r"ended while starting; its reason is at the end of .*engine\.log\."):
        await engine.start()
    assert engine.log.read_text(encoding="utf-8") == "no such key\n"


async def test_what_the_engine_says_is_written_down_without_addresses_and_tokens(tmp_path: Path) -> None:
    """A line longer than any cannot stop it from being heard."""
    token = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJwIn0.c2ln"
    lines = ["listening", f"invalid token: {token}, error", "candidate 192.0.2.7 of 2001:db8::17", "x" * (2 * LONGEST_LINE), "done"]
    program = "#!/usr/bin/env python3\nimport sys\n" + "".join(f"print({line!r}, file=sys.stderr)\n" for line in lines)
    engine = Engine(settings(tmp_path, program=program), say=pytest.fail)
    with pytest.raises(ChildError, match="ended while starting"):
        await engine.start()
    written = [line for line in engine.log.read_text(encoding="utf-8").splitlines() if "x" * 10 not in line]
    assert written == ["listening", "invalid token: [token], error", "candidate [address] of [address]", "done"]


async def test_an_engine_that_is_not_built_is_a_sentence(tmp_path: Path) -> None:
    wanted = settings(tmp_path)
    wanted.program.unlink()
    with pytest.raises(ChildError, match="is not built"):
        await Engine(wanted, say=pytest.fail).start()


async def test_pauses_grow_while_the_engine_keeps_ending(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pauses: list[float] = []

    async def sleep(seconds: float) -> None:
        pauses.append(seconds)
        if len(pauses) == 9:
            raise asyncio.CancelledError

    wanted = settings(tmp_path)
    wanted.program.unlink()
    monkeypatch.setattr("conclave.kernel.child.asyncio.sleep", sleep)
    with pytest.raises(asyncio.CancelledError):
        await Engine(wanted, say=lambda _text: None).supervise()
    assert pauses == [0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 4, 4, 4]


def test_credentials_say_nothing_secret() -> None:
    assert "hidden" not in repr(EngineCredentials(key="key", secret="hidden"))

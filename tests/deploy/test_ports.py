import os
import socket
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from conclave import ports
from conclave.config import Config


def free_port(kind: socket.SocketKind) -> int:
    with closing(socket.socket(socket.AF_INET, kind)) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def config(tmp_path: Path) -> Config:
    tcp = [free_port(socket.SOCK_STREAM) for _ in range(3)]
    udp = free_port(socket.SOCK_DGRAM)
    return Config(state_dir=tmp_path, http_port=tcp[0], engine_port=tcp[1], media_tcp_port=tcp[2], media_udp_port=udp)


def test_free_ports_are_no_problem(config: Config) -> None:
    assert ports.find_problems(config) == []


@pytest.mark.parametrize("setting", ["http_port", "engine_port", "media_tcp_port"])
def test_a_taken_tcp_port_is_named_with_its_process_and_what_to_do(config: Config, setting: str) -> None:
    number = getattr(config, setting)
    with closing(socket.create_server(("127.0.0.1", number))):
        problems = ports.find_problems(config)
    assert len(problems) == 1
    assert f"Port {number}/TCP" in problems[0]
    assert f"(process {os.getpid()}): stop it with 'kill {os.getpid()}'" in problems[0]
    assert problems[0].endswith(f"or set another with CONCLAVE_{setting.upper()}.")


def test_a_taken_udp_port_is_named_with_its_process(config: Config) -> None:
    with closing(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) as taken:
        taken.bind(("0.0.0.0", config.media_udp_port))
        problems = ports.find_problems(config)
    assert len(problems) == 1
    assert f"Port {config.media_udp_port}/UDP" in problems[0]
    assert f"process {os.getpid()}" in problems[0]


def test_a_port_held_over_ipv6_is_found(config: Config) -> None:
    with closing(socket.create_server(("::", config.media_tcp_port), family=socket.AF_INET6, dualstack_ipv6=True)):
        assert ports.holder(config.media_tcp_port, protocol="TCP") == os.getpid()
        assert len(ports.find_problems(config)) == 1


def test_an_outgoing_connection_holds_no_port(config: Config) -> None:
    with (
        closing(socket.create_server(("127.0.0.1", config.http_port))) as server,
        closing(socket.create_connection(server.getsockname())) as client,
    ):
        assert ports.holder(client.getsockname()[1], protocol="TCP") is None


def test_a_holder_that_cannot_be_seen_is_still_a_sentence(config: Config, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(ports, "PROC", tmp_path)
    with closing(socket.create_server(("127.0.0.1", config.http_port))):
        assert "is taken by another user's process: stop it, or set another" in ports.find_problems(config)[0]


def test_with_tls_the_pages_and_turn_have_a_port_more(config: Config) -> None:
    with_tls = replace(config, lan=True, https_port=free_port(socket.SOCK_STREAM), turn_port=free_port(socket.SOCK_STREAM))
    assert [port.setting for port in ports.needed_ports(with_tls)] == [
        "http_port", "https_port", "engine_port", "media_tcp_port", "media_udp_port", "turn_port",
    ]  # fmt: skip
    with closing(socket.create_server(("127.0.0.1", with_tls.https_port))):
        assert f"Port {with_tls.https_port}/TCP (pages and meeting sockets) is taken by" in ports.find_problems(with_tls)[0]


def test_a_media_address_that_is_not_this_machines_is_left_to_the_engine(config: Config) -> None:
    behind_nat = Config(
        state_dir=config.state_dir,
        http_port=config.http_port,
        engine_port=config.engine_port,
        media_tcp_port=config.media_tcp_port,
        media_udp_port=config.media_udp_port,
        node_address="192.0.2.1",
    )
    assert ports.find_problems(behind_nat) == []

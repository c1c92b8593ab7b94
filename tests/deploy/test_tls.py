"""The TLS server's configuration and the local certificate; both are used for real in tests/journeys/test_tls.py."""

import json
import stat
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import segno
from cryptography import x509

from conclave.config import Config
from conclave.kernel.child import ChildError
from conclave.tls import TlsServer, caddy_config, fingerprint, gateway_socket, lan_certificate, picture, turn_socket

NOW = datetime(2026, 11, 25, tzinfo=UTC)


def test_the_certificate_stays_the_same_until_it_ends_or_the_address_changes(tmp_path: Path) -> None:
    first = fingerprint(lan_certificate(tmp_path, address="192.0.2.7", now=NOW))
    assert fingerprint(lan_certificate(tmp_path, address="192.0.2.7", now=NOW + timedelta(days=300))) == first
    renewed = fingerprint(lan_certificate(tmp_path, address="192.0.2.7", now=NOW + timedelta(days=340)))
    moved = fingerprint(lan_certificate(tmp_path, address="192.0.2.8", now=NOW + timedelta(days=340)))
    assert len({first, renewed, moved}) == 3


def test_who_trusts_the_certificate_trusts_this_server_only(tmp_path: Path) -> None:
    path = lan_certificate(tmp_path, address="192.0.2.7", now=NOW)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    certificate = x509.load_pem_x509_certificate(path.read_bytes())
    assert certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca is False
    assert certificate.not_valid_after_utc - certificate.not_valid_before_utc < timedelta(days=397)


def test_nothing_is_open_to_administrators_and_nobody_but_the_authority_is_asked(tmp_path: Path) -> None:
    config = Config(state_dir=tmp_path, domain="meet.example.org", acme_directory="https://ca.example.org/d", acme_root="/etc/ca.pem")
    caddy = caddy_config(config, certificate=None)
    assert caddy["admin"] == {"disabled": True, "config": {"persist": False}}
    tls = caddy["apps"]["tls"]  # type: ignore[index]
    assert tls["disable_ocsp_stapling"] is True
    issuer = {"module": "acme", "ca": "https://ca.example.org/d", "trusted_roots_pem_files": ["/etc/ca.pem"]}
    assert tls["automation"]["policies"] == [{"subjects": ["meet.example.org"], "issuers": [issuer]}]
    assert "access" not in json.dumps(caddy)


def test_a_certificate_of_our_own_needs_no_authority(tmp_path: Path) -> None:
    config = Config(state_dir=tmp_path, lan=True, node_address="192.0.2.7", http_host="192.0.2.7", public_url="https://192.0.2.7:8443")
    caddy = caddy_config(config, certificate=tmp_path / "lan.pem")
    assert "acme" not in json.dumps(caddy)
    servers = caddy["apps"]["http"]["servers"]  # type: ignore[index]
    assert [server["listen"] for server in servers.values()] == [["192.0.2.7:443"], ["192.0.2.7:8000"]]


def test_turn_is_told_from_https_only_where_it_is_offered(tmp_path: Path) -> None:
    here = Config(state_dir=tmp_path, lan=True, node_address="127.0.0.1", http_host="127.0.0.1", public_url="https://127.0.0.1:8443")
    elsewhere = replace(here, node_address="192.0.2.1")
    servers = caddy_config(here, certificate=tmp_path / "lan.pem")["apps"]["http"]["servers"]  # type: ignore[index]
    assert str(turn_socket(tmp_path)) in json.dumps(servers["site"]["listener_wrappers"])
    assert "listener_wrappers" not in servers["redirect"]
    assert "layer4" not in json.dumps(caddy_config(elsewhere, certificate=tmp_path / "lan.pem")["apps"])


def test_a_folder_too_deep_for_a_socket_is_a_sentence(tmp_path: Path) -> None:
    deep = tmp_path / ("x" * 100)
    with pytest.raises(ChildError, match="is too long for a socket file in it"):
        gateway_socket(deep)
    with pytest.raises(ChildError, match="too long"):
        TlsServer(Config(state_dir=deep, lan=True), say=pytest.fail, now=NOW)


@pytest.mark.parametrize("colours", [True, False])
def test_a_camera_sees_the_address_in_the_picture(*, colours: bool) -> None:
    text = picture("https://192.0.2.7:8443", colours=colours)
    lines = [line.removeprefix("\x1b[97;40m").removesuffix("\x1b[0m") for line in text.splitlines()]
    assert (lines == text.splitlines()) is not colours
    dark: list[list[bool]] = []
    for line in lines:  # a half block is two modules, one above the other; what is drawn is light
        dark += [[sign in " ▄" for sign in line], [sign in " ▀" for sign in line]]
    wanted = [
        [bool(module) for module in row] for row in segno.make("https://192.0.2.7:8443", error="m", micro=False).matrix_iter(border=4)
    ]
    assert dark[: len(wanted)] == wanted

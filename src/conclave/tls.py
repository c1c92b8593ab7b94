"""The TLS server of `run --lan` and `run --domain`: Caddy as a supervised child before the gateway, and the local certificate."""

import asyncio
import contextlib
import io
import ipaddress
import json
import os
import signal
import ssl
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import segno
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from conclave.config import ROOT, Config
from conclave.kernel.child import ChildError, Program, ProgramChild
from conclave.media.credentials import write_private
from conclave.media.turn import is_offered

PROGRAM = ROOT / ".conclave" / "bin" / "caddy"
STOPS = ((signal.SIGTERM, 5.0), (signal.SIGKILL, 5.0))
# What Linux and macOS both allow for the name of a socket file.
LONGEST_SOCKET_PATH = 103
VALID = timedelta(days=365)  # browsers on phones refuse what is valid for much longer
RENEWED_BEFORE = timedelta(days=30)
CERTIFICATE_SECONDS = 60.0
ALL_ADDRESSES = {"::": "127.0.0.1", "0.0.0.0": "127.0.0.1"}  # noqa: S104 - only compared with
HEADER_SECONDS = 15
IDLE_SECONDS = 120
LARGEST_HEADERS = 64 * 1024
ANONYMOUS = {"handler": "headers", "response": {"deferred": True, "delete": ["Server", "Via"]}}


def gateway_socket(state_dir: Path) -> Path:
    """Return the socket file on which the gateway serves its TLS server, in a folder that only this user can enter.

    Raises:
        ChildError: the folder's name is too long for a socket.
    """
    path = state_dir / "tls" / "gateway.sock"
    if len(os.fsencode(path)) > LONGEST_SOCKET_PATH:
        raise ChildError(f"The name of the state folder {state_dir} is too long for a socket file in it: set a shorter one with state_dir.")
    return path


def any_certificate() -> ssl.SSLContext:
    """Return what asks our own TLS server for no certificate in particular: who signed it is the visitors' browsers' question."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context


def turn_socket(state_dir: Path) -> Path:
    """Return the socket file on which the TURN gate serves its TLS server, beside the gateway's."""
    return gateway_socket(state_dir).with_name("turn.sock")


def caddy_config(config: Config, *, certificate: Path | None) -> dict[str, object]:
    """Return Caddy's configuration: no admin port, no access log, no word about visitors, no call but to the certificate authority.

    Args:
        config: the operator's settings.
        certificate: file with a certificate and its key; without one, the authority is asked.
    """
    return {
        "admin": {"disabled": True, "config": {"persist": False}},
        "logging": {"logs": {"default": _log()}},
        "storage": {"module": "file_system", "root": str(config.state_dir / "tls" / "caddy")},
        "apps": {
            "http": {
                "http_port": config.http_port,
                "https_port": config.https_port,
                "grace_period": "2s",
                "servers": {"site": _site(config, asks=certificate is None), "redirect": _redirect(config)},
            },
            "tls": {"disable_ocsp_stapling": True, **(_file(certificate) if certificate else _authority(config))},
        },
    }


def _site(config: Config, *, asks: bool) -> dict[str, object]:
    """Return the server that passes everything on to the gateway, and says itself who asks; `asks` an authority for the certificate."""
    proxy: dict[str, object] = {
        "handler": "reverse_proxy",
        "upstreams": [{"dial": f"unix/{gateway_socket(config.state_dir)}"}],
        "headers": {"request": {"set": {"X-Forwarded-For": ["{http.request.remote.host}"], "X-Forwarded-Proto": ["https"]}}},
    }
    route: dict[str, object] = {"handle": [ANONYMOUS, proxy], "terminal": True}
    if config.domain:
        route["match"] = [{"host": [config.domain]}]
    return {
        **_server(config, config.https_port),
        **(_turn(config) if is_offered(config=config) else {}),
        "tls_connection_policies": [{"default_sni": config.domain or config.node_address}],
        "automatic_https": {"disable_redirects": True, "disable_certificates": not asks},
        "routes": [route, {"handle": [ANONYMOUS, {"handler": "static_response", "status_code": 421}]}],
    }


def _turn(config: Config) -> dict[str, object]:
    """Return what is done with a connection as soon as its TLS is ended: TURN begins with a zero byte, which no request does."""
    upstream = {"dial": [f"unix/{turn_socket(config.state_dir)}"]}
    route = {"match": [{"regexp": {"count": 1, "pattern": "^\\x00"}}], "handle": [{"handler": "proxy", "upstreams": [upstream]}]}
    return {"listener_wrappers": [{"wrapper": "layer4", "routes": [route], "matching_timeout": f"{HEADER_SECONDS}s"}]}


def _redirect(config: Config) -> dict[str, object]:
    """Return the server without TLS, which leads to the one with; the authority's questions are answered there too."""
    redirect = {
        "handler": "static_response",
        "status_code": 308,
        "headers": {"Location": [config.public_url.rstrip("/") + "{http.request.uri}"], "Cache-Control": ["no-store"]},
    }
    return {
        **_server(config, config.http_port),
        "automatic_https": {"disable": True},
        "routes": [{"handle": [ANONYMOUS, redirect]}],
    }


def _server(config: Config, port: int) -> dict[str, object]:
    """Return what both servers have: where they listen, and how long a visitor may take to ask."""
    host = f"[{config.http_host}]" if ":" in config.http_host else config.http_host
    return {
        "listen": [f"{host}:{port}"],
        "protocols": ["h1", "h2"],
        "read_header_timeout": f"{HEADER_SECONDS}s",
        "idle_timeout": f"{IDLE_SECONDS}s",
        "max_header_bytes": LARGEST_HEADERS,
    }


def _log() -> dict[str, object]:
    """Return what Caddy writes down: about certificates and itself; the requests that its warnings would quote have tokens in them."""
    dropped = ("request", "remote", "remote_ip", "remote_addr", "client_ip", "uri")
    fields = {name: {"filter": "delete"} for name in dropped}
    return {
        "level": "INFO",
        "exclude": ["http", "layer4", "caddy.listeners.layer4"],
        "encoder": {"format": "filter", "wrap": {"format": "json", "time_format": "iso8601"}, "fields": fields},
    }


def _file(certificate: Path) -> dict[str, object]:
    """Return the part of the configuration for a certificate and key in one file."""
    return {"certificates": {"load_files": [{"certificate": str(certificate), "key": str(certificate)}]}}


def _authority(config: Config) -> dict[str, object]:
    """Return the part of the configuration for a certificate authority."""
    issuer: dict[str, object] = {"module": "acme", "ca": config.acme_directory}
    if config.acme_root:
        issuer["trusted_roots_pem_files"] = [str(ROOT / Path(config.acme_root).expanduser())]
    return {"automation": {"policies": [{"subjects": [config.domain], "issuers": [issuer]}]}}


class TlsServer(ProgramChild):
    """One Caddy in front of this server's gateway, supervised."""

    def __init__(self, config: Config, *, say: Callable[[str], None], now: datetime) -> None:
        """Take the settings.

        Args:
            config: the operator's settings, with domain or lan.
            say: tells the person at the terminal one sentence.
            now: the time, from which a new certificate is valid.

        Raises:
            ChildError: the state folder's name is too long.
        """
        folder = gateway_socket(config.state_dir).parent
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        certificate = lan_certificate(folder, address=config.node_address, now=now) if config.lan else None
        path = folder / "caddy.json"

        def configure() -> None:
            write_private(path, json.dumps(caddy_config(config, certificate=certificate), indent=1))

        home = {"HOME": str(folder), "XDG_DATA_HOME": str(folder), "XDG_CONFIG_HOME": str(folder)}
        program = Program(
            name="The TLS server",
            path=PROGRAM,
            arguments=("run", "--config", str(path)),
            log=config.state_dir / "log" / "tls.log",
            host=ALL_ADDRESSES.get(config.http_host, config.http_host),
            port=config.https_port,
            stops=STOPS,
            variables={**os.environ, **home},
        )
        super().__init__(program, say=say, configure=configure)
        self._domain = config.domain
        self._certificate = certificate

    async def certified(self) -> str:
        """Return what to tell about the certificate, waiting for it for a while where an authority is asked."""
        if self._certificate:
            return f"  The certificate's SHA-256 fingerprint, to compare once: {fingerprint(self._certificate)}"
        end = asyncio.get_running_loop().time() + CERTIFICATE_SECONDS
        while asyncio.get_running_loop().time() < end:
            if await self._has_certificate():
                return f"  The certificate for {self._domain} is here and is renewed by itself."
            await asyncio.sleep(0.2)
        return (
            f"  There is no certificate for {self._domain} yet, so browsers cannot come in; asking goes on. "
            f"Does the name lead to this machine, and do the ports reach it? The authority's answer is in {self.log}."
        )

    async def _has_certificate(self) -> bool:
        """Tell whether a TLS handshake for the domain succeeds."""
        with contextlib.suppress(OSError):  # ssl.SSLError is one
            reading = asyncio.open_connection(self._program.host, self._program.port, ssl=any_certificate(), server_hostname=self._domain)
            _, writer = await reading
            writer.close()
            return True
        return False


def lan_certificate(folder: Path, *, address: str, now: datetime) -> Path:
    """Return the file of a certificate for this address and its key; made when there is none, or it ends soon.

    Args:
        folder: where it is kept; only this user can enter it.
        address: the IP address that people type.
        now: the time.
    """
    path = folder / "lan.pem"
    if path.exists() and _serves(path, address=address, now=now):
        return path
    private = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"Conclave on {address}")])
    builder = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(private.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))  # a phone's clock may be behind
        .not_valid_after(now + VALID)
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(address))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)  # whoever trusts it trusts this server only
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
    )
    made = builder.sign(private, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
    made += private.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    write_private(path, made.decode("ascii"))
    return path


def _serves(certificate: Path, *, address: str, now: datetime) -> bool:
    """Tell whether a certificate is for this address and lasts for some time."""
    found = x509.load_pem_x509_certificate(certificate.read_bytes())
    names = found.extensions.get_extension_for_class(x509.SubjectAlternativeName).value.get_values_for_type(x509.IPAddress)
    return ipaddress.ip_address(address) in names and found.not_valid_after_utc > now.astimezone(UTC) + RENEWED_BEFORE


def fingerprint(certificate: Path) -> str:
    """Return the SHA-256 fingerprint of a certificate, as browsers show it: AB:CD:…"""
    return x509.load_pem_x509_certificate(certificate.read_bytes()).fingerprint(hashes.SHA256()).hex(":").upper()


def picture(address: str, *, colours: bool) -> str:
    """Return an address as a QR code of half blocks, light on dark, for a phone's camera.

    Args:
        address: what the phone opens.
        colours: whether the terminal is told to draw white on black, whatever its own colours are.
    """
    text = io.StringIO()
    segno.make(address, error="m", micro=False).terminal(text, compact=True)
    lines = text.getvalue().rstrip("\n").splitlines()
    return "\n".join(f"\x1b[97;40m{line}\x1b[0m" if colours else line for line in lines)

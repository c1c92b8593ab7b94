"""Two OpenID providers on loopback: a real one with its own pages, and one that answers as a test wants, which a real one would not."""

import base64
import hashlib
import http.cookiejar
import json
import os
import re
import subprocess
import threading
import time
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm

from tests.journeys.packages import environment, modules
from tests.journeys.world import free_ports

HERE = Path(__file__).resolve().parent / "provider"
CLIENT, SECRET = "conclave", "a secret: with/signs & spaces"
START_SECONDS = 60
KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
OTHER_KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)

Tokens = Callable[[dict[str, Any]], str]


def public(key: rsa.RSAPrivateKey, **more: str) -> dict[str, Any]:
    """Return a key as a provider shows it."""
    return {**RSAAlgorithm.to_jwk(key.public_key(), as_dict=True), "use": "sig", "kid": "one", **more}


def signed(claims: dict[str, Any], *, key: Any = KEY, algorithm: str = "RS256", **header: Any) -> str:
    """Return an identity token."""
    return jwt.encode(claims, key, algorithm=algorithm, headers={"kid": "one", **header})


@dataclass
class Provider:
    """One that says what a test wants; without a wish, what is right."""

    port: int
    # What differs from what is right, in each answer.
    discovery: dict[str, Any] = field(default_factory=dict)
    claims: dict[str, Any] = field(default_factory=dict)
    userinfo: dict[str, Any] = field(default_factory=dict)
    keys: list[dict[str, Any]] = field(default_factory=lambda: [public(KEY)])
    sign: Tokens = signed
    asked: list[str] = field(default_factory=list)
    codes: dict[str, dict[str, str]] = field(default_factory=dict)
    raw: dict[str, tuple[int, bytes, dict[str, str]]] = field(default_factory=dict)

    @property
    def issuer(self) -> str:
        """The address that names it."""
        return f"http://127.0.0.1:{self.port}"

    def forget(self) -> None:
        """Be right again."""
        self.discovery, self.claims, self.userinfo, self.keys, self.sign = {}, {}, {}, [public(KEY)], signed
        self.raw = {}
        self.asked.clear()
        self.codes.clear()

    def answer(self, address: str, **more: str) -> str:
        """Let whoever is sent to this address be let in; return where their browser is sent back, without the host."""
        asked = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(address).query))
        code = f"code-{len(self.codes)}"
        self.codes[code] = asked
        query = {"code": code, "state": asked["state"], "iss": self.issuer, **more}
        back = urllib.parse.urlsplit(asked["redirect_uri"])
        return f"{back.path}?{urllib.parse.urlencode({name: value for name, value in query.items() if value})}"

    def says(self, path: str, form: Mapping[str, str], authorization: str) -> tuple[int, Any]:
        """Return what it answers at an address."""
        if path.endswith("/.well-known/openid-configuration"):
            return 200, self._description()
        if path == "/keys":
            return 200, {"keys": self.keys}
        if path == "/me":
            return 200, {"sub": "s-1", **self.userinfo}
        asked = self.codes.pop(form.get("code", ""), None)
        if path != "/token" or asked is None or not self._is_ours(form, authorization, asked):
            return 400, {"error": "invalid_grant"}
        now = int(time.time())
        claims = {"iss": self.issuer, "sub": "s-1", "aud": CLIENT, "exp": now + 60, "iat": now, "nonce": asked["nonce"]}
        claims |= {"auth_time": now} if "max_age" in asked else {}
        claims |= self.claims
        claims = {name: value for name, value in claims.items() if value is not None}
        return 200, {"access_token": "a", "token_type": "Bearer", "id_token": self.sign(claims)}

    def _description(self) -> dict[str, Any]:
        said = {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize?kept=1",
            "token_endpoint": f"{self.issuer}/token",
            "jwks_uri": f"{self.issuer}/keys",
            "userinfo_endpoint": f"{self.issuer}/me",
            "authorization_response_iss_parameter_supported": True,
            **self.discovery,
        }
        return {name: value for name, value in said.items() if value is not None}

    def _is_ours(self, form: Mapping[str, str], authorization: str, asked: Mapping[str, str]) -> bool:
        """Tell whether a code is redeemed by whom it was made for: the client's secret, its address, and the verifier."""
        pair = base64.b64decode(authorization.removeprefix("Basic ")).decode() if authorization else ":"
        shown = [urllib.parse.unquote(part) for part in pair.split(":")]
        if not authorization:
            shown = [form.get("client_id", ""), form.get("client_secret", "")]
        digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        return (
            shown == [CLIENT, SECRET]
            and challenge == asked["code_challenge"]
            and asked["code_challenge_method"] == "S256"
            and form.get("redirect_uri") == asked["redirect_uri"]
        )


@contextmanager
def provider() -> Iterator[Provider]:
    """Run the one that answers as a test wants."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._say({})

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", "0"))).decode()
            self._say(dict(urllib.parse.parse_qsl(body)))

        def _say(self, form: dict[str, str]) -> None:
            running.asked.append(self.path)
            status, said = running.says(self.path, form, self.headers.get("Authorization", ""))
            headers: dict[str, str] = {}
            body = json.dumps(said).encode()
            if self.path in running.raw:
                status, body, headers = running.raw[self.path]
            self.send_response(status)
            for name, value in {"Content-Type": "application/json", "Content-Length": str(len(body)), **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_arguments: object) -> None:
            """Say nothing."""

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, *_arguments: object) -> None:
            """A client that has read enough hangs up."""

    server = Server(("127.0.0.1", 0), Handler)
    running = Provider(port=server.server_address[1])
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield running
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)


@contextmanager
def real_provider(*, people: Mapping[str, Mapping[str, Any]], redirect_uris: list[str]) -> Iterator[str]:
    """Run a real provider with these people, by subject, which is what they type there; yield the address that names it."""
    client = {"client_id": CLIENT, "client_secret": SECRET, "redirect_uris": redirect_uris}
    with node_provider("server.mjs", client=client, people=people) as address:
        yield address


@contextmanager
def node_provider(program: str, **set_up: Any) -> Iterator[str]:
    """Run one of the real providers beside this file; yield where it answers."""
    port = free_ports(1)[0]
    modules(HERE)
    process = subprocess.Popen(
        ["node", str(HERE / program)],
        env={**os.environ, **environment(), "PROVIDER": json.dumps({"port": port, **set_up})},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert process.stdout is not None
    late = threading.Timer(START_SECONDS, process.kill)
    late.start()
    try:
        assert any(line.strip() == "ready" for line in process.stdout), "the provider did not start"
        late.cancel()
        yield f"http://127.0.0.1:{port}"
    finally:
        late.cancel()
        process.kill()
        process.wait(10)
        process.stdout.close()


class _Staying(urllib.request.HTTPRedirectHandler):
    """Follows redirects at the provider, and none that leads away from it."""

    def __init__(self, issuer: str) -> None:
        self._issuer = issuer

    def redirect_request(self, req: Any, fp: Any, code: int, msg: str, headers: Any, newurl: str) -> Any:  # noqa: PLR0917 - the library's
        if newurl.startswith(self._issuer):
            return super().redirect_request(req, fp, code, msg, headers, newurl)
        raise _Away(newurl)


class _Away(Exception):
    """Where the provider sends the browser back to."""


def signs_in(address: str, subject: str) -> str:
    """Sign in on a real provider's own pages, by a browser without scripts; return where it sends back, without the host."""
    issuer = "{0.scheme}://{0.netloc}".format(urllib.parse.urlsplit(address))
    opener = urllib.request.build_opener(_Staying(issuer), urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar()))
    try:
        page = opener.open(address, timeout=20)
        for _step in range(4):
            text = page.read().decode()
            action = re.search(r'<form[^>]* action="([^"]+)"', text)
            prompt = re.search(r'name="prompt" value="(\w+)"', text)
            assert action, text
            assert prompt, text
            said = {"prompt": prompt.group(1), "login": subject, "password": "anything"}
            page = opener.open(urllib.parse.urljoin(page.url, action.group(1)), urllib.parse.urlencode(said).encode(), timeout=20)
    except _Away as away:
        back = urllib.parse.urlsplit(str(away))
        return f"{back.path}?{back.query}"
    raise AssertionError("the provider's pages do not end")

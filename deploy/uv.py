"""The pinned uv: fetched from the package index by the standard library, checked, unpacked into the checkout.

Runs on Python 3.8 without pip, venv or HOME.
"""

from __future__ import annotations

import base64
import hashlib
import html.parser
import http.client
import io
import os
import platform
import ssl
import urllib.error
import urllib.parse
import urllib.request
import zipfile
from pathlib import Path
from typing import Mapping

from deploy.progress import SetupError, Step, step

ROOT = Path(__file__).resolve().parents[1]
HOME = ROOT / ".conclave"
VERSION = "0.13.9"
PUBLIC_INDEX = "https://pypi.org/simple"
# system and machine → wheel file and its SHA-256
WHEELS = {
    ("Linux", "x86_64"): (
        f"uv-{VERSION}-py3-none-manylinux_2_17_x86_64.manylinux2014_x86_64.whl",
        "d7f459fe4fd247d830351c75686d3996ace3c6f3f728eb0e85a30b7ada0cef19",
    ),
    ("Linux", "aarch64"): (
        f"uv-{VERSION}-py3-none-manylinux_2_28_aarch64.whl",
        "ecb6028d79dc96fbeafffe5c8af62a7099487ebc05a701e76714eebcffd06375",
    ),
    ("Darwin", "x86_64"): (
        f"uv-{VERSION}-py3-none-macosx_10_12_x86_64.whl",
        "c16ed11e013557536b3e60065f1b912f6407bd6518e041b961e23ef9e6b4fbf5",
    ),
    ("Darwin", "arm64"): (
        f"uv-{VERSION}-py3-none-macosx_11_0_arm64.whl",
        "66c512266d633bef48384a1f53003f41f2a8e7b36fe6e7fbfd3e0fd52d96fa63",
    ),
}
NETWORK_ADVICE = (
    "Check that this machine reaches a Python package index; PIP_INDEX_URL names another one, "
    "PIP_CERT or SSL_CERT_FILE the certificates to trust, HTTPS_PROXY a proxy. Then run the same command again."
)


def environment(base: Mapping[str, str]) -> dict[str, str]:
    """Return the variables uv runs with: everything stays in the checkout, the operator's index and certificates are used.

    Args:
        base: the variables the command was started with.
    """
    env = dict(base)
    env["UV_CACHE_DIR"] = str(HOME / "cache" / "uv")
    env["UV_PYTHON_INSTALL_DIR"] = str(HOME / "python")
    env.update(UV_NO_CONFIG="1", UV_NO_PROGRESS="1", UV_SYSTEM_CERTS="1", UV_PYTHON_PREFERENCE="system", UV_HTTP_TIMEOUT="120")
    if base.get("PIP_INDEX_URL") and not base.get("UV_INDEX_URL"):
        env.setdefault("UV_DEFAULT_INDEX", base["PIP_INDEX_URL"])
    if base.get("PIP_CERT"):
        env.setdefault("SSL_CERT_FILE", base["PIP_CERT"])
    for name in ("VIRTUAL_ENV", "CONDA_PREFIX", "PYTHONPATH", "PYTHONHOME"):
        env.pop(name, None)
    return env


def ensure() -> Path:
    """Return the path of the pinned uv, fetching it when it is not there yet.

    Raises:
        SetupError: there is no build for this machine, or the index cannot be reached or serves something else.
    """
    program = HOME / "uv" / VERSION / "uv"
    if program.exists():
        return program
    wheel = WHEELS.get((platform.system(), platform.machine()))
    if wheel is None:
        raise SetupError(f"Conclave cannot run on {platform.system()} on {platform.machine()}: it needs 64-bit x86 or ARM.")
    name, sha256 = wheel
    with step(f"Fetching the package installer uv {VERSION}") as current:
        _unpack(_download(name, sha256, current), program)
    return program


def _download(name: str, sha256: str, current: Step) -> bytes:
    """Return the checked bytes of a wheel of the index.

    Raises:
        SetupError: not reachable, not listed, or not the pinned bytes.
    """
    index = os.environ.get("PIP_INDEX_URL") or PUBLIC_INDEX
    page = index.rstrip("/") + "/uv/"
    try:
        with _open(page) as answer:
            url = find_link(answer.read().decode("utf-8", errors="replace"), base=_keep_login(answer.geturl(), page), name=name)
        data = b""
        with _open(url) as answer:
            while True:
                block = answer.read(1 << 18)
                if not block:
                    break
                data += block
                current.tick(f"({len(data) / 1e6:.0f} MB)")
    except (OSError, ValueError) as error:  # urllib's errors are OSErrors; ValueError is a URL that is none
        raise SetupError(f"The package index at {_without_login(index)} cannot be used: {error}.", advice=NETWORK_ADVICE) from error
    if hashlib.sha256(data).hexdigest() != sha256:
        raise SetupError(
            f"The index served a file {name} that is not the one this version of Conclave expects; it was not used.",
            advice="Try again; if it stays so, tell whoever runs the index, or use another one with PIP_INDEX_URL.",
        )
    return data


class _Links(html.parser.HTMLParser):
    """Collects the links of a simple-index page by the file name they show or point to."""

    def __init__(self) -> None:
        super().__init__()
        self.base = ""
        self.links: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Take note of one link, or of the page's own base."""
        href = dict(attrs).get("href")
        if tag == "a" and href:
            self.links.append(href)
        if tag == "base" and href:
            self.base = href


def find_link(page: str, *, base: str, name: str) -> str:
    """Return the absolute address of a file on a simple-index page, whose links may be relative.

    Raises:
        SetupError: the page does not list the file.
    """
    parser = _Links()
    parser.feed(page)
    start = urllib.parse.urljoin(base, parser.base)
    for href in parser.links:
        url = urllib.parse.urldefrag(urllib.parse.urljoin(start, href)).url
        if urllib.parse.unquote(urllib.parse.urlsplit(url).path).rsplit("/", 1)[-1] == name:
            return _keep_login(url, base)
    raise SetupError(f"The package index at {_without_login(base)} does not have {name}.", advice="Use another index with PIP_INDEX_URL.")


def _open(url: str) -> http.client.HTTPResponse:
    """Open an http or https address with the operator's certificates and login."""
    if urllib.parse.urlsplit(url).scheme not in {"http", "https"}:
        raise ValueError(f"{_without_login(url)} is neither http nor https")
    parts = urllib.parse.urlsplit(url)
    request = urllib.request.Request(_without_login(url), headers={"Accept": "application/vnd.pypi.simple.v1+html, text/html, */*;q=0.1"})
    if parts.username is not None:
        login = urllib.parse.unquote(parts.username) + ":" + urllib.parse.unquote(parts.password or "")
        request.add_header("Authorization", "Basic " + base64.b64encode(login.encode()).decode())
    context = ssl.create_default_context(cafile=os.environ.get("PIP_CERT") or None)
    if os.environ.get("PIP_CERT"):
        context.load_default_certs()
    return urllib.request.urlopen(request, timeout=60, context=context)  # type: ignore[no-any-return]


def _without_login(url: str) -> str:
    """Return the address without user name and password, fit for a terminal."""
    parts = urllib.parse.urlsplit(url)
    return urllib.parse.urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))


def _keep_login(url: str, base: str) -> str:
    """Return the address with base's login when it is on the same host, as pip does."""
    parts, start = urllib.parse.urlsplit(url), urllib.parse.urlsplit(base)
    login, at, host = start.netloc.rpartition("@")
    return urllib.parse.urlunsplit(parts._replace(netloc=login + at + host)) if at and parts.netloc == host else url


def _unpack(wheel: bytes, program: Path) -> None:
    """Put the wheel's uv at the path, complete or not at all."""
    with zipfile.ZipFile(io.BytesIO(wheel)) as archive:
        binary = archive.read(f"uv-{VERSION}.data/scripts/uv")
    program.parent.mkdir(parents=True, exist_ok=True)
    partial = program.with_name(f"uv.{os.getpid()}")
    partial.write_bytes(binary)
    partial.chmod(0o755)
    partial.replace(program)

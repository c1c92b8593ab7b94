"""Does a server give visitors the client that was built from the source, and nothing that could run beside it? (P13)"""

import base64
import hashlib
import secrets
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urljoin, urlsplit

from conclave_verify.fetch import Answer, Unreachable, get
from conclave_verify.page import policy_faults, read

STATIC = "/static/"
# What people open before and during a call. The last stands for every meeting: the page is the same for each.
PAGES = ("/", "/protection", "/help", "/check", "/selftest", "/account/login/", "/meetings", "/owner", "/now", "/m/{meeting}")
NOT_SERVED = ".vite"
PACKED = ".gz"


class NoList(Exception):
    """There is nothing to compare with; the message is one sentence."""


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that is not as it must be: a stable code, where, and what in one sentence."""

    code: str
    where: str
    what: str


@dataclass(frozen=True, slots=True)
class Result:
    """What a check looked at and what it found; it is good when there are no findings."""

    pages: int
    files: int
    findings: tuple[Finding, ...]


def hashes(*, built: Path) -> dict[str, str]:
    """Return the files a server must give, each with its SHA-256 in hex.

    Args:
        built: the folder of the built client, or a list of it as sha256sum writes one.

    Raises:
        NoList: it is neither.
    """
    if built.is_dir():
        files = [path for path in sorted(built.rglob("*")) if path.is_file() and NOT_SERVED not in path.relative_to(built).parts]
        found = {path.relative_to(built).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}
    elif built.is_file():
        rows = [line.split(maxsplit=1) for line in built.read_text(encoding="utf-8").splitlines() if line.strip()]
        if not all(len(row) == 2 and len(row[0]) == 64 and set(row[0]) <= set("0123456789abcdef") for row in rows):
            raise NoList(f"{built} is not a list as sha256sum writes it.")
        found = {name.lstrip("*").removeprefix("./"): digest for digest, name in rows if NOT_SERVED not in name}
    else:
        raise NoList(f"{built} is not there: build the client with ./conclave build, or name the list that came with the release.")
    # A packed file is no file of its own: it is what browsers are given in the place of the other (check).
    found = {path: digest for path, digest in found.items() if path.removesuffix(PACKED) == path or path.removesuffix(PACKED) not in found}
    if not found:
        raise NoList(f"{built} lists no file.")
    return found


def check(*, url: str, wanted: Mapping[str, str]) -> Result:
    """Look at a server's pages and files as a visitor who was never there before.

    Args:
        url: where the installation answers, http or https.
        wanted: what it must give, from hashes().

    Returns:
        How many pages and files were looked at, and what is wrong with them.

    Raises:
        Unreachable: it is no web address, or the server gave no answer.
    """
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise Unreachable(f"{url} is not an http or https address.")
    origin = f"{parts.scheme}://{parts.netloc}"
    served: dict[str, bytes] = {}
    findings: list[Finding] = []
    for path, digest in wanted.items():
        answer = get(address=f"{origin}{STATIC}{path}")
        served[path] = answer.content
        if answer.status != 200:
            findings.append(Finding("missing_file", STATIC + path, f"it was built, but the server answers {answer.status}"))
        elif any(hashlib.sha256(content).hexdigest() != digest for content in (answer.content, _as_browsers_do(f"{origin}{STATIC}{path}"))):
            findings.append(Finding("other_file", STATIC + path, "it is not the file that was built"))
    for path in PAGES:
        where = path.format(meeting=secrets.token_urlsafe(16))
        answer = get(address=origin + where)
        findings.extend(Finding(code, path, what) for code, what in _page(answer, origin, served))
    return Result(pages=len(PAGES), files=len(wanted), findings=tuple(findings))


def _as_browsers_do(address: str) -> bytes:
    """Return a file as browsers ask for it: a server may have another one packed than it has plain."""
    return get(address=address, packed=True).content


def _page(answer: Answer, origin: str, served: Mapping[str, bytes]) -> Iterator[tuple[str, str]]:
    """Yield what is wrong with one page."""
    if answer.status != 200 or answer.headers.get_content_type() != "text/html":
        yield "no_page", f"the server answers {answer.status} {answer.headers.get_content_type()}"
        return
    if "refresh" in answer.headers:
        yield "unknown_script", "it sends the visitor elsewhere by a header"
    policies = answer.headers.get_all("content-security-policy") or []
    for fault in policy_faults(policies=policies, host=urlsplit(origin).netloc):
        yield "weak_policy", fault
    page = read(html=answer.content.decode("utf-8", errors="replace"))
    for fault in page.faults:
        yield "unknown_script", fault
    for reference in page.references:
        address = urljoin(answer.address, reference.address)
        path = address.removeprefix(origin + STATIC)
        if path not in served:
            yield "unknown_script", f"it loads {address}, which was not built"
        elif reference.runs and reference.integrity != _integrity(served[path]):
            yield "no_integrity", f"it loads {STATIC}{path} without its hash"


def _integrity(content: bytes) -> str:
    """Return a file's Subresource Integrity value."""
    return "sha384-" + base64.b64encode(hashlib.sha384(content).digest()).decode("ascii")

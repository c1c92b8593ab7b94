"""What a page would let run, read from its HTML and its Content-Security-Policy: pure, for a browser executes what it is told."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from html.parser import HTMLParser

# A page whose policy allows no more than this runs nothing but files of its own host (Content Security Policy Level 3, §6).
ALLOWED: dict[str, frozenset[str]] = {
    "default-src": frozenset({"'none'"}),
    "script-src": frozenset({"'none'", "'self'", "'wasm-unsafe-eval'"}),
    "style-src": frozenset({"'none'", "'self'"}),
    "img-src": frozenset({"'none'", "'self'", "data:", "blob:"}),
    "media-src": frozenset({"'none'", "'self'", "blob:"}),
    "font-src": frozenset({"'none'", "'self'"}),
    "connect-src": frozenset({"'none'", "'self'"}),  # and the sockets of the same host
    "worker-src": frozenset({"'none'", "'self'"}),
    "manifest-src": frozenset({"'none'", "'self'"}),
    "form-action": frozenset({"'none'", "'self'"}),
    "base-uri": frozenset({"'none'"}),
    "frame-ancestors": frozenset({"'none'"}),
}
# What does not fall back on default-src has to be there.
NEEDED = frozenset({"default-src", "form-action", "base-uri", "frame-ancestors"})
RUNS = frozenset({"stylesheet", "modulepreload", "preload"})
FRAMES = frozenset({"base", "embed", "frame", "iframe", "object", "portal", "fencedframe"})


@dataclass(frozen=True, slots=True)
class Reference:
    """A file that a page loads: its address as written, the hash that the page demands of it, and whether it can run."""

    address: str
    integrity: str
    runs: bool


@dataclass(slots=True)
class Page:
    """What was found in one page; `faults` are sentences about what must not be there."""

    references: list[Reference] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)


def read(*, html: str) -> Page:
    """Return what a page loads and what in it could run without being a file.

    Args:
        html: the page.

    Returns:
        Its references in order, and one sentence for each fault.
    """
    reader = _Reader()
    reader.feed(html)
    reader.close()
    return reader.page


def policy_faults(*, policies: Iterable[str], host: str) -> list[str]:
    """Return why a page's policies would let something else run; a page is held by all of its policies, so one that is strict is enough.

    Args:
        policies: the values of its Content-Security-Policy headers.
        host: its host and port, for the sockets.
    """
    found = [_faults(policy, host) for policy in policies]
    return min(found, key=len) if found else ["it has no Content-Security-Policy"]


def _faults(policy: str, host: str) -> list[str]:
    """Return what one policy allows beyond ALLOWED."""
    rules: dict[str, list[str]] = {}
    for rule in policy.split(";"):
        name, *sources = rule.split() or [""]
        if name:
            rules.setdefault(name.lower(), [source.lower() for source in sources])  # the first of a name counts
    sockets = {f"ws://{host}", f"wss://{host}"}
    faults = [f"its policy lacks {name}" for name in sorted(NEEDED - rules.keys())]
    for name, sources in rules.items():
        over = set(sources) - ALLOWED.get(name, frozenset()) - (sockets if name == "connect-src" else set())
        if over and name not in {"upgrade-insecure-requests", "report-uri", "report-to"}:
            faults.append(f"its policy allows {name} {' '.join(sorted(over))}")
    return faults


class _Reader(HTMLParser):
    """Notes scripts, links, handlers and frames."""

    def __init__(self) -> None:
        super().__init__()
        self.page = Page()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Look at one element."""
        values = {name: value or "" for name, value in reversed(attrs)}  # the first of a name counts
        self.page.faults.extend(f"<{tag}> has the handler {name}" for name in values if name.startswith("on"))
        if any("".join(value.split()).lower().startswith("javascript:") for value in values.values()):
            self.page.faults.append(f"<{tag}> has a javascript: address")
        if tag in FRAMES:
            self.page.faults.append(f"it has a <{tag}>")
        elif tag == "meta" and values.get("http-equiv", "").lower() == "refresh":
            self.page.faults.append("it sends the visitor elsewhere by <meta>")
        elif tag == "script":
            self._script(values)
        elif tag == "link" and values.get("href"):
            runs = not RUNS.isdisjoint(values.get("rel", "").lower().split())
            self.page.references.append(Reference(values["href"], values.get("integrity", ""), runs))

    def _script(self, values: dict[str, str]) -> None:
        """Note a script, which has to be a file."""
        if "src" in values:
            self.page.references.append(Reference(values["src"], values.get("integrity", ""), runs=True))
        else:
            self.page.faults.append("it has a script of its own")

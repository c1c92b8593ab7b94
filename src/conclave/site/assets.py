"""The built client: files under /static/, and the tags that load an entry with the hash of what was built (SRI)."""

import base64
import hashlib
import json
import re
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from whitenoise.middleware import WhiteNoiseMiddleware
from whitenoise.responders import StaticFile

# Vite names built files with a hash of their content, so such an address never changes its meaning.
IMMUTABLE = r"^/static/assets/.+-[0-9A-Za-z_-]{8}\.[0-9a-z.]+$"


@dataclass(frozen=True, slots=True)
class Entry:
    """What one entry of the client needs: its script, the modules it imports at once, its style sheets."""

    script: str
    modules: tuple[str, ...]
    styles: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Build:
    """The built client as its manifest describes it; files' hashes are computed once."""

    entries: dict[str, Entry] = field(default_factory=dict)
    integrity: dict[str, str] = field(default_factory=dict)


class StaticFiles(WhiteNoiseMiddleware):  # type: ignore[misc] # whitenoise ships no types
    """Serves the built client; whole files at once, because Django cannot stream a file asynchronously."""

    def immutable_file_test(self, path: str, url: str) -> bool:  # noqa: ARG002 - whitenoise's signature
        """Tell whether a browser may keep the file for good."""
        return bool(re.match(IMMUTABLE, url))

    @staticmethod
    def serve(static_file: StaticFile, request: HttpRequest) -> HttpResponse:
        """Return the file, or 304 when the browser has it."""
        found = static_file.get_response(request.method, request.META)
        content = b""
        if found.file is not None:
            with found.file as file:
                content = file.read()
        response = HttpResponse(content, status=int(found.status))
        del response["Content-Type"]
        for name, value in found.headers:
            response[name] = value
        return response


@cache
def build(dist: Path) -> Build:
    """Read web/dist once; an absent build is an empty one.

    Raises:
        ValueError: the manifest is not JSON.
    """
    manifest_path = dist / ".vite" / "manifest.json"
    if not manifest_path.exists():
        return Build()
    manifest: dict[str, dict[str, Any]] = json.loads(manifest_path.read_text(encoding="utf-8"))
    entries = {_entry_name(key, chunk): _entry(key, manifest) for key, chunk in manifest.items() if chunk.get("isEntry")}
    files = {path for entry in entries.values() for path in (entry.script, *entry.modules, *entry.styles) if path}
    return Build(entries=entries, integrity={path: _integrity(dist / path) for path in files})


def entry_tags(*, name: str, dist: Path | None = None) -> SafeString:
    """Return the script, modulepreload and stylesheet tags of an entry, each with its integrity.

    Args:
        name: the entry's name in web/vite.config.ts.
        dist: the build's folder; the settings' own by default.

    Returns:
        HTML; a comment that says so when the client is not built or has no such entry, so that the page itself still shows.
    """
    built = build(dist or settings.WEB_DIST)
    entry = built.entries.get(name)
    if entry is None:
        return format_html("<!-- the client entry '{}' is not built: run ./conclave run -->", name)

    def rows(paths: tuple[str, ...]) -> list[tuple[str, str]]:
        return [(settings.STATIC_URL + path, built.integrity[path]) for path in paths]

    styles = format_html_join("\n", '<link rel="stylesheet" href="{}" integrity="{}">', rows(entry.styles))
    modules = format_html_join("\n", '<link rel="modulepreload" href="{}" integrity="{}">', rows(entry.modules))
    scripts = rows((entry.script,) if entry.script else ())
    script = format_html_join("\n", '<script type="module" src="{}" integrity="{}"></script>', scripts)
    return SafeString("\n".join(part for part in (styles, modules, script) if part))


@cache
def hashes(*, dist: Path) -> tuple[tuple[str, str], ...]:
    """Return the files of the built client that are served, in order, each with its SHA-256 in hex; packed twins are no files of their own.

    Args:
        dist: the build's folder.
    """
    files = {path.relative_to(dist).as_posix(): path for path in sorted(dist.rglob("*")) if path.is_file()}
    named = {
        name: path
        for name, path in files.items()
        if not name.startswith(".vite/") and name.removesuffix(".gz") not in files.keys() - {name}
    }
    return tuple((name, hashlib.sha256(path.read_bytes()).hexdigest()) for name, path in named.items())


def _entry_name(key: str, chunk: dict[str, Any]) -> str:
    """Return the entry's configured name; Vite leaves it out for a style sheet on its own."""
    return str(chunk.get("name") or Path(key).stem)


def _entry(key: str, manifest: dict[str, dict[str, Any]]) -> Entry:
    """Collect what this entry imports, directly and through its imports."""
    modules: list[str] = []
    styles: list[str] = []
    seen: set[str] = set()

    def visit(name: str) -> None:
        if name in seen:
            return
        seen.add(name)
        chunk = manifest[name]
        for imported in chunk.get("imports", []):
            visit(imported)
        styles.extend(path for path in chunk.get("css", []) if path not in styles)
        if name != key:
            modules.append(chunk["file"])

    visit(key)
    main = str(manifest[key]["file"])
    if main.endswith(".css"):
        return Entry(script="", modules=tuple(modules), styles=(*styles, main))
    return Entry(script=main, modules=tuple(modules), styles=tuple(styles))


def _integrity(path: Path) -> str:
    """Return the file's Subresource Integrity value."""
    return "sha384-" + base64.b64encode(hashlib.sha384(path.read_bytes()).digest()).decode("ascii")

"""P13: what a page loads is exactly what was built."""

import base64
import gzip
import hashlib
import json
import re
from pathlib import Path
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import RequestFactory

from conclave.config import ROOT
from conclave.site.assets import IMMUTABLE, StaticFiles, entry_tags

MANIFEST: dict[str, dict[str, Any]] = {
    "src/screens/main.tsx": {
        "file": "assets/call-AAAAAAAA.js",
        "name": "call",
        "isEntry": True,
        "imports": ["_ui.js"],
        "css": ["assets/call-BBBBBBBB.css"],
        "dynamicImports": ["src/late.ts"],
    },
    "_ui.js": {"file": "assets/ui-CCCCCCCC.js", "imports": ["_base.js"], "css": ["assets/ui-DDDDDDDD.css"]},
    "_base.js": {"file": "assets/base-EEEEEEEE.js", "imports": ["_ui.js"]},
    "src/late.ts": {"file": "assets/late-FFFFFFFF.js", "isDynamicEntry": True},
    "src/pages/plain.css": {"file": "assets/plain-GGGGGGGG.css", "isEntry": True},
}


@pytest.fixture
def dist(tmp_path: Path) -> Path:
    (tmp_path / ".vite").mkdir()
    (tmp_path / ".vite" / "manifest.json").write_text(json.dumps(MANIFEST))
    (tmp_path / "assets").mkdir()
    for chunk in MANIFEST.values():
        for name in [str(chunk["file"]), *chunk.get("css", [])]:
            (tmp_path / name).write_text(name)
    return tmp_path


def integrity(path: Path) -> str:
    return "sha384-" + base64.b64encode(hashlib.sha384(path.read_bytes()).digest()).decode()


def test_an_entry_loads_its_modules_and_styles_with_their_hashes(dist: Path) -> None:
    html = entry_tags(name="call", dist=dist)
    assert (
        f'<script type="module" src="/static/assets/call-AAAAAAAA.js" integrity="{integrity(dist / "assets/call-AAAAAAAA.js")}"></script>'
        in html
    )
    for module in ("ui-CCCCCCCC", "base-EEEEEEEE"):
        assert f'<link rel="modulepreload" href="/static/assets/{module}.js" integrity="{integrity(dist / f"assets/{module}.js")}">' in html
    for style in ("ui-DDDDDDDD", "call-BBBBBBBB"):
        assert f'<link rel="stylesheet" href="/static/assets/{style}.css" integrity="{integrity(dist / f"assets/{style}.css")}">' in html
    assert "late" not in html
    assert html.count("<script") == 1


def test_a_style_sheet_alone_is_an_entry_too(dist: Path) -> None:
    html = entry_tags(name="plain", dist=dist)
    assert "<script" not in html
    assert 'href="/static/assets/plain-GGGGGGGG.css"' in html


def test_a_page_still_shows_when_the_client_is_not_built(tmp_path: Path) -> None:
    assert "not built" in entry_tags(name="call", dist=tmp_path)


def test_files_are_served_whole_and_kept_for_good(dist: Path, settings: object) -> None:
    settings.STATIC_ROOT = dist  # type: ignore[attr-defined]
    serve = StaticFiles(lambda _request: HttpResponse("not a file", status=404))
    answer = serve(RequestFactory().get("/static/assets/call-AAAAAAAA.js"))
    assert answer.content == b"assets/call-AAAAAAAA.js"
    assert answer["Content-Type"].startswith("text/javascript")
    assert "immutable" in answer["Cache-Control"]
    assert "Access-Control-Allow-Origin" not in answer
    again = serve(RequestFactory().get("/static/assets/call-AAAAAAAA.js", headers={"if-none-match": answer["ETag"]}))
    assert (again.status_code, again.content) == (304, b"")
    assert serve(RequestFactory().get("/static/../settings.py")).status_code == 404
    assert serve(RequestFactory().get("/static/assets/none.js")).status_code == 404


def test_what_was_packed_is_handed_to_whoever_takes_it_packed(dist: Path, settings: object) -> None:
    settings.STATIC_ROOT = dist  # type: ignore[attr-defined]
    packed = gzip.compress(b"call" * 100)
    (dist / "assets/call-AAAAAAAA.js.gz").write_bytes(packed)
    (dist / "assets/call-AAAAAAAA.js").write_bytes(b"call" * 100)
    serve = StaticFiles(lambda _request: HttpResponse("not a file", status=404))
    answer = serve(RequestFactory().get("/static/assets/call-AAAAAAAA.js", headers={"accept-encoding": "gzip, br"}))
    assert (answer.content, answer["Content-Encoding"], answer["Content-Length"]) == (packed, "gzip", str(len(packed)))
    assert answer["Content-Type"].startswith("text/javascript")
    assert "Accept-Encoding" in answer["Vary"]
    plain = serve(RequestFactory().get("/static/assets/call-AAAAAAAA.js"))
    assert (plain.content, plain.has_header("Content-Encoding")) == (b"call" * 100, False)


def test_only_names_with_a_hash_are_immutable() -> None:
    assert re.match(IMMUTABLE, "/static/assets/main-D1a_-9xZ.js")
    assert not re.match(IMMUTABLE, "/static/manifest.webmanifest")


def test_style_sheets_say_start_and_end_and_not_left_and_right() -> None:
    """So that a language that is written from right to left needs no other ones."""
    sided = re.compile(
        r"(?:^|[\s;{])(?:(?:margin|padding|border|inset)-)?(?:left|right)\s*:|(?:text-align|float|clear)\s*:\s*(?:left|right)"
    )
    sheets = sorted((ROOT / "web" / "src").rglob("*.css"))
    assert len(sheets) > 5
    assert not [(sheet.name, found.group()) for sheet in sheets for found in sided.finditer(sheet.read_text(encoding="utf-8"))]

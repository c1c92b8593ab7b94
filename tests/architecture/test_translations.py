"""French is complete, and what is compiled is what is written."""

import ast
import gettext
import io
import re
from pathlib import Path

import pytest
from django.utils.translation.template import templatize

from conclave.translations import SOURCE, CatalogueError, catalogues, compile_catalogue, read

DOMAINS = sorted(path.parent.name for path in SOURCE.glob("*/apps.py"))
LITERAL = re.compile(r"u?(?:\"(?:[^\"\\]|\\.)*\"|'(?:[^'\\]|\\.)*')")
IN_CODE = re.compile(rf"\b(?:_|gettext|gettext_lazy)\(\s*((?:{LITERAL.pattern}\s*)+)")


def sentences(domain: str) -> set[str]:
    """Return every sentence that a domain's code and templates have translated."""
    found: set[str] = set()
    for path in (SOURCE / domain).rglob("*"):
        if path.suffix in {".html", ".txt"}:
            text = templatize(path.read_text(encoding="utf-8"), origin=str(path))
        elif path.suffix == ".py" and "gettext" in (text := path.read_text(encoding="utf-8")):
            pass
        else:
            continue
        for literals in IN_CODE.findall(text):
            found.add("".join(str(ast.literal_eval(part)) for part in LITERAL.findall(literals)))
    return found


@pytest.mark.parametrize("domain", DOMAINS)
def test_every_sentence_has_its_french(domain: str) -> None:
    path = SOURCE / domain / "locale" / "fr" / "LC_MESSAGES" / "django.po"
    known = {key for key, value in read(path).items() if value} if path.exists() else set()
    assert not sentences(domain) - known


@pytest.mark.parametrize("domain", DOMAINS)
def test_no_french_is_left_over(domain: str) -> None:
    path = SOURCE / domain / "locale" / "fr" / "LC_MESSAGES" / "django.po"
    known = set(read(path)) - {""} if path.exists() else set()
    assert not known - sentences(domain)


@pytest.mark.parametrize("path", catalogues(), ids=lambda path: path.parents[3].name)
def test_the_compiled_catalogue_is_current(path: Path) -> None:
    assert path.with_suffix(".mo").read_bytes() == compile_catalogue(read(path)), "run: python -m conclave.translations"


@pytest.mark.parametrize("path", catalogues(), ids=lambda path: path.parents[3].name)
def test_a_placeholder_is_never_lost(path: Path) -> None:
    for english, french in read(path).items():
        if english:
            assert sorted(re.findall(r"%\(\w+\)s|\{\w+\}", english)) == sorted(re.findall(r"%\(\w+\)s|\{\w+\}", french))


@pytest.mark.parametrize("path", catalogues(), ids=lambda path: path.parents[3].name)
def test_french_signs_stand_apart_and_never_begin_a_line(path: Path) -> None:
    """Where a space is forgotten the test says so; one that could end a line is mended when the file is read."""
    sentences = gettext.GNUTranslations(io.BytesIO(path.with_suffix(".mo").read_bytes()))._catalog  # type: ignore[attr-defined] # all there is
    texts = [text for text in sentences.values() if not text.startswith("Content-Type")]
    assert not [text for text in texts if re.search(r"[\w)»%][;?!:](?=\s|$)|«(?!\u00a0)|(?<!\u00a0)»| [:;?!»]|« ", text)]


def test_gettext_reads_what_we_compile() -> None:
    entries = {
        "": "Content-Type: text/plain; charset=UTF-8\nPlural-Forms: nplurals=2; plural=n > 1;\n",
        "é": "è",
        "one\x00many": "un\x00des",
    }
    catalogue = gettext.GNUTranslations(io.BytesIO(compile_catalogue({**entries, "empty": ""})))
    assert catalogue.gettext("é") == "è"
    assert (catalogue.ngettext("one", "many", 1), catalogue.ngettext("one", "many", 2)) == ("un", "des")
    assert catalogue.gettext("empty") == "empty"


@pytest.mark.parametrize("text", ['msgid "a"\nmsgstr "b\n', 'msgid "a"\nmsgstr "b"\n\nmsgid "a"\nmsgstr "c"\n', '"alone"\n'])
def test_a_broken_catalogue_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "django.po").write_text(text)
    with pytest.raises(CatalogueError):
        read(tmp_path / "django.po")

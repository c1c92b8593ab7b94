"""report: what is said of a half-year can be read by everybody, in both languages, and no number is another (REP-6, REP-7)."""

import json
import re
from pathlib import Path

import pytest
from django.test import Client
from django.utils.html import escape

from conclave.authorities.policy import OrderKind
from conclave.gate.policy import Kind
from conclave.kernel.territories import territory_name
from conclave.site import report_shown, report_words
from conclave.site.inventory import fields
from conclave.transparency import publish, sheets
from conclave.transparency.ledger import append
from conclave.transparency.models import LedgerEntry
from conclave_verify.report import COLUMNS, MEDIANS
from tests.docs.documents import DOCS
from tests.transparency import conftest as ledger
from tests.transparency.conftest import NOW, own
from tests.transparency.test_report import half_year

state = ledger.state
pytestmark = pytest.mark.django_db
PERIOD = "2026H2"


def page(path: str, language: str = "en") -> str:
    return Client(headers={"accept-language": language}).get(f"/transparency/reports/{path}").content.decode()


@pytest.fixture
def published(state: Path) -> dict[str, list[dict[str, object]]]:
    """The tables of a report that was published."""
    half_year()
    with own(state):
        publish.publish(period=PERIOD, now=NOW)
    tables: dict[str, list[dict[str, object]]] = json.loads((state / "reports" / PERIOD / "report.json").read_bytes())["tables"]
    return tables


def test_as_long_as_there_is_no_report_it_is_said_when_the_first_one_comes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("conclave.kernel.clock.now", lambda: NOW)
    text = page("")
    assert 'data-part="empty"' in text
    assert "The next one, 2027H1, comes by itself from" in text
    assert 'datetime="2027-07-01"' in text
    assert "Il n’y a pas encore de rapport." in page("", "fr")
    assert "There is no such report here." in page("2026H2/")


@pytest.mark.parametrize("language", ["en", "fr"])
def test_rep_7_each_number_of_the_report_stands_on_its_page(published: dict[str, list[dict[str, object]]], language: str) -> None:
    text = page(f"{PERIOD}/", language)
    for name in COLUMNS:
        section = text[text.index(f'<section class="card" id="{name}">') :].split("</section>", 1)[0]
        if name != "reached":
            shown = re.findall(r"<(?:td|th scope=\"row\")[^>]*>(.*?)</t[dh]>", section)
            told = [row[column] for row in published[name] for column in sheets.columns(table=name)]
            assert len(shown) == len(told)
            assert [one for one, value in zip(shown, told, strict=True) if type(value) is int] == [
                str(one) for one in told if type(one) is int
            ]
        assert f"/transparency/reports/{PERIOD}/{name}.csv" in section
    assert escape(territory_name(code="CN", language=language)) in text
    assert "openings.jsonl" in text
    assert "sealed" not in re.sub(r"<code.*?</code>|sealed_orders", "", text)


def test_rep_7_what_came_and_how_far_it_got_is_a_row_for_each_territory(published: dict[str, list[dict[str, object]]]) -> None:
    shown = report_shown.by_territory(tables=published)
    rows = {row[0]: dict(zip(report_words.REACHED, row[1:], strict=True)) for row in shown.rows}
    assert rows["China"] == dict.fromkeys(report_words.REACHED, 0) | {"received": 6, "refused": 6}
    assert rows["France"]["received"] == 2
    assert rows["France"]["executed"] == 1
    assert len(rows) == 3


def test_every_table_and_column_of_a_report_has_its_words() -> None:
    assert {*report_words.TABLES, "reached"} == set(COLUMNS)
    columns = {name for table in COLUMNS.values() for name in table} | set(MEDIANS.values()) | {"count"}
    assert set(report_words.COLUMNS) == columns


@pytest.mark.parametrize("language", ["en", "fr"])
def test_no_reader_meets_a_name_of_the_program(state: Path, language: str) -> None:
    half_year()
    for kind in (*OrderKind, *Kind):
        append(kind="ORDER", fields={"dummy": 0, "territory": "FR", "kind": kind.value, "channel": "portal", "category": "court"}, now=NOW)
        append(kind="MEASURE", fields={"territory": "FR", "kind": kind.value, "days": 1}, now=NOW)
    told = {"territory": "FR", "field": "meetings.Participant.name", "deferred": "31-90"}
    obj = LedgerEntry.objects.latest("index").obj
    append(kind="HANDED", fields=told, now=NOW, obj=obj)
    for kind in sorted(report_words.TYPES.keys() - {"ORDER", "MEASURE", "HANDED"}):
        append(kind=kind, fields={}, now=NOW)
    with own(state):
        publish.publish(period=PERIOD, now=NOW)
    text = page(f"{PERIOD}/", language)
    cells = re.findall(r"<(?:td|th scope=\"row\")[^>]*>(.*?)</t[dh]>", text)
    # Of notices, which nobody sends yet, the law has the words.
    raw = {cell for cell in cells if re.search(r"^[A-Z]{2,}(_|$)|^[a-z]+_[a-z_]+$|[a-z]\.[A-Z]|^(act|inform|preserve|emergency)$", cell)}
    assert raw <= {"VIOLENCE", "deny_join"}
    known = {one.name: f"{one.table}: {one.text}" for one in fields(language)}
    assert escape(known["meetings.Participant.name"]) in text


def test_every_type_of_the_ledger_that_the_documents_name_has_its_words() -> None:
    lines = [line for path in sorted((DOCS / "protocol").glob("*.md")) for line in path.read_text(encoding="utf-8").splitlines()]
    rows = [line.split("|")[1] for line in lines if "|" in line]
    named = {name for row in rows if re.fullmatch(r" (`[A-Z_]+`(, )?)+ ", row) for name in re.findall(r"`([A-Z_]+)`", row)}
    assert {"ORDER", "OPENINGS", "GLASS"} <= named
    # Notices are entered by whoever decides on them; a report counts them already.
    assert named | {"REPORTS_COUNT"} == set(report_words.TYPES)


def test_what_a_page_cannot_name_stands_as_it_is_and_markup_is_text(state: Path) -> None:
    append(kind="GLASS", fields={"scope": "<b>x</b>"}, now=NOW)
    append(kind="GLASS", fields={"scope": ""}, now=NOW)
    with own(state):
        publish.publish(period=PERIOD, now=NOW)
    text = page(f"{PERIOD}/")
    assert "&lt;b&gt;x&lt;/b&gt;" in text
    assert "<b>x</b>" not in text
    assert '<th scope="row">—</th>' in text


def test_a_long_table_is_cut_and_the_spreadsheet_is_named(
    monkeypatch: pytest.MonkeyPatch, published: dict[str, list[dict[str, object]]]
) -> None:
    monkeypatch.setattr(report_shown, "MOST_ROWS", 1)
    assert published
    assert "Rows that only the spreadsheet has: 1" in page(f"{PERIOD}/")


@pytest.mark.usefixtures("published")
def test_a_report_links_the_one_before_it(state: Path) -> None:
    with own(state):
        publish.publish(period="2027H1", now=NOW)
    text = page("2027H1/")
    assert "The report before it: 2026H2" in text
    assert "--previous before.json" in text
    assert re.findall(r'href="/transparency/reports/(\w+)/"', page("")) == ["2027H1", PERIOD]


def test_the_trust_page_leads_to_the_reports_and_to_the_policy() -> None:
    text = Client().get("/trust").content.decode()
    assert 'href="/transparency/reports/"' in text
    assert 'href="/trust/government-requests"' in text

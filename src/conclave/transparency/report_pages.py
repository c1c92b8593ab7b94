"""The files of transparency reports, for everybody and for caches (REP-6)."""

from urllib.parse import urlsplit

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.views.decorators.gzip import gzip_page
from django.views.decorators.http import require_safe

from conclave.kernel.pieces import Pieces
from conclave.transparency import publish, sheets
from conclave.transparency.pages import A_MOMENT, FOR_GOOD, TEXT
from conclave.transparency.publish import ReportUnknown
from conclave.transparency.report import OPENINGS, PROOF, REPORT

TYPES = {REPORT: "application/json", OPENINGS: "application/jsonl", PROOF: TEXT}
CSV, AN_HOUR = ".csv", "public, max-age=3600"


@require_safe
def file(request: HttpRequest, report: str, name: str) -> HttpResponseBase:
    """Give the report, its openings or its proof, byte for byte; or one of its spreadsheets.

    Raises:
        ReportUnknown: there is no such report or file here, or it is not the one that the ledger names.
    """
    if name.endswith(CSV):
        return _sheet(request, report=report, name=name.removesuffix(CSV))
    found = publish.find(period=report)
    # Only as the ledger names them.
    publish.read(report=found)
    path = publish.openings_of(report=found) if name == OPENINGS else publish.file_of(report=found, name=name)
    headers = {"Cache-Control": A_MOMENT if name == PROOF else FOR_GOOD, "Content-Length": str(path.stat().st_size)}
    return StreamingHttpResponse(Pieces(path.open("rb")), content_type=TYPES[name], headers=headers)


@gzip_page
def _sheet(request: HttpRequest, *, report: str, name: str) -> HttpResponse:  # noqa: ARG001 - gzip_page reads it
    """Give a spreadsheet of a report."""
    if name not in sheets.names():
        raise ReportUnknown
    told = publish.read(report=publish.find(period=report))
    service = urlsplit(settings.CONCLAVE.public_url).netloc
    text = sheets.sheet(name=name, tables=publish.tables_of(report=told), period=told.period, service=service)
    # What is made here may be made better: not kept for good.
    headers = {"Cache-Control": AN_HOUR, "Content-Disposition": f'attachment; filename="{told.period}-{name}.csv"'}
    return HttpResponse(text, content_type="text/csv; charset=utf-8", headers=headers)

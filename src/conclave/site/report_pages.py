"""The pages of transparency reports: which there are, and each of them to read (REP-6)."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from conclave.kernel import clock
from conclave.site import report_shown
from conclave.transparency import named, publish


@require_safe
def reports(request: HttpRequest) -> HttpResponse:
    """Say which reports there are, and when the next one comes."""
    period, at = named.coming(now=clock.now())
    return render(request, "reports.html", {"reports": named.named(), "next": period, "next_at": at})


@require_safe
def report(request: HttpRequest, report: str) -> HttpResponse:
    """Show one report.

    Raises:
        ReportUnknown: there is none of this half-year here.
    """
    found = publish.find(period=report)
    tables = publish.tables_of(report=publish.read(report=found))
    before = next((one for one in named.named() if one.end == found.start), None)
    shown = {
        "one": found,
        "last": found.end - 1,
        "before": before,
        "territories": report_shown.by_territory(tables=tables),
        "tables": [report_shown.for_the_union(tables=tables), *report_shown.all_tables(tables=tables)],
        "site": settings.CONCLAVE.public_url.rstrip("/"),
    }
    return render(request, "report.html", shown)

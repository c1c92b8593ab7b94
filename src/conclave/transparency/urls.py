"""Addresses of the public ledger: a page for people, and the files of a tiled log for whoever checks it (C2SP tlog-tiles)."""

from django.urls import path

from conclave.transparency import pages, report_pages

urlpatterns = [
    path("transparency/", pages.ledger, name="ledger"),
    path("transparency/checkpoint", pages.checkpoint, name="ledger_checkpoint"),
    path("transparency/policy", pages.policy, name="ledger_policy"),
    path("transparency/tile/<path:tile>", pages.tile, name="ledger_tile"),
    path("transparency/reports/<slug:report>/<str:name>", report_pages.file, name="report_file"),
]

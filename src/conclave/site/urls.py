"""Addresses of the pages that cross domains."""

from django.urls import path
from django.views.i18n import set_language

from conclave.site import data, health, pages, policy_pages, report_pages, request_pages

urlpatterns = [
    path("", pages.home, name="home"),
    path("protection", pages.protection, name="protection"),
    path("inventory", pages.inventory, name="inventory"),
    path("trust", pages.trust, name="trust"),
    path("trust/government-requests", request_pages.government_requests, name="government_requests"),
    path("transparency/reports/", report_pages.reports, name="reports"),
    path("transparency/reports/<slug:report>/", report_pages.report, name="report"),
    path("trust/client.sha256", pages.client_hashes, name="client_hashes"),
    path("trust/client.tlog-proof", pages.client_proof, name="client_proof"),
    path(".well-known/security.txt", pages.security_txt, name="security_txt"),
    path("api/docs", pages.api_reference, name="api_reference"),
    path("account/data", data.own_data, name="own_data"),
    path("account/data/export", data.export, name="own_data_export"),
    path("account/data/erase", data.erase, name="own_data_erase"),
    path("account/data/keep", data.keep, name="own_data_keep"),
    path("organisations/<slug:organisation>/policy", policy_pages.policy, name="organisation_policy"),
    path("help", pages.help_index, name="help"),
    path("help/<slug:page>", pages.help_page, name="help_page"),
    path("selftest", pages.selftest, name="selftest"),
    path("selftest/bytes", pages.selftest_bytes, name="selftest_bytes"),
    path("language", set_language, name="set_language"),
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
]

"""Addresses of the pages that cross domains."""

from django.urls import path

from conclave.site import health, pages

urlpatterns = [
    path("", pages.home, name="home"),
    path("protection", pages.protection, name="protection"),
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
]

"""Addresses of meetings: pages, the JSON API, and what is below /media/ but not a WebSocket."""

from django.urls import path, re_path

from conclave.meetings import pages
from conclave.meetings.keyring_api import api
from conclave.meetings.signal import validate

urlpatterns = [
    path("m/<str:meeting>", pages.call, name="call"),
    path("meetings", pages.mine, name="meetings"),
    path("now", pages.now, name="now"),
    path("check", pages.check, name="check"),
    path("api/v1/", api.urls),
    re_path(r"^/*media(?:/|$)", validate, name="signal_validate"),
]

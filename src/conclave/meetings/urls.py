"""Addresses of meetings: pages, the JSON API, and what is below /media/ but not a WebSocket."""

from django.urls import path, re_path

from conclave.meetings import pages
from conclave.meetings.api import api
from conclave.meetings.signal import validate

urlpatterns = [
    path("m/<str:meeting>", pages.call, name="call"),
    path("meetings", pages.mine, name="meetings"),
    path("meetings/<slug:meeting>", pages.meeting, name="meeting"),
    path("meetings/<slug:meeting>/plan", pages.plan, name="meeting_plan"),
    path("meetings/<slug:meeting>/times", pages.times, name="meeting_times"),
    path("organisations/<slug:organisation>/meetings", pages.house, name="organisation_meetings"),
    path("meetings/<slug:meeting>/receipts", pages.take_receipts, name="meeting_receipts"),
    path("organisations/<slug:organisation>/meetings/receipts", pages.take_house_receipts, name="organisation_receipts"),
    path("now", pages.now, name="now"),
    path("check", pages.check, name="check"),
    path("api/v1/", api.urls),
    re_path(r"^/*media(?:/|$)", validate, name="signal_validate"),
]

"""The sockets of the gateway: the meeting socket and the signal gate."""

from typing import Any

from django.urls import URLPattern, path, re_path

from conclave.meetings.consumers import MeetingSocket
from conclave.meetings.signal import SignalGate

# Django types a route's target as a view; these are ASGI applications, which is what Channels' router takes.
_socket: Any = MeetingSocket.as_asgi()
_gate: Any = SignalGate()

websocket_urlpatterns: list[URLPattern] = [
    path("api/v1/socket", _socket),
    # Everything else goes to the gate, which normalises the path and refuses with 403 what is not one of its own.
    re_path("", _gate),
]

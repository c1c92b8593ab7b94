"""The sockets of the gateway: the meeting socket, the waiting socket and the signal gate."""

from typing import Any

from django.urls import URLPattern, path, re_path

from conclave.meetings.consumers import MeetingSocket
from conclave.meetings.signal import SignalGate
from conclave.meetings.waiting import WaitingSocket

# Django types a route's target as a view; these are ASGI applications, which is what Channels' router takes.
_socket: Any = MeetingSocket.as_asgi()
_waiting: Any = WaitingSocket.as_asgi()
_gate: Any = SignalGate()

websocket_urlpatterns: list[URLPattern] = [
    path("api/v1/socket", _socket),
    path("api/v1/waiting", _waiting),
    # Everything else goes to the gate, which normalises the path and refuses with 403 what is not one of its own.
    re_path("", _gate),
]

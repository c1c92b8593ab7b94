"""The sockets of the gateway: the meeting socket and the signal gate."""

from importlib.util import find_spec
from typing import Any

from django.urls import URLPattern, path, re_path

from conclave.meetings.signal import SignalGate

_gate: Any = SignalGate()
websocket_urlpatterns: list[URLPattern] = []
if find_spec("conclave.meetings.consumers"):
    from conclave.meetings.consumers import MeetingSocket

    websocket_urlpatterns.append(path("api/v1/socket", MeetingSocket.as_asgi()))
# Everything else goes to the gate, which normalises the path and refuses with 403 what is not one of its own.
websocket_urlpatterns.append(re_path("", _gate))

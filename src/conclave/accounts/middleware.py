"""Keeps up when each session was last used, for the list of devices."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponseBase

from conclave.accounts.devices import note_device
from conclave.kernel import clock

SEEN = "seen"
EVERY_MS = 10 * clock.MINUTE


class LastSeen:
    """Notes a new session's device at once and that it is in use every ten minutes; the session itself remembers when it did."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Answer the request, then note it: who just signed in has a session of their own by then."""
        response = self._get_response(request)
        key, now = request.session.session_key, clock.now()
        if key and request.user.is_authenticated:
            of, at = request.session.get(SEEN, ("", 0))
            if of != key or now - at >= EVERY_MS:
                note_device(user=request.user, key=key, agent=request.headers.get("User-Agent", ""), now=now)
                request.session[SEEN] = (key, now)
        return response

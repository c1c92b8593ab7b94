"""Headers that every answer carries: what a browser may load, and what it may tell others."""

from collections.abc import Callable
from urllib.parse import urlsplit

from django.conf import settings
from django.http import HttpRequest, HttpResponseBase

# The only powers a page of ours uses; every other feature that browsers know is switched off by name, because they allow by default.
# require-trusted-types-for is left out: it would stop the workers, which are started by their address.
_ALLOWED = (
    "camera",
    "microphone",
    "display-capture",
    "fullscreen",
    "picture-in-picture",
    "screen-wake-lock",
    "speaker-selection",
    "autoplay",
    "publickey-credentials-get",
    "publickey-credentials-create",
    "clipboard-write",
)
_DENIED = (
    "accelerometer",
    "browsing-topics",
    "clipboard-read",
    "encrypted-media",
    "gamepad",
    "geolocation",
    "gyroscope",
    "hid",
    "idle-detection",
    "identity-credentials-get",
    "local-fonts",
    "magnetometer",
    "midi",
    "payment",
    "serial",
    "storage-access",
    "usb",
    "window-management",
    "xr-spatial-tracking",
)


def content_security_policy(*, host: str, secure: bool) -> str:
    """Return the policy of a page on this host.

    'self' covers ws: only in recent browsers, so the sockets of the same origin are named as well.
    """
    socket = f"{'wss' if secure else 'ws'}://{host}"
    rules = {
        "default-src": "'none'",
        "script-src": "'self' 'wasm-unsafe-eval'",
        "style-src": "'self'",
        "img-src": "'self' data: blob:",
        "media-src": "'self' blob:",
        "font-src": "'self'",
        "connect-src": f"'self' {socket}",
        "worker-src": "'self'",
        "manifest-src": "'self'",
        "form-action": "'self'",
        "base-uri": "'none'",
        "frame-ancestors": "'none'",
    }
    return "; ".join(f"{name} {value}" for name, value in rules.items())


def permissions_policy() -> str:
    """Return which browser features pages may use: ours on this origin, all others nowhere."""
    return ", ".join([f"{name}=(self)" for name in _ALLOWED] + [f"{name}=()" for name in _DENIED])


class SecurityHeaders:
    """Outermost middleware: files, pages, errors and API answers all get the same headers."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self._get_response = get_response
        self._public = urlsplit(settings.CONCLAVE.public_url)
        self._permissions = permissions_policy()

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Answer the request, then set the headers."""
        response = self._get_response(request)
        secure = self._public.scheme == "https"
        response["Content-Security-Policy"] = content_security_policy(host=self._host(request), secure=secure)
        response["Referrer-Policy"] = "no-referrer"
        response["Permissions-Policy"] = self._permissions
        response["Cross-Origin-Opener-Policy"] = "same-origin"
        response["Cross-Origin-Resource-Policy"] = "same-origin"
        response["X-Content-Type-Options"] = "nosniff"
        response["X-Frame-Options"] = "DENY"
        if secure:
            response["Strict-Transport-Security"] = "max-age=31536000"
        if not response.has_header("Cache-Control"):
            response["Cache-Control"] = "no-store"
        return response

    def _host(self, request: HttpRequest) -> str:
        """Return the host the browser speaks to, or the public one when what it claims is not ours."""
        claimed = request.META.get("HTTP_HOST", "")
        known = {host.strip("[]") for host in settings.ALLOWED_HOSTS}
        return claimed if urlsplit(f"//{claimed}").hostname in known else self._public.netloc


class FormOrigin:
    """Lets a form of ours through Django's origin check, which `Referrer-Policy: no-referrer` would otherwise make impossible.

    Under that policy browsers send `Origin: null` with a form (Fetch, "append a request Origin header"). Where the browser says in
    Sec-Fetch-Site that the form is ours, or says nothing, the form's secret token decides alone; from elsewhere null stays refused.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Drop a null origin that means nothing, pass the request on."""
        if request.META.get("HTTP_ORIGIN") == "null" and request.META.get("HTTP_SEC_FETCH_SITE", "same-origin") == "same-origin":
            del request.META["HTTP_ORIGIN"]
        return self._get_response(request)

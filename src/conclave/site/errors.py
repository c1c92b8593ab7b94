"""The one handler of errors: JSON for the API, a page for people."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import render

from conclave.kernel.errors import ConclaveError, Malformed


def tell(request: HttpRequest, *, status: int, code: str, message: str, next_step: str = "") -> HttpResponse:
    """Return an error as the asker can read it.

    Args:
        request: what was asked; under /api/ a program asks.
        status: the HTTP status.
        code: the stable code.
        message: what is, in one sentence.
        next_step: what can be done, for pages.
    """
    if request.path.startswith("/api/"):
        return JsonResponse({"error": {"code": code, "message": message}}, status=status)
    context = {"code": code, "status": status, "message": message, "next_step": next_step}
    return render(request, "error.html", context, status=status)


class ErrorAnswers:
    """Turns a ConclaveError that a view raised into its answer; any other exception is a bug and goes on to the 500 page."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Pass the request on; an address with a zero byte in it names nothing, and PostgreSQL would not even look for it."""
        if "\0" in request.path or "%00" in request.META.get("QUERY_STRING", ""):
            return tell(request, status=Malformed.status, code=Malformed.code, message=str(Malformed.message))
        return self._get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """Answer a ConclaveError, leave everything else to Django."""
        if not isinstance(exception, ConclaveError):
            return None
        return tell(request, status=exception.status, code=exception.code, message=exception.text)

"""The one handler of errors: JSON for the API, a page for people."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import render

from conclave.kernel.errors import ConclaveError, error_body


def wants_json(request: HttpRequest) -> bool:
    """Tell whether a program asks: everything under /api/, and the probes."""
    return request.path.startswith("/api/")


def answer(request: HttpRequest, error: ConclaveError) -> HttpResponse:
    """Return this error as the asker can read it."""
    if wants_json(request):
        return JsonResponse(error_body(error), status=error.status)
    return render(request, "error.html", {"code": error.code, "status": error.status, "message": error.text}, status=error.status)


class ErrorAnswers:
    """Turns a ConclaveError that a view raised into its answer; any other exception is a bug and goes on to the 500 page."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Pass the request on."""
        return self._get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """Answer a ConclaveError, leave everything else to Django."""
        return answer(request, exception) if isinstance(exception, ConclaveError) else None

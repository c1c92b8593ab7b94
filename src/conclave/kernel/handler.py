"""Requests, answered in threads that stay.

Django's own handler starts a thread for every request and opens the database in it anew; on a busy gateway that is half of what an answer
costs. All pages and the API are synchronous code, so one hop into a thread and one back are enough.
"""

import asyncio
import contextvars
from collections.abc import Awaitable, Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import IO, Any

from django.core import signals
from django.core.exceptions import RequestAborted
from django.core.handlers.asgi import ASGIHandler, get_script_prefix
from django.http import HttpResponseBadRequest, HttpResponseBase
from django.urls import set_script_prefix

Event = Mapping[str, Any]
# Most wait for the database or for a password's hash; each keeps a connection of its own (CONN_MAX_AGE).
MOST_AT_ONCE = 32


class Handler(ASGIHandler):
    """Django as an ASGI application for synchronous middleware and views."""

    def __init__(self) -> None:
        """Load the middleware, as synchronous code."""
        self._threads = ThreadPoolExecutor(max_workers=MOST_AT_ONCE, thread_name_prefix="request")
        self.load_middleware(is_async=False)

    async def __call__(
        self, scope: dict[str, Any], receive: Callable[[], Awaitable[Event]], send: Callable[[Event], Awaitable[None]]
    ) -> None:
        """Answer one request; who has gone before the answer is there does not hear it."""
        try:
            body = await self.read_body(receive)
        except RequestAborted:
            return
        # A context of its own: what one request activates (a language, a script prefix) is not left in the thread for the next.
        context = contextvars.copy_context()
        loop = asyncio.get_running_loop()
        response = await loop.run_in_executor(self._threads, lambda: context.run(self._answer, scope, body))
        try:
            await self.send_response(response, send)
        finally:
            if response.streaming:
                await loop.run_in_executor(self._threads, lambda: context.run(response.close))

    def _answer(self, scope: dict[str, Any], body: IO[bytes]) -> HttpResponseBase:
        """Return the answer; one that is whole is closed already, so that it costs no second hop."""
        with body:
            set_script_prefix(get_script_prefix(scope))
            signals.request_started.send(sender=type(self), scope=scope)
            request, refusal = self.create_request(scope, body)
            response = self.get_response(request) if request is not None else refusal or HttpResponseBadRequest()
            if not response.streaming:
                response.close()
            return response

"""How much anybody may send at once: refused before it is read, at the door of the application, where Django would take all of it first."""

from asgiref.typing import ASGI3Application, ASGIReceiveCallable, ASGIReceiveEvent, ASGISendCallable, ASGISendEvent, Scope

# More than twice the most that a page or the API takes: the self-test's two megabytes.
LARGEST = 4 * 1024 * 1024
CODE = "body_too_large"
_ANSWER = f"{CODE}: more was sent than this server takes at once.\n".encode()


class BoundedBodies:
    """Answers 413 to a request whose body is too large: at once where it says so, else as soon as it is."""

    def __init__(self, inner: ASGI3Application) -> None:
        """Wrap the application."""
        self._inner = inner

    async def __call__(self, scope: Scope, receive: ASGIReceiveCallable, send: ASGISendCallable) -> None:
        """Pass the request on, as long as it is small."""
        if scope["type"] != "http":
            await self._inner(scope, receive, send)
            return
        said = [value for name, value in scope["headers"] if name.lower() == b"content-length"]
        if any(not value.isdigit() or int(value[:20]) > LARGEST for value in said):
            await _refuse(send)
            return
        taken, answered = 0, False

        async def counted() -> ASGIReceiveEvent:
            nonlocal taken
            event = await receive()
            if event["type"] == "http.request":
                taken += len(event["body"])
                if taken > LARGEST:
                    # The application gives up as it does when a visitor goes away.
                    return {"type": "http.disconnect"}
            return event

        async def noted(event: ASGISendEvent) -> None:
            nonlocal answered
            answered = True
            await send(event)

        await self._inner(scope, counted, noted)
        if taken > LARGEST and not answered:
            await _refuse(send)


async def _refuse(send: ASGISendCallable) -> None:
    """Answer 413, and let the connection end with it: what still comes is read by nobody."""
    headers = [(b"content-type", b"text/plain; charset=utf-8"), (b"connection", b"close"), (b"cache-control", b"no-store")]
    await send({"type": "http.response.start", "status": 413, "headers": headers, "trailers": False})
    await send({"type": "http.response.body", "body": _ANSWER, "more_body": False})

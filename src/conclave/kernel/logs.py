"""Log lines that say what happened without saying to whom: no addresses, no tokens, no query strings."""

import ipaddress
import logging
import re
import sys
from collections.abc import MutableMapping
from typing import Any, TextIO

import structlog

FORBIDDEN_KEYS = frozenset(
    [
        "address",
        "authorization",
        "cookie",
        "email",
        "ip",
        "name",
        "passcode",
        "password",
        "remote_addr",
        "request",
        "seat",
        "secret",
        "token",
    ],
)
_IPV4 = re.compile(r"(?<![\w.])\d{1,3}(?:\.\d{1,3}){3}(?!\w|\.\d)")
_MAYBE_IPV6 = re.compile(r"(?<![\w:])[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*(?![\w:])")
_QUERIES = re.compile(r"\?[^\s\"']*")
_TOKENS = re.compile(r"\beyJ[\w-]+\.[\w-]+\.[\w-]+")


def scrub(text: str) -> str:
    """Return the text without addresses, query strings and signed tokens."""
    text = _TOKENS.sub("[token]", _QUERIES.sub("?…", text))
    return _MAYBE_IPV6.sub(_without_ipv6, _IPV4.sub("[address]", text))


def _without_ipv6(found: re.Match[str]) -> str:
    """Return the match unless it is an address; times look alike."""
    try:
        ipaddress.IPv6Address(found.group().rstrip("."))
    except ValueError:
        return found.group()
    return "[address]"


def _scrub_event(_logger: object, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Drop forbidden keys and scrub what is left; a structlog processor."""
    for key in list(event):
        if key.lower() in FORBIDDEN_KEYS:
            del event[key]
        elif isinstance(event[key], str):
            event[key] = scrub(event[key])
    return event


_SHARED: list[structlog.typing.Processor] = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_log_level,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
]


class ToStderr(logging.StreamHandler[TextIO]):
    """Writes to standard error as it is by then, so that a second configuration in one process keeps nothing of the first."""

    def emit(self, record: logging.LogRecord) -> None:
        """Write one line."""
        self.stream = sys.stderr
        super().emit(record)


def configure() -> None:
    """Send structlog's lines through the standard library's handlers, so that there is one way out."""
    structlog.configure(
        processors=[*_SHARED, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        cache_logger_on_first_use=False,
    )


def logging_config() -> dict[str, Any]:
    """Return the logging configuration: one JSON line per event on standard error, scrubbed last."""
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "line": {
                "()": structlog.stdlib.ProcessorFormatter,
                "foreign_pre_chain": _SHARED,
                "processors": [
                    structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                    structlog.processors.format_exc_info,
                    _scrub_event,
                    structlog.processors.JSONRenderer(),
                ],
            },
        },
        "handlers": {"stderr": {"()": ToStderr, "formatter": "line"}},
        "root": {"handlers": ["stderr"], "level": "WARNING"},
        "loggers": {
            "conclave": {"level": "INFO"},
            "django": {"handlers": [], "level": "WARNING", "propagate": True},
            # Its lines carry peer addresses and full request targets; the gateway's own lines replace them.
            "uvicorn.access": {"handlers": [], "level": "CRITICAL", "propagate": False},
        },
    }

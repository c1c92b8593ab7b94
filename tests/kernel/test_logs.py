"""Log lines name nobody."""

import io
import json
import logging
import logging.config
from collections.abc import Iterator

import pytest
import structlog

from conclave.kernel import logs

TOKEN = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJwIn0.c2ln"


@pytest.fixture
def lines() -> Iterator[io.StringIO]:
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    settings = logs.logging_config()["formatters"]["line"]
    settings.pop("()")
    handler.setFormatter(structlog.stdlib.ProcessorFormatter(**settings))
    for name in ("conclave.test", "django.request"):
        logging.getLogger(name).addHandler(handler)
    yield stream
    for name in ("conclave.test", "django.request"):
        logging.getLogger(name).removeHandler(handler)


def test_addresses_and_tokens_are_left_out_whoever_logs(lines: io.StringIO) -> None:
    structlog.get_logger("conclave.test").warning("joined", call="c", address="192.0.2.7", token=TOKEN, why=f"got {TOKEN} from 192.0.2.7.")
    logging.getLogger("django.request").warning("Bad Request: %s from %s", f"/media/local/rtc?access_token={TOKEN}", "2001:db8::17")
    text = lines.getvalue()
    assert "192.0.2.7" not in text
    assert "2001:db8" not in text
    assert "eyJ" not in text
    assert [json.loads(line)["level"] for line in text.splitlines()] == ["warning", "warning"]


def test_times_and_versions_are_not_taken_for_addresses() -> None:
    assert logs.scrub("at 12:30:45, version 1.2.3") == "at 12:30:45, version 1.2.3"

"""conclave_verify/page.py: what a page would let run."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conclave_verify.page import policy_faults, read

STRICT = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; connect-src 'self' wss://meet.example; form-action 'self'; "
STRICT += "base-uri 'none'; frame-ancestors 'none'"


@pytest.mark.parametrize(
    "html",
    [
        "<script>alert(1)</script>",
        "<SCRIPT type=module>import '/x.js'</SCRIPT>",
        '<svg><script href="/static/x.js"></script></svg>',
        '<p onclick="alert(1)">',
        "<img src=x ONERROR=alert(1)>",
        '<a href="java\tscript:alert(1)">',
        '<a href=" JavaScript:alert(1)">',
        "<iframe></iframe>",
        '<base href="https://mallory.example/">',
        "<object data=x>",
        '<meta http-equiv="Refresh" content="0; url=https://mallory.example/">',
    ],
)
def test_what_could_run_without_being_a_file_is_a_fault(html: str) -> None:
    assert read(html=f"<!doctype html><title>x</title>{html}").faults


def test_files_are_listed_with_the_hash_that_the_page_demands() -> None:
    page = read(
        html='<link rel="stylesheet" href="/static/a.css" integrity="sha384-A"><link rel="icon" href="/static/icon.svg">'
        '<script type="module" src="/static/a.js" integrity="sha384-B" src="/ours.js"></script>'
    )
    assert [(one.address, one.integrity, one.runs) for one in page.references] == [
        ("/static/a.css", "sha384-A", True),
        ("/static/icon.svg", "", False),
        ("/static/a.js", "sha384-B", True),  # the first attribute of a name is the one that browsers take
    ]
    assert page.faults == []


@given(st.text(max_size=500))
def test_no_page_breaks_the_reader(html: str) -> None:
    read(html=html)


def test_a_strict_policy_has_no_fault() -> None:
    assert policy_faults(policies=[STRICT], host="meet.example") == []


@pytest.mark.parametrize(
    "policy",
    [
        STRICT.replace("default-src 'none'; ", ""),
        STRICT.replace("base-uri 'none'; ", ""),
        STRICT.replace("'self' 'wasm", "'self' 'unsafe-inline' 'wasm"),
        STRICT.replace("'self' 'wasm", "'self' https://mallory.example 'wasm"),
        STRICT.replace("wss://meet.example", "wss://mallory.example"),
        STRICT + "; script-src-elem 'unsafe-inline'",
        "script-src *; " + STRICT,  # the first of a name counts
        "",
    ],
)
def test_a_policy_that_allows_more_is_a_fault(policy: str) -> None:
    assert policy_faults(policies=[policy], host="meet.example")


def test_one_strict_policy_among_several_is_enough_and_none_is_not() -> None:
    assert policy_faults(policies=["script-src *", STRICT], host="meet.example") == []
    assert policy_faults(policies=[], host="meet.example")

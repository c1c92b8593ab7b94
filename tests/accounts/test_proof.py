"""Looking for a token: real name servers that lie and fall silent, a real https server that leads astray."""

import gc
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler

import pytest

from conclave.accounts import proof_dns
from conclave.accounts.challenge import PATH, Outcome, new_token, record_name, record_text
from conclave.accounts.proof_dns import addresses, look_in_dns
from conclave.accounts.proof_web import MOST_BYTES, look_on_web
from conclave.accounts.visit import Web, is_public
from tests.accounts.nameserver import NameServer
from tests.accounts.webserver import Answer, WebServer, says, web_server

DOMAIN = "example.org"
TOKEN = new_token()
TEXT = record_text(token=TOKEN)
NAME = record_name(domain=DOMAIN)


@pytest.fixture
def _little_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """For tests in which nothing good is waited for."""
    monkeypatch.setattr(proof_dns, "WAIT_SECONDS", 0.4)
    monkeypatch.setattr(proof_dns, "TRY_SECONDS", 0.2)


def look(names: list[NameServer]) -> Outcome:
    return look_in_dns(domain=DOMAIN, token=TOKEN, resolvers=tuple(one.resolver for one in names))


def test_a_record_that_both_resolvers_find_proves_the_domain(names: list[NameServer]) -> None:
    assert look(names) is Outcome.ABSENT
    for one in names:
        one.prove(DOMAIN, TOKEN)
    assert look(names) is Outcome.PROVED
    assert all(set(one.asked) == {NAME} for one in names)


def test_strings_of_one_record_belong_together_and_records_beside_it_do_no_harm(names: list[NameServer]) -> None:
    for one in names:
        one.put(NAME, "TXT", '"token=somebodyelses"', f'"{TEXT[:9]}" "{TEXT[9:]}"', '"\\255\\000"')
    assert look(names) is Outcome.PROVED


@pytest.mark.parametrize("records", [['"token=other"'], [f'"{TEXT}a"'], [f'"{TEXT[:9]}"', f'"{TEXT[9:]}"'], [f'"x" "{TEXT}"']])
def test_another_text_proves_nothing(names: list[NameServer], records: list[str]) -> None:
    for one in names:
        one.put(NAME, "TXT", *records)
    assert look(names) is Outcome.OTHER


def test_one_resolver_alone_proves_nothing(names: list[NameServer]) -> None:
    names[0].prove(DOMAIN, TOKEN)
    assert look(names) is Outcome.DISAGREE
    assert look([names[0]]) is Outcome.UNREACHABLE


@pytest.mark.usefixtures("_little_patience")
@pytest.mark.parametrize("fault", ["silent", "servfail", "garbage", "another id", "another question"])
def test_a_resolver_that_fails_or_lies_proves_nothing(names: list[NameServer], fault: str) -> None:
    for one in names:
        one.prove(DOMAIN, TOKEN)
    names[1].misbehave(NAME, fault)
    assert look(names) is Outcome.UNREACHABLE


@pytest.mark.usefixtures("_little_patience")
def test_nobody_listening_is_no_proof_and_no_error(names: list[NameServer]) -> None:
    names[0].prove(DOMAIN, TOKEN)
    assert look_in_dns(domain=DOMAIN, token=TOKEN, resolvers=(names[0].resolver, ("127.0.0.1", 9))) is Outcome.UNREACHABLE


def test_an_alias_speaks_for_nobody_else(names: list[NameServer]) -> None:
    for one in names:
        one.put(NAME, "CNAME", "given-up.example.")
        one.put("given-up.example", "TXT", f'"{TEXT}"')
    assert look(names) is Outcome.ALIAS


def test_the_record_of_the_domain_above_or_below_proves_nothing(names: list[NameServer]) -> None:
    for one in names:
        one.prove("org", TOKEN)
        one.prove(f"lab.{DOMAIN}", TOKEN)
        one.put(DOMAIN, "TXT", f'"{TEXT}"')
    assert look(names) is Outcome.ABSENT


def test_an_answer_too_long_for_a_datagram_is_asked_for_again(names: list[NameServer]) -> None:
    for one in names:
        one.put(NAME, "TXT", *(f'"{number:03}{"x" * 200}"' for number in range(30)), f'"{TEXT}"')
    assert look(names) is Outcome.PROVED


# The web


@pytest.fixture(scope="module")
def _web(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WebServer]:
    with web_server(tmp_path_factory.mktemp("web"), host=DOMAIN) as running:
        yield running


@pytest.fixture
def web(_web: WebServer) -> WebServer:
    """A web server of the domain that was asked nothing yet."""
    _web.asked.clear()
    _web.answer = says(TEXT.encode())
    return _web


def visit(web: WebServer, *, domain: str = DOMAIN, permits: Callable[[str], bool] = lambda _address: True, trusts: bool = True) -> Outcome:
    seen = Web(find=lambda _host: ["127.0.0.1"], permits=permits, port=web.port, trusted=web.trusted if trusts else None, wait_seconds=3)
    return look_on_web(domain=domain, token=TOKEN, web=seen)


def test_a_file_with_the_token_on_a_line_of_its_own_proves_the_domain(web: WebServer) -> None:
    web.answer = says(f"token=somebodyelses\r\n{TEXT}\r\n".encode())
    assert visit(web) is Outcome.PROVED
    assert web.asked == [(f"{DOMAIN}:{web.port}", PATH)]


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        (says(b""), Outcome.ABSENT),
        (says(TEXT.encode(), status=404), Outcome.ABSENT),
        (says(TEXT.encode(), status=500), Outcome.ABSENT),
        (says(TEXT.encode(), status=206), Outcome.ABSENT),
        (says(f"x{TEXT}".encode()), Outcome.OTHER),
        (says(b"\xff\xfe\x00"), Outcome.OTHER),
        (says(f"{TEXT}\n".encode() + b"x" * MOST_BYTES), Outcome.TOO_LONG),
        (says(b"x" * 100, Content_Encoding="gzip"), Outcome.OTHER),
    ],
)
def test_other_answers_prove_nothing(web: WebServer, answer: Answer, outcome: Outcome) -> None:
    web.answer = answer
    assert visit(web) is outcome


@pytest.mark.parametrize(
    "target",
    [
        "http://example.org/x",
        "https://example.com/x",
        "https://127.0.0.1/x",
        "https://example.org:1/x",
        "//169.254.169.254/latest",
        "https://a@example.org/",
        "file:///etc/passwd",
        "gopher://example.org/",
    ],
)
def test_no_redirect_leads_to_another_place(web: WebServer, target: str) -> None:
    web.answer = says(
        b"", status=302, Location=target.replace("example.org/x", f"example.org:{web.port}/x") if target.startswith("http:") else target
    )
    assert visit(web) is Outcome.REDIRECT
    assert len(web.asked) == 1


def test_a_redirect_on_the_same_host_is_followed_three_times_at_most(web: WebServer) -> None:
    def lead(request: BaseHTTPRequestHandler) -> None:
        says(TEXT.encode())(request) if request.path == "/here" else says(b"", status=301, Location="/here")(request)

    web.answer = lead
    assert visit(web) is Outcome.PROVED
    web.answer = says(b"", status=307, Location=PATH)
    web.asked.clear()
    assert visit(web) is Outcome.REDIRECT
    assert len(web.asked) == 4


@pytest.mark.slow
def test_a_server_that_drips_is_left_after_the_time(web: WebServer) -> None:
    def drip(request: BaseHTTPRequestHandler) -> None:
        request.send_response(200)
        request.send_header("Content-Length", "400")
        request.end_headers()
        try:
            for _piece in range(100):
                request.wfile.write(b"x")
                request.wfile.flush()
                time.sleep(0.1)
        except OSError:
            return

    web.answer = drip
    start = time.monotonic()
    assert visit(web) is Outcome.UNREACHABLE
    assert time.monotonic() - start < 9


def test_a_server_that_never_hangs_up_is_left_at_once(web: WebServer) -> None:
    over = threading.Event()

    def stay(request: BaseHTTPRequestHandler) -> None:
        says(TEXT.encode())(request)
        over.wait(60)

    web.answer = stay
    try:
        assert visit(web) is Outcome.PROVED
        gc.collect()  # warns of a connection that was left open
    finally:
        over.set()


def test_headers_without_end_are_not_read(web: WebServer) -> None:
    web.answer = says(TEXT.encode(), X_Long="x" * 20_000)
    assert visit(web) is Outcome.UNREACHABLE


def test_a_certificate_of_nobody_we_trust_or_of_another_name_proves_nothing(web: WebServer) -> None:
    assert visit(web, trusts=False) is Outcome.CERTIFICATE
    assert visit(web, domain="example.com") is Outcome.CERTIFICATE
    assert not web.asked


def test_nothing_is_asked_of_an_address_inside(web: WebServer) -> None:
    assert visit(web, permits=is_public) is Outcome.ADDRESS
    mixed = Web(find=lambda _host: ["203.0.114.1", "127.0.0.1"], port=web.port, trusted=web.trusted)
    assert look_on_web(domain=DOMAIN, token=TOKEN, web=mixed) is Outcome.ADDRESS
    assert not web.asked


def test_a_name_that_leads_elsewhere_a_moment_later_is_not_followed(web: WebServer, names: list[NameServer]) -> None:
    """DNS rebinding: the addresses that were judged are those that are asked, and the name is looked up once."""
    names[0].put(DOMAIN, "A", "127.0.0.1")
    judged: list[str] = []

    def permits(address: str) -> bool:
        judged.append(address)
        names[0].put(DOMAIN, "A", "127.0.0.2")
        return True

    resolvers = tuple(one.resolver for one in names)
    seen = Web(find=lambda host: addresses(host=host, resolvers=resolvers), permits=permits, port=web.port, trusted=web.trusted)
    assert look_on_web(domain=DOMAIN, token=TOKEN, web=seen) is Outcome.PROVED
    assert judged == ["127.0.0.1"]
    assert names[0].asked == [DOMAIN, DOMAIN], "once for each kind of address"


def test_addresses_come_from_the_first_resolver_that_has_any(names: list[NameServer]) -> None:
    resolvers = tuple(one.resolver for one in names)
    assert addresses(host=DOMAIN, resolvers=resolvers) == []
    names[0].misbehave(DOMAIN, "servfail")
    names[1].put(DOMAIN, "A", "203.0.114.1")
    names[1].put(DOMAIN, "AAAA", "2a00:1450::1")
    assert addresses(host=DOMAIN, resolvers=resolvers) == ["203.0.114.1", "2a00:1450::1"]


@pytest.mark.parametrize(
    "address",
    [
        *("127.0.0.1", "127.9.9.9", "0.0.0.0", "10.1.2.3", "172.16.0.1", "192.168.0.1", "169.254.169.254", "100.64.0.1", "192.0.2.1"),
        *("198.18.0.1", "224.0.0.1", "240.0.0.1", "255.255.255.255", "::", "::1", "fe80::1", "fc00::1", "fd00:ec2::254", "ff02::1"),
        *("::ffff:127.0.0.1", "::ffff:8.8.8.8", "::127.0.0.1", "64:ff9b::7f00:1", "64:ff9b:1::1", "2002:7f00:1::", "2001:0:7f00:1::"),
        *("2001:db8::1", "fec0::1", "", "localhost", "2130706433", "0x7f.1", "127.1"),
    ],
)
def test_addresses_that_are_not_of_the_public_internet(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", ["8.8.8.8", "203.0.114.1", "2a00:1450:4001::1", "2606:4700::1111"])
def test_addresses_of_the_public_internet(address: str) -> None:
    assert is_public(address)
